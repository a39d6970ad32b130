// deno task demo
import type { InferOutputs } from "../mod.ts";
import { makeVisible } from "../lib/engine/shown_text.ts";

/** The demo's question, and the form that its answer must have. */
export const QUESTION =
  "Which parts of Python's standard library do these sources announce to stop working in a later, " +
  "named version of Python, and what do they recommend instead?";

/** One announcement. */
const REMOVAL = {
  type: "object",
  properties: {
    file: { type: "string", description: "key of sources" },
    what: { type: "string", description: "what goes, by the name that users know" },
    version: { type: "string", pattern: "^3\\.\\d+$" },
    kind: { enum: ["removal", "error", "change"], description: "what happens to it" },
    instead: { type: ["string", "null"], description: "what the source recommends, or null" },
  },
  required: ["file", "what", "version", "kind", "instead"],
  additionalProperties: false,
} as const;

/** Inputs and outputs; TypeScript knows the answer's type from here. */
export const signature = {
  inputs: {
    sources: { type: "dict[str, str]", description: "Python 3.14's files by path" },
    query: "str",
  },
  outputs: { removals: { type: "array", items: REMOVAL, description: "by version and file" } },
} as const;

/** The answer as a table for people. */
export function answerLines(removals: InferOutputs<typeof signature>["removals"]): string {
  return removals.map(({ version, file, what, instead }) =>
    makeVisible(`${version}  ${file}  ${what}${instead === null ? "" : ` → ${instead}`}`)
  ).join("\n");
}
