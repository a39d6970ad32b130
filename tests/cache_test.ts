/** A cache in front of a model: what is sent, who is charged, what is kept. */
import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { ModelError } from "../lib/errors.ts";
import { CachedModel } from "../lib/models/cache.ts";
import { FolderStore, MemoryStore } from "../lib/models/cache_store.ts";
import type { CompletionRequest } from "../lib/models/language_model.ts";
import { OpenAIModel } from "../lib/models/openai.ts";
import { NO_TOKENS } from "../lib/tokens.ts";
import { OpenAIServer } from "./fixtures/openai_server.ts";

const request: CompletionRequest = { messages: [{ role: "user", content: "Say hello" }] };

function model(server: OpenAIServer, options = {}): OpenAIModel {
  return new OpenAIModel("m", {
    baseUrl: server.baseUrl,
    maxRetries: 0,
    prices: () => 0.25,
    ...options,
  });
}

Deno.test("C116: a repeated request is answered from the cache, costs nothing, and is marked", async () => {
  await using server = new OpenAIServer([{ text: "first" }, { text: "second" }]);
  const cached = new CachedModel(model(server));
  const paid = await cached.completeCached(request);
  const free = await cached.completeCached(request);
  assertEquals([paid.cached, paid.completion.cost, paid.completion.attempts], [false, 0.25, 1]);
  assertEquals(free, {
    cached: true,
    completion: { ...paid.completion, usage: NO_TOKENS, cost: 0, attempts: 0 },
  });
  assertEquals(server.requests.length, 1);
});

Deno.test("Requests that differ in anything that decides about the answer are all sent", async () => {
  await using server = new OpenAIServer([{ text: "Hello" }]);
  const cached = new CachedModel(model(server));
  const requests: CompletionRequest[] = [
    request,
    { messages: [{ role: "assistant", content: "Say hello" }] },
    { messages: [{ role: "user", content: "Say hello " }] },
    { ...request, temperature: 0.5 },
    { ...request, maxOutputTokens: 10 },
    { ...request, schema: { type: "object" } },
  ];
  for (const each of requests) {
    assertEquals((await cached.completeCached(each)).cached, false);
  }
  const same = {
    ...request,
    cacheKey: "other",
    onDelta: () => {},
    signal: AbortSignal.timeout(9e4),
  };
  assertEquals((await cached.completeCached(same)).cached, true);
  assertEquals(server.requests.length, requests.length);
});

Deno.test("C102: identical requests under way are sent once, and only one is charged", async () => {
  await using server = new OpenAIServer([{ text: "Hello", delayMs: 100 }]);
  const cached = new CachedModel(model(server));
  const all = await Promise.all(Array.from({ length: 8 }, () => cached.completeCached(request)));
  assertEquals(server.requests.length, 1);
  assertEquals(all.map((each) => each.completion.text), Array(8).fill("Hello"));
  assertEquals(all.filter((each) => !each.cached).length, 1);
  assertEquals(all.reduce((sum, each) => sum + (each.completion.cost ?? NaN), 0), 0.25);
});

Deno.test("A failure reaches all who wait, is charged once, and is not kept", async () => {
  await using server = new OpenAIServer([{ refusal: "No", delayMs: 50 }, { text: "Hello" }]);
  const cached = new CachedModel(model(server));
  const settled = await Promise.allSettled([1, 2, 3].map(() => cached.completeCached(request)));
  const errors = settled.map((each) => each.status === "rejected" ? each.reason : null);
  assertEquals(
    errors.map((each) => each instanceof ModelError && each.code),
    Array(3).fill("refusal"),
  );
  assertEquals(errors.map((each) => each.attempts).sort(), [0, 0, 1]);
  assertEquals(errors.map((each) => each.spent?.cost ?? 0).sort(), [0, 0, 0.25]);
  assertEquals((await cached.complete(request)).text, "Hello");
});

Deno.test("One who aborts leaves the others their answer, and the next in line is charged", async () => {
  await using server = new OpenAIServer([{ text: "Hello", delayMs: 300 }]);
  const cached = new CachedModel(model(server));
  const controller = new AbortController();
  const leaver = cached.completeCached({ ...request, signal: controller.signal });
  const stayer = cached.completeCached(request);
  setTimeout(() => controller.abort(new Error("leaving")), 100);
  await assertRejects(() => leaver, Error, "leaving");
  const { completion, cached: free } = await stayer;
  assertEquals([completion.text, completion.cost, free], ["Hello", 0.25, false]);
  assertEquals(server.requests.length, 1);
});

