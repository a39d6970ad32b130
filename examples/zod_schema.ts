// deno run -A examples/zod_schema.ts
import { z } from "npm:zod@4.6.7";
import { RLM } from "@rlm/rlm";
import { cell, ScriptedModel } from "@rlm/rlm/testing";

const script = new ScriptedModel([
  cell("print(context)"),
  cell("SUBMIT(events=[{'what': 'launch', 'when': '1969-07-16'}])"),
]);
const lm = Deno.env.get("RLM_MODEL") ?? script;

// Any library with Standard Schema works: zod, arktype and others. Transforms are applied to the answer.
const event = z.object({
  what: z.string().min(1),
  when: z.iso.date().transform((day) => new Date(day)),
});
const rlm = new RLM({
  inputs: { context: "str", query: "str" },
  outputs: z.object({ events: z.array(event).describe("oldest first") }),
  instructions: "List the events that are dated.",
}, { lm });

const context = "On 16 July 1969 it was launched; later it landed.";
const { events } = await rlm.run({ context, query: "Which events have a date?" });
for (const { what, when } of events) console.log(what, when.getUTCFullYear());
