/** The compiler reads signatures too: right uses compile, wrong ones fail at their line with a message that helps. */
import { assertEquals, assertFalse, assertStringIncludes } from "@std/assert";

/** Right uses, in every form. */
const RIGHT = new URL("./fixtures/signature_types.ts", import.meta.url);

/** Runs `deno check` on files, and gives what it says without colours. */
async function check(...files: string[]): Promise<{ success: boolean; output: string }> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["check", "--quiet", "--config", "deno.json", ...files],
    cwd: new URL("..", import.meta.url),
    env: { NO_COLOR: "1" },
  }).output();
  return { success, output: new TextDecoder().decode(stderr) };
}

/** One wrong statement and a part of the compiler's answer. */
const WRONG: readonly (readonly [code: string, message: string])[] = [
  [`rlm("context, query");`, `"expected '->' between inputs and outputs"`],
  [`rlm("context ->");`, `"no outputs"`],
  [`rlm("context -> answer: strr");`, `"unknown type 'strr'"`],
  [`rlm("context -> answer: list[int");`, `"expected ']'"`],
  [`rlm("context -> kind: Literal['a]");`, `"a text has no closing quote"`],
  [`rlm("context -> kind: Literal[a]");`, `"expected a constant in Literal[...], found 'a'"`],
  [`rlm("context -> n: dict[float, int]");`, `"expected str or int as the keys of a dict"`],
  [`rlm("context, query -> answer")({ context: "" });`, "Property 'query' is missing"],
  [`rlm("context -> answer")({ context: "", extra: 1 });`, "'extra' does not exist in type"],
  [
    `rlm("n: int -> answer")({ n: "1" });`,
    "Type 'string' is not assignable to type 'number | bigint'",
  ],
  [`rlm("c -> answer")({ c: 1 }).answers;`, "Property 'answers' does not exist"],
  [
    `rlm("c -> pages: list[int]")({ c: 1 }).pages satisfies string[];`,
    "Type 'number[]' does not satisfy the expected type 'string[]'",
  ],
  [`rlm("context -> n: int[3]");`, `"'int' takes no [...]"`],
  [`rlm("context, , query -> answer");`, `"expected a name before ',query'"`],
  [`new RLM("context -> answer: strr");`, `"unknown type 'strr'"`],
  [
    `await new RLM("context, query -> answer").run({ context: "" });`,
    "Property 'query' is missing",
  ],
  [
    `(await new RLM("c -> pages: list[int]").run({ c: 1 })).page;`,
    "Property 'page' does not exist",
  ],
  [`rlm(7);`, "not assignable to parameter of type 'SignatureSpec'"],
  [`rlm({ inputs: { a: "int" }, outputs: "x" })({});`, "Property 'a' is missing"],
  [
    `rlm({ inputs: "a", outputs: { x: "list[int]" } })({ a: 1 }).x.at(0)?.trim();`,
    "'trim' does not exist on type 'number'",
  ],
  [
    `tool({ description: "", parameters: "n: int", run: ({ n }) => n.trim() });`,
    "'trim' does not exist on type 'number'",
  ],
  [
    `tool({ description: "", parameters: { n: "int" }, run: ({ m }) => m });`,
    "Property 'm' does not exist",
  ],
];

Deno.test("Right uses of typed signatures compile, wrong ones fail at their line, with the reason", async () => {
  const lib = new URL("../lib/", import.meta.url);
  const head = [
    `import type { CheckedSignature, InferInputs, InferOutputs, SignatureSpec } from "${lib}engine/signature.ts";`,
    `import { tool } from "${lib}engine/tool.ts";`,
    `import { RLM } from "${lib}rlm.ts";`,
    "declare function rlm<const S extends SignatureSpec>(",
    "  signature: S & CheckedSignature<S>,",
    "): (inputs: InferInputs<S>) => InferOutputs<S>;",
    "",
  ].join("\n");
  const firstLine = head.split("\n").length;
  const path = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(path, head + WRONG.map(([code]) => code).join("\n"));
    // The checker reads the whole project each time, so that it is asked once.
    const { success, output } = await check(RIGHT.href, path);
    assertEquals(success, false);
    assertFalse(output.includes(RIGHT.href), output);
    const errors = output.split(/^(?=TS\d+ \[ERROR\])/m).filter((text) => text.startsWith("TS"));
    const lines = errors.map((error) => Number(/\.ts:(\d+):\d+/.exec(error)?.[1]));
    assertEquals(lines, WRONG.map((_, index) => firstLine + index), output);
    WRONG.forEach(([, message], index) => assertStringIncludes(errors[index] ?? "", message));
  } finally {
    await Deno.remove(path);
  }
});
