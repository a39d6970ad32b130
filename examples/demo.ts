// deno task demo
// With a live model: deno run -A examples/demo.ts --model openai/gpt-5 [--base-url URL] [--journal FILE]
import { parseArgs } from "node:util";
import { Renderer } from "../lib/cli/render.ts";
import { stderrScreen, Terminal } from "../lib/cli/terminal.ts";
import { ReplayModel } from "../lib/testing.ts";
import { resolveModel, RLM } from "../mod.ts";
import { QUESTION, signature } from "./removals.ts";
import { ORIGIN, readStandardLibrary } from "./standard_library.ts";

const RECORDING = new URL("recordings/removals.jsonl", import.meta.url).pathname;
const text = { type: "string" } as const;
const { values } = parseArgs({
  options: { model: text, "base-url": text, journal: text, json: { type: "boolean" } },
});
const { model, journal } = values;

const terminal = new Terminal(stderrScreen());
terminal.line(
  model === undefined
    ? "The model is a recording; for a live one: deno run -A examples/demo.ts --model openai/gpt-5"
    : `The model is live: ${model}`,
);
const sources = await readStandardLibrary();
const characters = Object.values(sources).join("").length;
terminal.line(`${ORIGIN}: ${Object.keys(sources).length} files, ${characters} characters`);
terminal.line(QUESTION);

using renderer = new Renderer(terminal);
renderer.input(characters);
const lm = model === undefined
  ? await ReplayModel.open(RECORDING)
  : resolveModel(model, values["base-url"] ? { baseUrl: values["base-url"] } : {});
const rlm = new RLM(signature, { lm });
const result = await rlm.run({ sources, query: QUESTION }, {
  onEvent: (event) => renderer.show(event),
  ...(journal && { journal }),
});

const print = (line: string) => terminal.line(line);
if (values.json) console.log(JSON.stringify(result.removals));
else {
  for (const { file, what, version, instead } of result.removals) {
    console.log(`${version}  ${file}  ${what}${instead === null ? "" : ` → ${instead}`}`);
  }
}
print(renderer.summary());
