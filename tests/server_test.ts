/** The handler over real HTTP: runs are started, followed, read, shown and ended. */
import {
  assert,
  assertEquals,
  assertFalse,
  assertGreater,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { RLM } from "../lib/rlm.ts";
import type { RunDocument } from "../lib/server/mod.ts";
import { FakeSandbox, ScriptedModel } from "../lib/testing.ts";
import { cellReply } from "./fixtures/fake_run.ts";
import { gate, INPUTS, sentEvents, TestServer } from "./fixtures/test_server.ts";

const STREAM = { headers: { accept: "text/event-stream" } };

async function documentOf(response: Response): Promise<RunDocument> {
  return await response.json();
}

Deno.test("A client that waits gets the answer, how it came about and what it cost", async () => {
  await using server = new TestServer();
  const response = await server.post();
  assertEquals(response.status, 200);
  assertEquals(response.headers.get("content-type"), "application/json");
  assertEquals(response.headers.get("cache-control"), "no-store");
  const run = await documentOf(response);
  assertEquals(response.headers.get("content-location"), `/runs/${run.id}`);
  const { id: _id, usage, startedAt, endedAt, ...rest } = run;
  assertEquals(rest, {
    state: "done",
    answer: { answer: 1 },
    partial: null,
    stopReason: "submitted",
    stoppedBy: null,
    turns: 1,
    error: null,
  });
  assertEquals([usage.calls, usage.rows.length], [1, 1]);
  assert(startedAt <= (endedAt ?? ""));
  assertEquals(await (await fetch(server.at(`/runs/${run.id}`))).json(), run);
  assert(server.sandboxes[0]?.closed);
});

Deno.test("A client that follows gets each event with its number, text as it arrives, and the run at the end", async () => {
  await using server = new TestServer();
  const response = await server.post(INPUTS, STREAM);
  assertEquals(response.headers.get("content-type"), "text/event-stream");
  const events = await Array.fromAsync(sentEvents(response));
  assertEquals(events.map(({ data }) => data.type), [
    "run_start",
    "turn_start",
    "model_request",
    "model_delta",
    "model_reply",
    "cell_start",
    "cell_end",
    "submission",
    "turn_end",
    "run_end",
    "result",
  ]);
  const ids = events.map(({ id }) => id);
  assertEquals(ids, ["0", "1", "2", null, "4", "5", "6", "7", "8", "9", "10"]);
  const last = events.at(-1)?.data;
  assertEquals([last?.state, last?.answer], ["done", { answer: 1 }]);
  assertEquals(events[0]?.data.runId, last?.id);
});

Deno.test("A client that does not wait is told where to look, and may follow, read and show the run from there", async () => {
  const { cell, open, entered } = gate();
  await using server = new TestServer({ cell });
  const response = await server.post(INPUTS, { headers: { prefer: "respond-async" } });
  assertEquals(response.status, 202);
  assertEquals(response.headers.get("preference-applied"), "respond-async");
  const { id, state, answer } = await documentOf(response);
  assertEquals([state, answer], ["running", null]);
  const address = server.at(response.headers.get("location") ?? "");
  assertEquals(address, server.at(`/runs/${id}`));
  await entered;
  const running = await documentOf(await fetch(address));
  assertEquals([running.state, running.turns, running.usage.calls], ["running", 1, 1]);
  const page = await (await fetch(`${address}/page`)).text();
  assertStringIncludes(page, "connect-src 'self'");
  assertStringIncludes(page, "How many?");

  const following = await fetch(`${address}/events`);
  const seen: string[] = [];
  for await (const { id, data } of sentEvents(following)) {
    if (data.type === "cell_start") open();
    if (id !== null) seen.push(id);
  }
  assertEquals(seen, ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
  assertEquals((await documentOf(await fetch(address))).answer, { answer: 7 });
  const ended = await fetch(`${address}/page`);
  assertEquals(ended.headers.get("content-security-policy"), "frame-ancestors 'none'");
  assertFalse((await ended.text()).includes("connect-src"));
});

Deno.test("A client that lost its stream goes on after the last event that it had, and is sent away after the end", async () => {
  await using server = new TestServer();
  const address = await server.start();
  const idsAfter = async (init: RequestInit, query = "") => {
    const response = await fetch(`${address}/events${query}`, init);
    assertEquals(response.status, 200);
    return (await Array.fromAsync(sentEvents(response))).map(({ id }) => id);
  };
  assertEquals(await idsAfter({ headers: { "last-event-id": "6" } }), ["7", "8", "9"]);
  assertEquals(await idsAfter({}, "?after=7"), ["8", "9"]);
  const both = await idsAfter({ headers: { "last-event-id": "8" } }, "?after=1");
  assertEquals(both, ["9"]);
  const over = await fetch(`${address}/events`, { headers: { "last-event-id": "9" } });
  assertEquals([over.status, await over.text()], [204, ""]);
});

Deno.test("Deleting ends a run and gives what it had submitted; deleting again forgets it", async () => {
  const { cell, entered } = gate();
  await using server = new TestServer({
    replies: (index) => cellReply(index === 0 ? 'SUBMIT(answer="many")' : "wait()"),
    cell: (code, guest) =>
      code === "wait()" ? cell(code, guest) : { submission: { answer: "many" } },
  });
  const address = await server.start();
  await entered;
  const following = sentEvents(await fetch(`${address}/events`));
  const deleted = await fetch(address, { method: "DELETE" });
  assertEquals(deleted.status, 200);
  const run = await documentOf(deleted);
  assertEquals([run.state, run.answer, run.partial], ["aborted", null, { answer: "many" }]);
  assertEquals(run.error, {
    code: "aborted",
    message: "finish the run: it was deleted while it went on",
  });
  assertEquals(run.usage.calls, 2);
  const last = (await Array.fromAsync(following)).slice(-2).map(({ data }) => data);
  assertEquals(last[0]?.error, { type: "Problem", message: run.error?.message });
  assertEquals(last[1]?.state, "aborted");
  assert(server.sandboxes[0]?.closed);
  assertEquals(await (await fetch(address)).json(), run);
  assertEquals((await fetch(address, { method: "DELETE" })).status, 204);
  const gone = await fetch(address);
  assertEquals([gone.status, (await gone.json()).code], [404, "not_found"]);
  assertEquals(server.errors, []);
});

Deno.test("A client that waited is told when somebody else ended the run", async () => {
  const { cell, entered } = gate();
  let id = "";
  await using server = new TestServer({ cell, onEvent: ({ runId }) => id = runId });
  const waiting = server.post();
  await entered;
  await (await fetch(server.at(`/runs/${id}`), { method: "DELETE" })).body?.cancel();
  const response = await waiting;
  const { code, detail, run } = await response.json();
  assertEquals([response.status, code, run.state], [409, "aborted", "aborted"]);
  assertEquals(detail, "finish the run: it was deleted while it went on");
});

for (const way of ["waits for", "follows"]) {
  Deno.test(`A client that ${way} its run ends it by leaving`, async () => {
    const { cell, entered } = gate();
    let id = "";
    await using server = new TestServer({ cell, onEvent: ({ runId }) => id = runId });
    const leaving = new AbortController();
    const headers = way === "follows" ? STREAM.headers : {};
    const asked = server.post(INPUTS, { headers, signal: leaving.signal });
    asked.catch(() => {});
    await entered;
    if (way === "follows") await asked;
    leaving.abort();
    const events = await fetch(server.at(`/runs/${id}/events`));
    const last = (await Array.fromAsync(sentEvents(events))).at(-1)?.data;
    assertEquals([last?.type, last?.state], ["result", "aborted"]);
    assert(server.sandboxes[0]?.closed);
  });
}

Deno.test("A client that has left before its run begins pays for no call", async () => {
  await using server = new TestServer();
  const response = await server.handler(
    new Request(server.at("/runs"), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ inputs: INPUTS }),
      signal: AbortSignal.abort(),
    }),
  );
  const { code, detail, run } = await response.json();
  assertEquals([response.status, code, run.usage.calls], [409, "aborted", 0]);
  assertEquals(detail, "finish the run: the client that waited for it left");
});

