// deno task demo
// With a live model: deno run -A examples/demo.ts --model openai/gpt-5 [--base-url URL] [--journal FILE]
import { parseArgs } from "node:util";
import { Renderer } from "../lib/cli/render.ts";
import { stderrScreen, Terminal, writeAll } from "../lib/cli/terminal.ts";
import { ReplayModel } from "../lib/testing.ts";
import { resolveModel, RLM } from "../mod.ts";
import { answerLines, QUESTION, signature } from "./removals.ts";
import { readStandardLibrary } from "./standard_library.ts";

const text = { type: "string" } as const;
const options = {
  model: text,
  "base-url": text,
  journal: text,
  json: { type: "boolean" },
} as const;
const { model, "base-url": baseUrl, journal, json } = parseArgs({ options }).values;

const terminal = new Terminal(stderrScreen());
const live = "deno run -A examples/demo.ts --model openai/gpt-5";
terminal.line(
  model ? `The model is ${model}` : `The model is a recording; for a live one: ${live}`,
);
const { sources, description, characters } = await readStandardLibrary();
terminal.line(`${description}\n${QUESTION}`);

const lm = model
  ? resolveModel(model, baseUrl ? { baseUrl } : {})
  : await ReplayModel.open(`${import.meta.dirname}/recordings/removals.jsonl`);
using renderer = new Renderer(terminal);
renderer.input(characters);
const { removals } = await new RLM(signature, { lm }).run({ sources, query: QUESTION }, {
  onEvent: (event) => renderer.show(event),
  ...(journal ? { journal } : {}),
});
renderer[Symbol.dispose]();
writeAll(Deno.stdout, `${json ? JSON.stringify(removals) : answerLines(removals)}\n`);
terminal.line(renderer.summary());
