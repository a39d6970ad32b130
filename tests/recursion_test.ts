/** Recursion: child runs that `rlm_query` starts. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { ModelError } from "../lib/errors.ts";
import { ErrorValue } from "../lib/host/sandbox.ts";
import {
  type FakeGuest,
  ScriptedModel,
  type ScriptedReply,
  submitLiterals,
} from "../lib/testing.ts";
import type { RlmOptions } from "../lib/rlm_options.ts";
import type { CompletionRequest } from "../lib/models/language_model.ts";
import { cellReply, eventsOf, fakeRun } from "./fixtures/fake_run.ts";

/** Whether a request comes from a child: its task is not the root's. */
const isChild = (request: CompletionRequest) => !request.messages[1]?.content.includes("How many?");

/** Runs a root whose one cell does `work`; the child's replies are given by turn. */
async function withChild(
  work: (guest: FakeGuest) => Promise<unknown>,
  child: readonly ScriptedReply[] | ((request: CompletionRequest) => ScriptedReply),
  options: RlmOptions & {
    childCell?: (code: string, guest: FakeGuest) => Promise<string> | string;
  } = {},
) {
  const { childCell, ...rest } = options;
  let got: unknown;
  let raised: Error | null = null;
  const root = [cellReply("work"), cellReply("SUBMIT(answer=1)")];
  let childTurns = 0;
  let rootTurns = 0;
  const run = await fakeRun({
    replies: (_, request) => {
      if (!isChild(request)) return root[rootTurns++] ?? "";
      return typeof child === "function" ? child(request) : child[childTurns++] ?? "";
    },
    cell: async (code, guest) => {
      if (code !== "work") {
        const printed = childCell === undefined ? "" : await childCell(code, guest);
        return printed === "" ? submitLiterals(code) : { stdout: printed };
      }
      try {
        got = await work(guest);
      } catch (error) {
        raised = error instanceof Error ? error : new Error(String(error));
      }
      return { stdout: "done" };
    },
    options: { maxDepth: 2, ...rest },
  });
  // The compiler cannot see that the cell assigns it.
  return { ...run, got, raised: raised as Error | null };
}

const SUBMIT = cellReply('SUBMIT(answer="found")');

Deno.test("C112: at depth 1 children are forbidden, and the message says to solve it directly", async () => {
  const { raised, lm } = await withChild((guest) => guest.call("rlm_query", { query: "a" }), [], {
    maxDepth: 1,
  });
  assertEquals(raised?.name, "RuntimeError");
  assertStringIncludes(
    raised?.message ?? "",
    "solve it here in Python, with llm_query for the reading",
  );
  assertEquals(lm.requests.length, 2);
});

Deno.test("C112: a child has a sandbox, variables and turns of its own", async () => {
  const { got, sandboxes, events, lm, result } = await withChild(
    (guest) => guest.call("rlm_query", { query: "Find it", context: [1, 2, 3] }),
    [cellReply("print(2)"), SUBMIT],
  );
  assertEquals(got, "found");
  assertEquals(sandboxes.map(({ bindings }) => bindings), [[["context", "query"]], [["context"]]]);
  assertEquals(sandboxes[1]?.values, { context: [1, 2, 3] });
  assertEquals(sandboxes.map(({ closed }) => closed), [true, true]);
  const [root, child] = eventsOf(events, "run_start");
  assertEquals([root?.depth, child?.depth], [0, 1]);
  assertEquals(child?.parentRunId, root?.runId);
  assertEquals(child?.parentCallId, eventsOf(events, "tool_call")[0]?.callId);
  assertEquals(result?.trajectory[0]?.subCalls[0]?.kind, "rlm_query");
  const task = lm.requests.find(isChild)?.messages[1]?.content ?? "";
  assertStringIncludes(task, "Find it");
  assertStringIncludes(task, "list of 3 items");
});

