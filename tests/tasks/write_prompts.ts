/** Writes the snapshots of the prompts: `deno run -A tests/tasks/write_prompts.ts`, when a change was meant. */
import { promptSamples, SNAPSHOTS } from "../fixtures/prompt_samples.ts";

for (const [profile, text] of promptSamples()) {
  await Deno.writeTextFile(new URL(`${profile}.txt`, SNAPSHOTS), text);
}
