/** The question, the contexts and the wanted answer become a task; mistakes among them are told apart. */
import { assertEquals, assertRejects } from "@std/assert";
import { answerText, json } from "../lib/cli/answer.ts";
import { parseCommand } from "../lib/cli/arguments.ts";
import type { ContextValue, LoadedContext } from "../lib/cli/context.ts";
import { type Task, taskOf } from "../lib/cli/task.ts";
import { UsageError } from "../lib/cli/usage_error.ts";

function makeTask(words: readonly string[], values: Record<string, ContextValue>): Promise<Task> {
  const command = parseCommand(["Who?", ...words]);
  if (command.kind !== "run") throw new Error("not a run");
  const contexts = Object.entries(values).map(([name, value]): LoadedContext => {
    return { name, value, files: 1, characters: 1, notes: [] };
  });
  return taskOf(command.run, contexts);
}

const typesOf = (fields: Task["signature"]["inputs"]) =>
  fields.map(({ name, type }) => `${name}: ${type}`);

async function refusal(
  words: readonly string[],
  values: Record<string, ContextValue>,
): Promise<string> {
  return (await assertRejects(() => makeTask(words, values), UsageError)).message;
}

/** Runs a test with a schema file of this content. */
async function withSchema(content: string, run: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempFile({ suffix: ".json" });
  try {
    await Deno.writeTextFile(path, content);
    await run(path);
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("Without a signature the contexts and the question are inputs, and the answer is a text", async () => {
  const { signature, inputs } = await makeTask([], { context: "a", notes: { "x.txt": "b" } });
  assertEquals(typesOf(signature.inputs), ["context: str", "notes: dict[str, str]", "query: str"]);
  assertEquals(typesOf(signature.outputs), ["answer: str"]);
  assertEquals(inputs, { context: "a", notes: { "x.txt": "b" }, query: "Who?" });
});

Deno.test("A signature may name the outputs alone", async () => {
  const { signature } = await makeTask(["-s", "answer: str, pages: list[int]"], { context: "a" });
  assertEquals(typesOf(signature.outputs), ["answer: str", "pages: list[int]"]);
});

Deno.test("In a whole signature the question goes to the input that no context has", async () => {
  const { signature, inputs } = await makeTask(["-s", "book: str, question -> n: int"], {
    book: "a",
  });
  assertEquals(typesOf(signature.outputs), ["n: int"]);
  assertEquals(inputs, { book: "a", question: "Who?" });
});

Deno.test("A signature that does not fit the contexts is refused with the input's name", async () => {
  assertEquals(
    await refusal(["-s", "book, question -> n: int"], { context: "a" }),
    "--signature has no input context: add it, or name the context, as in -c book=FILE",
  );
  assertEquals(
    await refusal(["-s", "book -> n: int"], { book: "a" }),
    "--signature leaves no input for the question: leave one, and give the others with -c NAME=FILE",
  );
  assertEquals(
    await refusal(["-s", "book, notes, question -> n: int"], { book: "a" }),
    "--signature leaves the inputs notes, question for the question: leave one, and give the others with -c NAME=FILE",
  );
  assertEquals(
    await refusal([], { query: "a" }),
    "--context query=…: query is the question's name, give another",
  );
});

Deno.test("A schema of an object names the fields; any other schema is the answer's", async () => {
  await withSchema(
    '{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"]}',
    async (path) => {
      const { signature } = await makeTask(["--schema", path], { context: "a" });
      assertEquals(typesOf(signature.outputs), ["n: int"]);
    },
  );
  await withSchema('{"type":"array","items":{"type":"string"}}', async (path) => {
    const { signature } = await makeTask(["--schema", path], { context: "a" });
    assertEquals(typesOf(signature.outputs), ["answer: list[str]"]);
  });
});

Deno.test("A schema file that cannot be used is named", async () => {
  assertEquals(
    await refusal(["--schema", "/nowhere.json"], { context: "a" }),
    "--schema /nowhere.json: no such file, check the path",
  );
  const wanted: [string, RegExp][] = [
    ["{", /^--schema \S+: not JSON \(.+\), mend the file$/],
    ["[]", /^--schema \S+: not a JSON Schema, write an object such as \{"type": "array"\}$/],
    [
      '{"type":"object","properties":{}}',
      /^--schema \S+: the object has no properties, name at least one$/,
    ],
    [
      '{"type":"object","properties":{"a":{"type":"array","items":{"type":"str"}}}}',
      /^--schema \S+: "str" is no type of JSON Schema, give one of string, integer, number, boolean, array, object, null$/,
    ],
  ];
  for (const [content, message] of wanted) {
    await withSchema(content, async (path) => {
      assertEquals(
        message.test(await refusal(["--schema", path], { context: "a" })),
        true,
        content,
      );
    });
  }
});

Deno.test("C164: stdout has a text as it is, one field without its name, several as an object", () => {
  assertEquals(answerText({ answer: 'a "b"\n' }), 'a "b"\n');
  assertEquals(answerText({ pages: [1, 2] }), "[\n  1,\n  2\n]");
  assertEquals(JSON.parse(answerText({ answer: "a", n: null })), { answer: "a", n: null });
});

Deno.test("Values that JSON has no form for keep their content", () => {
  const value = {
    big: 2n ** 60n,
    bytes: new Uint8Array([1, 2]),
    map: new Map([["k", 1]]),
    set: new Set([1]),
  };
  assertEquals(json(value), '{"big":"1152921504606846976","bytes":"AQI=","map":{"k":1},"set":[1]}');
});