Deno.test("C112: a child's calls and tokens count in the parent's usage, by depth, and in its budget", async () => {
  const sub = new ScriptedModel(() => "yes", { name: "sub" });
  const { result, got } = await withChild(
    async (guest) => {
      await guest.call("rlm_query", { query: "a" });
      return await guest.call("budget");
    },
    [cellReply("ask"), SUBMIT],
    {
      subLm: sub,
      maxLlmCalls: 10,
      childCell: async (code, guest) =>
        code === "ask" ? String(await guest.call("llm_query", { prompt: "p" })) : "",
    },
  );
  assertEquals(
    result?.usage.rows.map(({ role, depth, calls }) => [role, depth, calls]),
    [["root", 0, 2], ["root", 1, 2], ["sub", 1, 1]],
  );
  assert(typeof got === "object" && got !== null && "llm_calls" in got);
  assertEquals(got.llm_calls, 7, "two turns and one sub-call of the child");
});

Deno.test("C112: a child may not go deeper than the depth allows", async () => {
  let message = "";
  await withChild(
    (guest) => guest.call("rlm_query", { query: "a" }),
    [cellReply("deeper"), SUBMIT],
    {
      childCell: async (code, guest) => {
        if (code !== "deeper") return "";
        return message = await guest.call("rlm_query", { query: "b" }).then(
          String,
          (error: Error) => error.message,
        );
      },
    },
  );
  assertStringIncludes(message, "maxDepth is 2");
});

Deno.test("C113: a child that fails is an error value, and the parent goes on", async () => {
  const { got, result } = await withChild(
    (guest) => guest.call("rlm_query", { query: "a" }),
    [new ModelError("ask root at https://a.example: 500", { code: "server_error", model: "root" })],
  );
  const told = "ask root: it did not answer (server_error); go on without it, or ask again later";
  assertEquals(got, new ErrorValue("ModelError", told));
  assertEquals(result?.answer, 1);
  assertEquals(result?.trajectory[0]?.subCalls[0]?.error, "ask root at https://a.example: 500");
});

Deno.test("C113: a child at its last turn gives its best guess, with a note for the parent", async () => {
  const { got, result } = await withChild(
    (guest) => guest.call("rlm_query", { query: "a" }),
    (request) =>
      request.schema === undefined
        ? cellReply(`look(${request.messages.length})`)
        : '{"answer": "perhaps"}',
    { maxIterations: 3 },
  );
  assertEquals(got, "perhaps");
  assertStringIncludes(
    result?.trajectory[0]?.notes.join() ?? "",
    "A child of rlm_query did not finish (maxIterations)",
  );
});

Deno.test("C113: a child that uses up the calls ends with an error value, and the parent with its answer", async () => {
  const { got, result } = await withChild(
    (guest) => guest.call("rlm_query", { query: "a" }),
    (request) => cellReply(`look(${request.messages.length})`),
    { maxLlmCalls: 3 },
  );
  assert(got instanceof ErrorValue);
  assertEquals(got.type, "BudgetError");
  assertEquals(result?.answer, 1);
  assertEquals(result?.usage.rows.filter(({ depth }) => depth === 1).map(({ calls }) => calls), [
    3,
  ]);
});

Deno.test("C114: a child has the schema, the instructions and the tools that were passed, no others", async () => {
  const tool = (description: string) => ({
    description,
    parameters: { type: "object", properties: {} },
    invoke: () => description,
  });
  let tools: string[] = [];
  const { got, lm } = await withChild(
    (guest) =>
      guest.call("rlm_query", {
        query: "a",
        schema: "list[int]",
        tools: ["first"],
        instructions: "Go slowly.",
      }),
    [cellReply("use"), cellReply("SUBMIT(answer=[1, 2])")],
    {
      tools: { first: tool("the first"), second: tool("the second") },
      childCell: async (code, guest) => {
        if (code !== "use") return "";
        const names = ["first", "second"];
        tools = await Promise.all(
          names.map((name) => guest.call(name).then(String, (error: Error) => error.name)),
        );
        return "used";
      },
    },
  );
  assertEquals(got, [1, 2]);
  assertEquals(tools, ["the first", "ReferenceError"]);
  const [system, task] = lm.requests.find(isChild)?.messages ?? [];
  assertStringIncludes(system?.content ?? "", "the first");
  assert(!system?.content.includes("the second"));
  assertStringIncludes(task?.content ?? "", "Go slowly.");
  assertStringIncludes(task?.content ?? "", "list[int]");
});

