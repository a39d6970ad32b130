/** No key leaves a run: not by its events, its journal, its spans or its errors. */
import { assert, assertFalse, assertInstanceOf } from "@std/assert";
import { ModelError } from "../lib/errors.ts";
import type { LanguageModel } from "../lib/models/language_model.ts";
import { resolveModel } from "../lib/models/resolve_model.ts";
import { ScriptedModel } from "../lib/testing.ts";
import { beginAttributes, finishAttributes } from "../lib/trace/otel_attributes.ts";
import { cellReply, fakeRun } from "./fixtures/fake_run.ts";
import { temporaryFolder } from "./fixtures/run_events.ts";

const KEY = "a-key-without-a-known-shape";
const QUERY_KEY = "another-key-in-the-address";
const LOGIN = { username: "a-name-in-the-address", password: "a-password-in-the-address" };

/** A provider that refuses and repeats all that it was sent, at a length that journals keep in a file of its own. */
function echoing(status: number): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const authorization = request.headers.get("authorization");
    const login = Object.values(LOGIN).join(":");
    const message = `${authorization} ${login} ${btoa(login)} at ${request.url} `.repeat(100);
    return Response.json({ error: { message, param: KEY } }, { status });
  });
}

for (const status of [401, 500]) {
  for (const given of ["option", "environment"]) {
    Deno.test(`C163: a key given by ${given} is in nothing that a run leaves when a ${status} repeats it`, async () => {
      await using server = echoing(status);
      await using folder = await temporaryFolder();
      const before = Deno.env.get("OPENAI_API_KEY");
      if (given === "environment") Deno.env.set("OPENAI_API_KEY", KEY);
      try {
        const model = resolveModel("openai/m", {
          baseUrl: addressOf(server),
          maxRetries: 1,
          retryDelayMs: 1,
          ...(given === "option" ? { apiKey: KEY } : {}),
        });
        await checkRun(`${folder.path}/sub.jsonl`, { subLm: model });
        const error = await checkRun(`${folder.path}/root.jsonl`, { lm: model });
        assertInstanceOf(error, ModelError);
        for await (const text of textsIn(folder.path)) assertNoSecret(text);
      } finally {
        if (before === undefined) Deno.env.delete("OPENAI_API_KEY");
        else Deno.env.set("OPENAI_API_KEY", before);
      }
    });
  }
}

/** The address of a server, with secrets in each part that may have some. */
function addressOf({ addr }: Deno.HttpServer<Deno.NetAddr>): string {
  const url = new URL(`http://127.0.0.1:${addr.port}/v1?api_key=${QUERY_KEY}`);
  return Object.assign(url, LOGIN).href;
}

/** Runs with a model that fails, and looks at its events, spans and error; gives the error. */
async function checkRun(
  journal: string,
  models: { readonly lm?: LanguageModel; readonly subLm?: LanguageModel },
): Promise<unknown> {
  const { events, error } = await fakeRun({
    replies: [cellReply("ask"), cellReply("SUBMIT(answer=1)")],
    cell: async (code, guest) => {
      if (code !== "ask") return { submission: { answer: 1 } };
      return { stdout: String(await guest.call("llm_query_batched", { prompts: ["a"] })) };
    },
    options: {
      ...(models.lm === undefined ? {} : { lm: models.lm }),
      subLm: models.subLm ?? new ScriptedModel([]),
    },
    run: { journal },
  });
  assert(events.some(({ type }) => type === "model_error"));
  for (const event of events) {
    assertNoSecret(JSON.stringify(event));
    assertNoSecret(JSON.stringify([beginAttributes(event, true), finishAttributes(event, true)]));
  }
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    assertNoSecret(Deno.inspect(cause, { depth: 20, showHidden: true }) + cause.stack);
  }
  return error;
}

async function* textsIn(folder: string): AsyncIterable<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) yield* textsIn(path);
    else yield await Deno.readTextFile(path);
  }
}

function assertNoSecret(text: string): void {
  const login = Object.values(LOGIN);
  for (const secret of [KEY, QUERY_KEY, ...login, btoa(login.join(":"))]) {
    assertFalse(text.includes(secret), text);
  }
}