Deno.test("A follower that leaves a run that was not started for it alone does no harm", async () => {
  const { cell, open, entered } = gate();
  await using server = new TestServer({ cell });
  const address = await server.start();
  await entered;
  const leaving = new AbortController();
  const following = await fetch(`${address}/events`, { signal: leaving.signal });
  leaving.abort();
  await following.text().catch(() => {});
  open();
  const events = await Array.fromAsync(sentEvents(await fetch(`${address}/events`)));
  assertEquals(events.at(-1)?.data.state, "done");
});

Deno.test("What a run takes and gives is told, below the base path too", async () => {
  await using server = new TestServer({ basePath: "api/rlm/", rlmOptions: { maxCost: 0.5 } });
  const response = await fetch(server.at("/api/rlm"));
  const { inputs, outputs, caps, runs } = await response.json();
  assertEquals(inputs.required, ["context", "query"]);
  assertEquals(outputs.properties, { answer: { type: "integer" } });
  assertEquals([caps.maxCost, caps.maxIterations, caps.maxTokens], [0.5, 20, null]);
  assertEquals(runs, { running: 0, max: 4 });
  const started = await fetch(server.at("/api/rlm/runs"), {
    method: "POST",
    headers: { "content-type": "application/json", prefer: "respond-async" },
    body: JSON.stringify({ inputs: INPUTS }),
  });
  await started.body?.cancel();
  const address = started.headers.get("location") ?? "";
  assertMatch(address, /^\/api\/rlm\/runs\/[\da-f-]{36}$/);
  for (const path of [address, `${address}/page`, `${address}/events`]) {
    const response = await fetch(server.at(path));
    assertEquals(response.status, 200, path);
    assertGreater((await response.text()).length, 100);
  }
  assertEquals((await fetch(server.at("/"), { method: "HEAD" })).status, 404);
});

