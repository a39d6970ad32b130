/** The rules of the project's structure, as functions over its files: what each room may import, and who may do what. */
import {
  cycles,
  importRule,
  nameRule,
  onePlaceRule,
  type Rule,
  type SourceFile,
  textRule,
} from "./layering_checks.ts";

const GENERATED = ["sandbox/prelude.ts", "sandbox/runner.ts", "lib/trace/viewer_page.ts"];

/**
 * What `lib/` may know of `sandbox/`: the contract, the peer, the frames, ports, what both sides count time, keep
 * snapshots, know addresses and look into values with, and the text of what runs inside.
 */
const WIRE = [
  "protocol",
  "rpc_peer",
  "framing",
  "byte_source",
  "port_transport",
  "backlog",
  "deadline",
  "snapshot_file",
  "addresses",
  "field",
  "prelude",
  "runner",
].map((name) => `sandbox/${name}.ts`);

/** Rooms that may import only the named rooms and files; a room may always import itself. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  "sandbox/": [],
  "lib/engine/": [
    "lib/errors.ts",
    "lib/abort.ts",
    "lib/tokens.ts",
    "lib/trace/",
    "lib/models/language_model.ts",
    "lib/host/sandbox.ts",
    "sandbox/protocol.ts",
  ],
  "lib/models/": [
    "lib/errors.ts",
    "lib/abort.ts",
    "lib/tokens.ts",
    "lib/trace/",
    "sandbox/protocol.ts",
  ],
  "lib/host/": ["lib/errors.ts", "lib/abort.ts", ...WIRE],
  "lib/trace/": [
    "lib/errors.ts",
    "lib/tokens.ts",
    "lib/models/language_model.ts",
    "lib/host/sandbox.ts",
    "sandbox/protocol.ts",
  ],
  "lib/server/": [
    "lib/errors.ts",
    "lib/rlm_options.ts",
    "lib/engine/",
    "lib/trace/",
    "lib/models/language_model.ts",
    "lib/models/redact.ts",
    "sandbox/protocol.ts",
  ],
};

/** All rules of the project. */
export const RULES: readonly Rule[] = [
  ...Object.entries(ROOMS).map(([room, allowed]) =>
    importRule(
      `${room} imports from the project only ${["itself", ...allowed].join(", ")}`,
      (path) => path.startsWith(room),
      (target) =>
        target.startsWith(room) || !isLocal(target) ||
        allowed.some((prefix) => target.startsWith(prefix)),
    )
  ),
  importRule(
    `lib/ imports from sandbox/ only ${WIRE.join(", ")}`,
    (path) => path.startsWith("lib/"),
    (target) => !target.startsWith("sandbox/") || WIRE.includes(target),
  ),
  importRule(
    "sandbox/protocol.ts imports nothing",
    (path) => path === "sandbox/protocol.ts",
    () => false,
  ),
  importRule(
    "the library imports nothing from JSR; only lib/cli/ and the tests do",
    (path) => isLibrary(path) && !path.startsWith("lib/cli/"),
    (target) => !target.startsWith("jsr:"),
  ),
  importRule(
    "only examples, tests and lib/cli/ import mod.ts",
    (path) => isLibrary(path) && !path.startsWith("lib/cli/"),
    (target) => target !== "mod.ts",
  ),
  importRule(
    "nothing imports lib/cli/ but itself and the tests",
    (path) => isLibrary(path) && !path.startsWith("lib/cli/"),
    (target) => !target.startsWith("lib/cli/"),
  ),
  importRule(
    "nothing imports lib/server/ but itself, the examples and the tests",
    (path) => isLibrary(path) && !path.startsWith("lib/server/"),
    (target) => !target.startsWith("lib/server/"),
  ),
  onePlaceRule(
    "one file starts processes",
    /\bDeno\s*\.\s*(Command|spawn\w*)\b|node:child_process/,
    (path) => isLibrary(path) && isOurs(path),
  ),
  onePlaceRule(
    "one file calls models over the network",
    /\bfetch\s*\(|\bnew\s+WebSocket\b|\bDeno\s*\.\s*connect/,
    (path) => path.startsWith("lib/") && !/^lib\/(cli|host)\//.test(path),
    "npm:openai@",
  ),
  onePlaceRule(
    "one file fetches packages",
    /\bfetch\s*\(|\bnew\s+WebSocket\b|\bDeno\s*\.\s*connect/,
    (path) => path.startsWith("lib/host/"),
  ),
  onePlaceRule(
    "one file reads the environment's keys",
    /\bDeno\s*\.\s*env\b|\bprocess\s*\.\s*env\b/,
    (path) =>
      path.startsWith("lib/models/") || path.startsWith("lib/engine/") ||
      path.startsWith("lib/trace/"),
  ),
  textRule(
    "of lib/, only cli/ prints",
    (path) => isLibrary(path) && path.startsWith("lib/") && !path.startsWith("lib/cli/"),
    /\bconsole\s*\.|\bDeno\s*\.\s*(stdout|stderr)\b/,
  ),
  textRule(
    "code has no escape from the checker and no note to self",
    isOurs,
    /@ts-(ignore|nocheck|expect-error)|deno-lint-ignor[e]|\bTOD[O]\b|\bFIXM[E]\b/,
    "with comments",
  ),
  {
    sentence: "the root has no folders but lib, sandbox, tests and examples",
    check: (files) =>
      files.map(({ path }) => path).filter((path) =>
        !/^((lib|sandbox|tests|examples)\/|[^/]+$)/.test(path)
      ),
  },
  nameRule("names are in snake case", (name) => /^[a-z0-9_]+$/.test(name)),
  nameRule(
    "no file is called utils, common, helpers or index",
    (name) => !/^(utils?|common|helpers?|index|misc|shared)$/.test(name),
  ),
  {
    sentence: "no file has more than 300 lines, but generated ones",
    check: (files) =>
      files.filter(({ path }) => isOurs(path)).flatMap(({ path, text }) => {
        const lines = text.trimEnd().split("\n").length;
        return lines > 300 ? [`${path} has ${lines} lines`] : [];
      }),
  },
  {
    sentence: "each file begins with what it is for",
    check: (files) =>
      files.filter(({ path, text }) =>
        path.endsWith(".ts") && isOurs(path) && !/^(\/\/|\/\*\*|#!)/.test(text)
      )
        .map(({ path }) => `${path} begins with code`),
  },
  { sentence: "rooms import each other in one direction only", check: cycles },
];

/** The complaints of all rules. */
export function complaints(files: readonly SourceFile[]): string[] {
  return RULES.flatMap((rule) =>
    rule.check(files).map((complaint) => `${rule.sentence}: ${complaint}`)
  );
}

/** Whether the target is a source of the project; deno.json is none, it tells the version. */
function isLocal(target: string): boolean {
  return !/^[a-z]+:/.test(target) && target !== "deno.json";
}

/** What is published. */
function isLibrary(path: string): boolean {
  return path === "mod.ts" || path.startsWith("lib/") || path.startsWith("sandbox/");
}

function isOurs(path: string): boolean {
  return !GENERATED.includes(path);
}
