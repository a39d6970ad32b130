/**
 * What the command relies on in `@std/cli`.
 * Where JSR can't be reached this runs against the stand-in in `tests/jsr`, elsewhere against the real package.
 */
import { assertEquals } from "@std/assert";
import { parseArgs } from "@std/cli/parse-args";

/** Flags like those of the command. */
const FLAGS = {
  string: ["context", "model", "max-cost"],
  boolean: ["json", "color"],
  collect: ["context"],
  negatable: ["color", "cache"],
  alias: { context: "c", json: ["j"] },
  default: { model: "none", color: true },
} as const;

/** What no argument at all gives. */
const NOTHING = { _: [], context: [], c: [], json: false, j: false, model: "none", color: true };

const COMMAND_LINES: [string[], Record<string, unknown>][] = [
  [[], {}],
  [["question"], { _: ["question"] }],
  [["--json"], { json: true, j: true }],
  [["-j"], { json: true, j: true }],
  [["--json=false"], { json: false, j: false }],
  [["--json", "false"], { json: false, j: false }],
  [["--json", "question"], { json: true, j: true, _: ["question"] }],
  [["--context", "a", "-c", "b", "--context=c"], { context: ["a", "b", "c"], c: ["a", "b", "c"] }],
  [["--context=-"], { context: ["-"], c: ["-"] }],
  [["-c", "-"], { context: ["-"], c: ["-"] }],
  [["--context", "-"], { context: [""], c: [""], _: ["-"] }],
  [["-c=x y"], { context: ["x y"], c: ["x y"] }],
  [["-jc", "file"], { json: true, j: true, context: ["file"], c: ["file"] }],
  [["--model", "a", "--model", "b"], { model: "b" }],
  [["--model"], { model: "" }],
  [["--model", "--json"], { model: "", json: true, j: true }],
  [["--model=a=b\nc"], { model: "a=b\nc" }],
  [["--max-cost", "0.5"], { "max-cost": "0.5" }],
  [["--max-cost", "-1"], { "max-cost": "", 1: true }],
  [["--no-color"], { color: false }],
  [["--color", "--no-color"], { color: false }],
  [["--no-cache"], { cache: false }],
  [["--no-json"], { "no-json": true }],
  [["--other", "5"], { other: 5 }],
  [["--other=five"], { other: "five" }],
  [["-n5"], { n: 5 }],
  [["-"], { _: ["-"] }],
  [["", "7"], { _: ["", 7] }],
  [["a", "--", "--json", "7"], { _: ["a", "--json", "7"] }],
];

Deno.test("parseArgs reads a command line", () => {
  for (const [args, expected] of COMMAND_LINES) {
    assertEquals<unknown>(
      parseArgs(args, FLAGS),
      { ...NOTHING, ...expected },
      JSON.stringify(args),
    );
  }
});

Deno.test("parseArgs keeps what follows a double dash apart when asked to", () => {
  assertEquals<unknown>(parseArgs(["a", "--", "-b", "1"], { "--": true }), {
    _: ["a"],
    "--": ["-b", "1"],
  });
  assertEquals<unknown>(parseArgs(["a"], { "--": true }), { _: ["a"], "--": [] });
});

Deno.test("parseArgs stops at the first argument that is no flag when asked to", () => {
  const args = parseArgs(["--json", "replay", "--json", "x"], {
    boolean: ["json"],
    stopEarly: true,
  });
  assertEquals<unknown>(args, { json: true, _: ["replay", "--json", "x"] });
});

Deno.test("parseArgs leaves positionals as text when the string option names them", () => {
  assertEquals<unknown>(parseArgs(["7", "0x1"], { string: ["_"] })._, ["7", "0x1"]);
});

Deno.test("parseArgs tells the caller of each unknown flag and drops those it refuses", () => {
  const seen: unknown[][] = [];
  const args = parseArgs(["--bad=1", "word", "--json", "-x"], {
    boolean: ["json"],
    unknown: (arg, key, value) => {
      seen.push([arg, key, value]);
      return key === undefined;
    },
  });
  assertEquals<unknown>(args, { json: true, _: ["word"] });
  assertEquals(seen, [["--bad=1", "bad", "1"], ["word", undefined, undefined], ["-x", "x", true]]);
});

Deno.test("parseArgs infers the type of each flag", () => {
  const args = parseArgs(["--context", "a", "--model", "m"], {
    string: ["context", "model"],
    boolean: ["json"],
    collect: ["context"],
    "--": true,
  });
  const context: string[] = args.context;
  const model: string | undefined = args.model;
  const json: boolean = args.json;
  const rest: string[] = args["--"];
  const positional: (string | number)[] = args._;
  assertEquals([context, model, json, rest, positional], [["a"], "m", false, [], []]);
});