Deno.test("When all who wait have aborted, the request is given up and sent anew the next time", async () => {
  await using server = new OpenAIServer([
    { text: "a b c d e f g h", pieceDelayMs: 100 },
    { text: "Hello" },
  ]);
  const cached = new CachedModel(model(server));
  const onDelta = () => {};
  const signal = AbortSignal.timeout(150);
  await assertRejects(() => cached.complete({ ...request, onDelta, signal }), DOMException);
  assertEquals((await cached.complete({ ...request, onDelta })).text, "Hello");
  for (let i = 0; i < 100 && server.requests[0]?.cancelled !== true; i++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assertEquals(server.requests.map(({ cancelled }) => cancelled), [true, false]);
});

Deno.test("A listener of text hears an answer from the cache in one piece", async () => {
  await using server = new OpenAIServer([{ text: "a b c" }]);
  const cached = new CachedModel(model(server));
  const heard: string[][] = [[], []];
  for (const pieces of heard) {
    await cached.complete({ ...request, onDelta: (text) => void pieces.push(text) });
  }
  assertEquals(heard, [["a ", "b ", "c"], ["a b c"]]);
});

Deno.test("A folder keeps answers for later runs, and no prompt and no unfinished file", async () => {
  await using server = new OpenAIServer([{ text: "Hello" }]);
  const folder = await Deno.makeTempDir();
  try {
    const run = () => new CachedModel(model(server), { store: new FolderStore(`${folder}/kept/`) });
    const first = await run().completeCached(request);
    let second = await run().completeCached(request);
    for (let i = 0; i < 50 && !second.cached; i++) second = await run().completeCached(request);
    assertEquals([first.cached, second.cached], [false, true]);
    assertEquals(second.completion.text, "Hello");
    let files = await filesBelow(folder);
    // A run that came too early asked again, and may still be writing.
    for (let i = 0; i < 100 && files.length > 1; i++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      files = await filesBelow(folder);
    }
    assertEquals(files.map((file) => /\/kept\/([0-9a-f]{2})\/\1[0-9a-f]{62}\.json$/.test(file)), [
      true,
    ]);
    assertEquals((await Deno.readTextFile(files[0] ?? "")).includes("Say hello"), false);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("A damaged, foreign or missing file is a miss", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const store = new FolderStore(folder);
    const key = "ab".repeat(32);
    assertEquals(await store.get(key), null);
    await Deno.mkdir(`${folder}/ab`);
    for (const content of ["", '{"text":"half', '{"text":1}', "null", '{"other":"file"}']) {
      await Deno.writeTextFile(`${folder}/ab/${key}.json`, content);
      assertEquals(await store.get(key), null, content);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("A store that fails is reported and costs no answer", async () => {
  await using server = new OpenAIServer([{ text: "Hello" }]);
  const problems: unknown[] = [];
  const store = {
    get: () => Promise.reject(new Error("cannot read")),
    set: () => Promise.reject(new Error("cannot write")),
  };
  const onStoreError = (error: unknown) => void problems.push(error);
  const cached = new CachedModel(model(server), { store, onStoreError });
  assertEquals((await cached.complete(request)).text, "Hello");
  await new Promise((resolve) => setTimeout(resolve, 10));
  assertEquals(problems.map(String), ["Error: cannot read", "Error: cannot write"]);
});

Deno.test("A request that comes while the answer is being stored is not sent again", async () => {
  await using server = new OpenAIServer([{ text: "Hello" }]);
  const stored = Promise.withResolvers<void>();
  const store = { get: () => Promise.resolve(null), set: () => stored.promise };
  const cached = new CachedModel(model(server), { store });
  assertEquals((await cached.completeCached(request)).cached, false);
  assertEquals((await cached.completeCached(request)).cached, true);
  assertEquals(server.requests.length, 1);
  stored.resolve();
});

Deno.test("Memory keeps what was used last", async () => {
  const completion = await someCompletion();
  const store = new MemoryStore({ maxEntries: 2 });
  await store.set("a", completion);
  await store.set("b", completion);
  await store.get("a");
  await store.set("c", completion);
  assertEquals(await store.get("b"), null);
  assertNotEquals(await store.get("a"), null);
  assertNotEquals(await store.get("c"), null);
});

Deno.test("A store that two models share keeps their answers apart", async () => {
  await using one = new OpenAIServer([{ text: "one" }]);
  await using two = new OpenAIServer([{ text: "two" }]);
  const store = new MemoryStore();
  const texts: string[] = [];
  for (const server of [one, two]) {
    texts.push((await new CachedModel(model(server), { store }).complete(request)).text);
  }
  assertEquals(texts, ["one", "two"]);
});

/** A completion as a model gives it. */
async function someCompletion() {
  await using server = new OpenAIServer([{ text: "Hello" }]);
  return await model(server).complete(request);
}

async function filesBelow(folder: string): Promise<string[]> {
  const files: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    files.push(...isDirectory ? await filesBelow(`${folder}/${name}`) : [`${folder}/${name}`]);
  }
  return files;
}
