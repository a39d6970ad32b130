/**
 * Records the demo again after the prompts have changed: the recorded replies are served over HTTP to
 * the demo itself, which asks its new questions and writes a new journal.
 *
 * `deno task record-demo` writes `examples/recordings/`. A root turn gets the reply of the same turn; a sub-call gets the reply to
 * the recorded prompt that has the same files in it. What the model would say to a really different
 * question has to be written by hand, into the journal's replies.
 */
import type { Message } from "../../lib/models/language_model.ts";
import { readJournal } from "../../lib/trace/journal_reader.ts";
import { OpenAIServer } from "../fixtures/openai_server.ts";

const RECORDING = `${import.meta.dirname}/../../examples/recordings/removals.jsonl`;

/** Recorded replies: the root's by turn, the sub-calls' by the files that their prompts show. */
async function recordedReplies(): Promise<(messages: readonly Message[]) => string> {
  const { events } = await readJournal(RECORDING);
  const asked = new Map<string, readonly Message[]>();
  const replies = new Map<string, string>();
  for (const event of events) {
    if (event.type === "model_request") asked.set(event.callId, event.messages);
    if (event.type !== "model_reply") continue;
    replies.set(questionOf(asked.get(event.callId) ?? []), event.completion.text);
  }
  return (messages) => {
    const reply = replies.get(questionOf(messages));
    if (reply === undefined) throw new Error(`no recorded reply to ${questionOf(messages)}`);
    return reply;
  };
}

/** What a request is about: the files in a sub-call's prompt, or the number of a root's turn. */
function questionOf(messages: readonly Message[]): string {
  const files = messages.at(-1)?.content.match(/^## \S+$/gm);
  const turn = messages.filter(({ role }) => role === "assistant").length + 1;
  const isRoot = messages.some(({ content }) => content.includes("SUBMIT("));
  return isRoot ? `turn ${turn}` : (files ?? []).join(" ");
}

const replyTo = await recordedReplies();
const tokens = (text: string) => Math.ceil(text.length / 4);
await using server = new OpenAIServer(({ body }) => {
  const text = replyTo(body["messages"] as readonly Message[]);
  const prompt = tokens(JSON.stringify(body["messages"]));
  const usage = {
    prompt_tokens: prompt,
    completion_tokens: tokens(text),
    total_tokens: prompt + tokens(text),
  };
  return { text, usage };
});
const folder = await Deno.makeTempDir();
const journal = `${folder}/run.jsonl`;
const demo = `${import.meta.dirname}/../../examples/demo.ts`;
const args = [
  "run",
  "-A",
  demo,
  "--model",
  "recording",
  "--base-url",
  server.baseUrl,
  "--journal",
  journal,
];
const { success } = await new Deno.Command(Deno.execPath(), { args }).spawn().status;
if (!success) throw new Error("the demo failed; the recording is as it was");

// The inputs are read from Pyodide each time, so they and the texts that only they need stay out.
const lines = (await Deno.readTextFile(journal)).split("\n").filter((line) =>
  !line.startsWith('{"inputs":')
);
const recording = lines.join("\n");
await Deno.remove(`${RECORDING}.d`, { recursive: true });
await Deno.mkdir(`${RECORDING}.d`);
await Deno.writeTextFile(RECORDING, recording);
for await (const { name } of Deno.readDir(`${journal}.d`)) {
  if (recording.includes(name)) {
    await Deno.copyFile(`${journal}.d/${name}`, `${RECORDING}.d/${name}`);
  }
}
await Deno.remove(folder, { recursive: true });
