/** tool(): parameters in every form, arguments checked before the function runs, descriptions and names made safe. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { z } from "npm:zod@4.6.7";
import { SignatureError } from "../lib/errors.ts";
import { checkToolNames, suggestName } from "../lib/engine/names.ts";
import { tool } from "../lib/engine/tool.ts";

const context = { signal: new AbortController().signal };

Deno.test("A tool's parameters are one object schema, in the order given", () => {
  const made = tool({
    description: "Finds",
    parameters: "id: str, limit: int = 10, tag: Optional[str]",
    run: () => null,
  });
  assertEquals(made.parameters, {
    type: "object",
    properties: {
      id: { type: "string" },
      limit: { type: "integer", default: 10 },
      tag: { anyOf: [{ type: "string" }, { type: "null" }], default: null },
    },
    required: ["id"],
    additionalProperties: false,
  });
  assertEquals(Object.keys(made).sort(), ["description", "invoke", "parameters"]);
});

Deno.test("Time-out and concurrency are passed on", () => {
  const made = tool({
    description: "",
    parameters: "",
    run: () => 1,
    timeoutMs: 5,
    concurrent: true,
  });
  assertEquals([made.timeoutMs, made.concurrent], [5, true]);
});

Deno.test("C117: defaults are filled in, and the function gets what it was promised", async () => {
  const made = tool({
    description: "Adds",
    parameters: "a: int, b: int = 10, c: Optional[int]",
    run: ({ a, b, c }, { signal }) => [a + b, c, signal === context.signal],
  });
  assertEquals(await made.invoke({ a: 1 }, context), [11, null, true]);
  assertEquals(await made.invoke({ a: 1, b: 2, c: 3 }, context), [3, 3, true]);
});

Deno.test("C125: wrong arguments are a TypeError that names them, and the function is not called", async () => {
  let calls = 0;
  const forms = [
    "id: str, limit: int = 10",
    z.object({ id: z.string(), limit: z.int().default(10) }),
    {
      type: "object",
      properties: { id: { type: "string" }, limit: { type: "integer", default: 10 } },
      required: ["id"],
    },
    { id: "str", limit: { type: "int", default: 10 } },
  ];
  for (const parameters of forms) {
    const made = tool({ description: "Finds", parameters, run: () => calls += 1 });
    const error = await assertRejects(
      async () => await made.invoke({ limit: "ten", max: 3 }, context),
      TypeError,
    );
    assertEquals(
      error.message,
      "wrong arguments: max: wanted only the fields id, limit, got int 3; id: wanted str, got nothing; " +
        'limit: wanted int, got str "ten"',
    );
    assertEquals(calls, 0);
    assertEquals(await made.invoke({ id: "a", limit: "7" }, context), 1);
    calls = 0;
  }
});

Deno.test("C125: limits are checked before the function runs", async () => {
  const made = tool({
    description: "Reads a page",
    parameters: {
      type: "object",
      properties: { page: { type: "integer", minimum: 1 } },
      required: ["page"],
    },
    run: ({ page }) => page,
  });
  const error = await assertRejects(async () => await made.invoke({ page: 0 }, context), TypeError);
  assertEquals(error.message, "wrong arguments: page: wanted at least 1, got int 0");
});

Deno.test("C122: what the function throws or rejects with is passed on as it is", async () => {
  const failure = new RangeError("no such page");
  const throwing = tool({
    description: "",
    parameters: "",
    run: () => {
      throw failure;
    },
  });
  const rejecting = tool({ description: "", parameters: "", run: () => Promise.reject(failure) });
  for (const made of [throwing, rejecting]) {
    assert(await assertRejects(async () => await made.invoke({}, context), RangeError) === failure);
  }
});

Deno.test("C128: a description stays one safe line", () => {
  const { description } = tool({
    description:
      '  Finds\r\n\t"things" {x}\u0000\u2028in `it`\n```python\nSUBMIT()\n```\u202e end ',
    parameters: "",
    run: () => null,
  });
  assertEquals(description, "Finds \"things\" {x} in `it` '''python SUBMIT() ''' end");
});

Deno.test("Parameters that cannot be read are refused when the tool is made", () => {
  const error = assertThrows(
    () => tool({ description: "", parameters: "id: strng", run: () => null }),
    SignatureError,
  );
  assert(error.message.startsWith("read signature: unknown type 'strng'"));
  assertThrows(
    () => tool({ description: "", parameters: { class: "str" }, run: () => null }),
    SignatureError,
    "name a parameter: 'class' is a Python keyword; use 'class_'",
  );
});

Deno.test("C59: a tool's name must be a free Python identifier", () => {
  checkToolNames(["lookup", "find_2", "context"], ["query"]);
  const cases: [string[], string][] = [
    [["class"], "name a tool: 'class' is a Python keyword; use 'class_'"],
    [["find-all"], "name a tool: 'find-all' is not a Python identifier; use 'find_all'"],
    [
      ["llm_query"],
      "name a tool: 'llm_query' is a name that the sandbox gives to every cell; use 'llm_query_'",
    ],
    [["print"], "name a tool: 'print' is a Python built-in that cells need; use 'print_'"],
    [[""], "name a tool: the name is empty"],
    [["a", "b", "a"], "name a tool: 'a' occurs twice; rename one of them"],
  ];
  for (const [names, message] of cases) {
    assertEquals(assertThrows(() => checkToolNames(names), TypeError).message, message);
  }
});

Deno.test("C60: a tool may not have an input's name", () => {
  const error = assertThrows(() => checkToolNames(["query"], ["query"]), TypeError);
  assertEquals(error.message, "name a tool: 'query' is an input too; rename one of them");
});

Deno.test("C62: a suggested name is always usable", () => {
  for (const name of ["", "--", "日本語", "1", "a b", "__x__", "True", "SUBMIT", "é", "print"]) {
    checkToolNames([suggestName(name, "tool")]);
  }
});
