/** An attack on each limit of the handler: what is refused, with which words, and that nothing is left behind. */
import {
  assertEquals,
  assertLess,
  assertMatch,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { createHandler, type HandlerOptions } from "../lib/server/mod.ts";
import { RLM } from "../lib/rlm.ts";
import { gate, INPUTS, problemIn, TestServer } from "./fixtures/test_server.ts";

Deno.test("A body above the limit is refused, whether it says its length or not, and its place is free again", async () => {
  await using server = new TestServer({ maxBodyBytes: 1_000, maxRuns: 1 });
  const detail = "read the body: it has more than 1000 bytes; send less";
  const long = JSON.stringify({ inputs: { context: "x".repeat(2_000), query: "?" } });
  const told = await problemIn(await server.send(long));
  assertEquals([told.status, told.code, told.detail], [413, "too_large", detail]);
  const endless = ReadableStream.from(async function* () {
    const piece = new TextEncoder().encode("x".repeat(600));
    for (let count = 0; count < 3; count++) yield await Promise.resolve(piece);
  }());
  assertEquals((await problemIn(await server.send(endless))).detail, detail);
  assertEquals((await (await server.post()).json()).state, "done");
});

Deno.test("A body that trickles in takes no run's place, and is given up", async () => {
  await using server = new TestServer({ bodySeconds: 0.4, maxRuns: 1 });
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  const head = `POST /runs HTTP/1.1\r\nHost: localhost:${server.port}\r\n` +
    'Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"inputs"';
  await connection.write(new TextEncoder().encode(head));
  assertEquals((await (await server.post()).json()).state, "done");
  const buffer = new Uint8Array(4096);
  const read = await connection.read(buffer) ?? 0;
  const text = new TextDecoder().decode(buffer.subarray(0, read));
  assertStringIncludes(text, "HTTP/1.1 408 ");
  assertStringIncludes(text, "read the body: it had not arrived after 0.4 s; send it faster");
});

Deno.test("Bodies that are being read hold no more than those of all runs may, and who leaves makes room", async () => {
  await using server = new TestServer({ maxBodyBytes: 1_000, maxRuns: 1 });
  const slow = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  const head = `POST /runs HTTP/1.1\r\nHost: localhost:${server.port}\r\n` +
    "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n";
  await slow.write(new TextEncoder().encode(head + " ".repeat(900)));
  const inputs = { ...INPUTS, context: "x".repeat(500) };
  let refused = await server.post(inputs);
  while (refused.ok) refused = await ((await refused.body?.cancel()), server.post(inputs));
  assertEquals(refused.headers.get("retry-after"), "5");
  assertEquals(await problemIn(refused), {
    status: 503,
    title: "Service Unavailable",
    code: "too_many_bodies",
    detail: "read the body: others hold 900 bytes, of at most 1000; try again later",
  });
  slow.close();
  let response = await server.post(inputs);
  while (!response.ok) response = await ((await response.body?.cancel()), server.post(inputs));
  assertEquals((await response.json()).state, "done");
});

Deno.test("More runs than may go on at once are refused with when to come back, and not for longer than that", async () => {
  const { cell, open, entered } = gate();
  await using server = new TestServer({ cell, maxRuns: 1 });
  const address = await server.start();
  await entered;
  const refused = await server.post();
  assertEquals(refused.headers.get("retry-after"), "5");
  assertEquals(await problemIn(refused), {
    status: 503,
    title: "Service Unavailable",
    code: "too_many_runs",
    detail: "start a run: 1 go on, of at most 1; try again later",
  });
  open();
  await (await fetch(`${address}/events`)).text();
  assertEquals((await (await server.post()).json()).state, "done");
});

Deno.test("More streams of events than may be open are refused, and one that is left makes room", async () => {
  const { cell, entered } = gate();
  await using server = new TestServer({ cell, maxStreams: 1, maxRuns: 2, heartbeatSeconds: 0.01 });
  const address = await server.start();
  await entered;
  const leaving = new AbortController();
  const first = await fetch(`${address}/events`, { signal: leaving.signal });
  const told = await problemIn(await fetch(`${address}/events`));
  assertEquals([told.status, told.code], [503, "too_many_streams"]);
  const stream = await server.post(INPUTS, { headers: { accept: "text/event-stream" } });
  assertEquals((await problemIn(stream)).code, "too_many_streams");
  assertEquals(server.sandboxes.length, 1);
  leaving.abort();
  await first.text().catch(() => {});
  let status = 503;
  for (let times = 0; status === 503 && times < 200; times++) {
    const again = await fetch(`${address}/events`, { method: "HEAD" });
    status = again.status;
    await again.body?.cancel();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assertEquals(status, 200);
});

Deno.test("Runs that have ended are given up: beyond a number, beyond a size, and after a time", async () => {
  const limits: [Partial<HandlerOptions>, statuses: number[]][] = [
    [{ keptRuns: 2 }, [404, 200, 200]],
    [{ keptChars: 5_000 }, [404, 404, 200]],
    [{ keptRuns: 0 }, [404, 404, 404]],
    [{ keptSeconds: 0 }, [404, 404, 404]],
  ];
  for (const [options, expected] of limits) {
    await using server = new TestServer({ rlmOptions: { instructions: "" }, ...options });
    const ids: string[] = [];
    for (let run = 0; run < 3; run++) ids.push((await (await server.post()).json()).id);
    // Timers of no time still come after what is due.
    await new Promise((resolve) => setTimeout(resolve, 20));
    const statuses = ids.map(async (id) => {
      const response = await fetch(server.at(`/runs/${id}`));
      await response.body?.cancel();
      return response.status;
    });
    assertEquals(await Promise.all(statuses), expected, JSON.stringify(options));
  }
});

Deno.test("What a cell prints at length is kept and shown with its two ends", async () => {
  await using server = new TestServer({
    cell: () => ({ stdout: `begin${"x".repeat(3_000_000)}end`, submission: { answer: 1 } }),
  });
  const { id } = await (await server.post()).json();
  for (const part of ["events", "page"]) {
    const text = await (await fetch(server.at(`/runs/${id}/${part}`))).text();
    assertLess(text.length, 300_000);
    assertStringIncludes(text, "[… 2900008 characters are left out here …]");
    assertMatch(text, /"beginx+.*x+end/);
  }
});

Deno.test("A handler that is closed ends its runs, their streams and their sandboxes, and refuses the rest", async () => {
  for (const way of ["close", "signal"]) {
    const { cell, entered } = gate();
    const closing = new AbortController();
    await using server = new TestServer({ cell, signal: closing.signal });
    const address = await server.start();
    await entered;
    const events = await fetch(`${address}/events`);
    const waiting = server.post();
    while (server.sandboxes.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
    if (way === "signal") closing.abort();
    await server.handler.close();
    assertEquals(server.sandboxes.map(({ closed }) => closed), [true, true]);
    assertStringIncludes(await events.text(), '"code":"closing"');
    const told = await problemIn(await waiting);
    assertEquals([told.status, told.detail], [503, "finish the run: the server is closing"]);
    const late = await server.post();
    assertEquals(late.headers.get("retry-after"), "30");
    assertEquals((await problemIn(late)).code, "closing");
  }
});

Deno.test("Options that cannot be are refused when the handler is made", () => {
  const rlm = new RLM("a -> b");
  const limit = assertThrows(() => createHandler({ rlm, maxRuns: 0 }), RangeError);
  assertEquals(limit.message, "set maxRuns: 0 is not between 1 and Infinity");
  const nan = assertThrows(() => createHandler({ rlm, keptSeconds: NaN }), RangeError);
  assertEquals(nan.message, "set keptSeconds: NaN is not between 0 and 2147483");
  const origin = assertThrows(() => createHandler({ rlm, origins: ["example.org/"] }), TypeError);
  assertEquals(
    origin.message,
    "set origins: 'example.org/' is no origin; write it as https://example.org",
  );
  for (const given of ["example.org:8080", "https://example.org", "example.org/", ""]) {
    const host = assertThrows(() => createHandler({ rlm, hosts: [given] }), TypeError);
    assertEquals(
      host.message,
      `set hosts: '${given}' is no name; write it as example.org, without a port`,
    );
  }
});