Deno.test("C114: an unknown tool and a schema that cannot be read are ValueErrors, and no child starts", async () => {
  for (const args of [{ tools: ["nope"] }, { schema: "list[" }, { query: " " }]) {
    const { raised, sandboxes } = await withChild(
      (guest) => guest.call("rlm_query", { query: "a", ...args }),
      [],
    );
    assertEquals(raised?.name, "ValueError");
    assertEquals(sandboxes.length, 1);
  }
});

Deno.test("children run together, and no more than four of them", async () => {
  let open = 0;
  let most = 0;
  const { got } = await withChild(
    (guest) =>
      Promise.all(
        Array.from({ length: 6 }, (_, index) => guest.call("rlm_query", { query: `q${index}` })),
      ),
    () => SUBMIT,
    {
      childCell: async () => {
        most = Math.max(most, ++open);
        await new Promise((resolve) => setTimeout(resolve, 10));
        open--;
        return "";
      },
    },
  );
  assertEquals(got, Array.from({ length: 6 }, () => "found"));
  assertEquals(most, 4);
});

Deno.test("C112: an abort ends the children too", async () => {
  const controller = new AbortController();
  const { error, sandboxes } = await fakeRun({
    replies: (_, request) => isChild(request) ? cellReply("wait") : cellReply("work"),
    cell: async (code, guest) => {
      if (code === "work") await guest.call("rlm_query", { query: "a" });
      setTimeout(() => controller.abort(), 5);
      await new Promise((resolve) => guest.signal.addEventListener("abort", resolve));
    },
    options: { maxDepth: 2 },
    run: { signal: controller.signal },
  });
  assertEquals(error, controller.signal.reason);
  await new Promise((resolve) => setTimeout(resolve, 5));
  assertEquals(sandboxes.map(({ closed }) => closed), [true, true]);
});

Deno.test("the alias recursive_llm starts a child as well", async () => {
  assertEquals(
    (await withChild((guest) => guest.call("recursive_llm", { query: "a" }), [SUBMIT])).got,
    "found",
  );
});

Deno.test("rlm_query_batched gives each query a child with its own context, and the answers in order", async () => {
  const { got, sandboxes } = await withChild(
    (guest) =>
      guest.call("rlm_query_batched", {
        queries: ["a", "b"],
        contexts: ["left", "right"],
        schema: "int",
      }),
    (request) =>
      cellReply(`SUBMIT(answer=${request.messages[1]?.content.includes("left") ? 1 : 2})`),
  );
  assertEquals(got, [1, 2]);
  assertEquals(sandboxes.slice(1).map(({ values }) => values.context), ["left", "right"]);
});

Deno.test("rlm_query_batched refuses what is no list, and contexts of another number, before any child starts", async () => {
  for (
    const args of [{ queries: "a" }, { queries: ["a", "b"], contexts: ["left"] }, {
      queries: ["a"],
      contexts: "b",
    }]
  ) {
    const { raised, sandboxes } = await withChild(
      (guest) => guest.call("rlm_query_batched", args),
      [],
    );
    assertStringIncludes(raised?.message ?? "", "rlm_query_batched: ");
    assertEquals(sandboxes.length, 1);
  }
});

Deno.test("C112: maxDepth 0 takes away sub-calls as well", async () => {
  const { raised } = await withChild((guest) => guest.call("llm_query", { prompt: "a" }), [], {
    maxDepth: 0,
  });
  assertEquals(raised?.name, "ReferenceError");
});
