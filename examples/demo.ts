// deno task demo
// With a live model: deno run -A examples/demo.ts --model openai/gpt-5 [--base-url URL] [--journal FILE]
import { count, makeVisible } from "../lib/engine/shown_text.ts";
import { parseArgs } from "node:util";
import { Renderer } from "../lib/cli/render.ts";
import { stderrScreen, Terminal, writeAll } from "../lib/cli/terminal.ts";
import { ReplayModel } from "../lib/testing.ts";
import { resolveModel, RLM } from "../mod.ts";
import { QUESTION, signature } from "./removals.ts";
import { ORIGIN, readStandardLibrary } from "./standard_library.ts";

const LIVE = "deno run -A examples/demo.ts --model openai/gpt-5";
const text = { type: "string" } as const;
const { model, "base-url": baseUrl, journal, json } = parseArgs({
  options: { model: text, "base-url": text, journal: text, json: { type: "boolean" } },
}).values;
const terminal = new Terminal(stderrScreen());
terminal.line(
  model === undefined
    ? `The model is a recording; for a live one: ${LIVE}`
    : `The model is ${model}`,
);

const sources = await readStandardLibrary();
const characters = Object.values(sources).reduce((sum, { length }) => sum + length, 0);
terminal.line(`${ORIGIN}: ${Object.keys(sources).length} files, ${count(characters)} characters`);
terminal.line(QUESTION);

const recording = new URL("recordings/removals.jsonl", import.meta.url);
const lm = model === undefined
  ? await ReplayModel.open(recording.pathname)
  : resolveModel(model, baseUrl === undefined ? {} : { baseUrl });
const renderer = new Renderer(terminal);
renderer.input(characters);
const onEvent = renderer.show.bind(renderer);
const options = { onEvent, ...(journal !== undefined && { journal }) };
const { removals } = await new RLM(signature, { lm }).run({ sources, query: QUESTION }, options);
renderer[Symbol.dispose]();

const lines = removals.map(({ version, file, what, instead }) =>
  makeVisible(`${version}  ${file}  ${what}${instead === null ? "" : ` → ${instead}`}`)
);
writeAll(Deno.stdout, `${json ? JSON.stringify(removals) : lines.join("\n")}\n`);
terminal.line(renderer.summary());