Deno.test("Only the head is sent where only that is asked for, and no stream stays open for it", async () => {
  const { cell, entered } = gate();
  await using server = new TestServer({ cell, maxStreams: 1 });
  const address = await server.start();
  await entered;
  for (let times = 0; times < 3; times++) {
    const response = await fetch(`${address}/events`, { method: "HEAD" });
    assertEquals([response.status, await response.text()], [200, ""]);
  }
});

Deno.test("An answer with what JSON has no form for comes as digits, base64 and lists", async () => {
  const submission = { big: 2n ** 70n, raw: new Uint8Array([1, 2, 3]), names: new Set(["a"]) };
  await using server = new TestServer({
    signature: "context -> big: int, raw: bytes, names: set[str]",
    cell: () => ({ submission }),
  });
  const { answer } = await documentOf(await server.post({ context: "" }));
  assertEquals(answer, { big: "1180591620717411303424", raw: "AQID", names: ["a"] });
});

Deno.test("A function chooses what answers, by a request's headers", async () => {
  const served = (answer: number) =>
    new RLM("context, query -> answer: int", {
      lm: new ScriptedModel(() => cellReply(`SUBMIT(answer=${answer})`)),
      verify: false,
      sandbox: () => Promise.resolve(new FakeSandbox()),
    });
  const rlm = (request: Request) => served(request.headers.get("x-tenant") === "b" ? 2 : 1);
  await using server = new TestServer({ rlm });
  for (const [tenant = "", answer] of [["a", 1], ["b", 2]] as const) {
    const response = await server.post(INPUTS, { headers: { "x-tenant": tenant } });
    assertEquals((await documentOf(response)).answer, { answer });
  }
});
