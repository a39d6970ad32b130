/** Streams of events: what a slow reader costs, what it misses and is told, and what keeps a silent one alive. */
import { assert, assertEquals, assertLess } from "@std/assert";
import { EventLog } from "../lib/server/event_log.ts";
import { eventStream, type EventStreamOptions } from "../lib/server/event_stream.ts";
import { gate, TestServer } from "./fixtures/test_server.ts";

const event = (id: number, chars = 0) => ({
  id,
  text: JSON.stringify({ id, pad: "x".repeat(chars) }),
});

function read(log: EventLog, options: Partial<EventStreamOptions> = {}) {
  const ends: string[] = [];
  const stream = eventStream(log, {
    after: -1,
    heartbeatSeconds: 60,
    onEnd: (how) => ends.push(how),
    ...options,
  });
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  return { ends, reader, next: async () => (await reader.read()).value ?? null };
}

/** The ids and types of all messages of a text. */
function messages(text: string): [id: string | undefined, type: string | undefined][] {
  return text.split("\n\n").filter((part) => part.includes("data: ")).map((part) => {
    const { type } = JSON.parse(/^data: (.*)$/m.exec(part)?.[1] ?? "");
    return [/^id: (\d+)$/m.exec(part)?.[1], type];
  });
}

Deno.test("A log keeps no more than its characters; who reads late is told what is missing, and gets beginning and end", async () => {
  const log = new EventLog(1_000);
  const slow = read(log);
  assertEquals(await slow.next(), "retry: 1000\n\n");
  for (let id = 0; id < 10_000; id++) {
    log.add(event(id, 50));
    assertLess(log.chars, 1_100);
  }
  log.add(event(10_000, 100_000));
  log.end('{"type":"result"}');
  assertLess(log.chars, 1_100);
  let text = "";
  for (let part = await slow.next(); part !== null; part = await slow.next()) text += part;
  const got = messages(text);
  assertEquals(got[0], ["0", undefined]);
  const lostUpTo = Number(got[1]?.[0]);
  assertEquals(got[1]?.[1], "gap");
  assertEquals(got[2], [String(lostUpTo + 1), undefined]);
  assertEquals(got.slice(-2), [["10000", "gap"], ["10001", "result"]]);
  assertEquals(slow.ends, ["ended"]);
});

Deno.test("What comes after the end of a log is left out", () => {
  const log = new EventLog(1_000);
  log.add(event(0));
  log.end("{}");
  const heard: string[] = [];
  log.listen({ wake: () => heard.push("wake"), piece: ({ text }) => heard.push(text) });
  log.add(event(2));
  log.tell(event(3));
  log.end('{"late":true}');
  assertEquals(log.after(-1), [event(0), { id: 1, text: "{}" }]);
  assertEquals([log.lastId, heard], [1, []]);
});

Deno.test("Pieces of text come in their places, and a reader that does not keep up misses some", async () => {
  const log = new EventLog(1_000_000);
  const reader = read(log);
  await reader.next();
  const first = reader.next();
  log.add(event(0));
  assertEquals(await first, `id: 0\ndata: ${event(0).text}\n\n`);
  log.tell(event(1));
  log.add(event(2));
  log.tell(event(3));
  const [one, two] = [await reader.next(), await reader.next()];
  assertEquals(one, `data: ${event(1).text}\n\nid: 2\ndata: ${event(2).text}\n\n`);
  assertEquals(two, `data: ${event(3).text}\n\n`);
  for (let id = 4; id < 1_000; id++) log.tell(event(id, 1_000));
  log.add(event(1_000));
  log.end('{"type":"result"}');
  const rest = await reader.next() ?? "";
  assertLess(rest.length, 70_000);
  assert(rest.includes(event(4, 1_000).text));
  assertEquals(messages(rest).slice(-2), [["1000", undefined], ["1001", "result"]]);
});

Deno.test("A reader that leaves is forgotten at once, while it waits too", async () => {
  const log = new EventLog(1_000);
  const { reader, next, ends } = read(log);
  await next();
  const waiting = next();
  await reader.cancel();
  assertEquals(await waiting, null);
  assertEquals(ends, ["left"]);
  log.add(event(0));
  log.end("{}");
  assertEquals(ends, ["left"]);
});

Deno.test("A stream in which nothing happens is kept alive by comments", async () => {
  const { cell, entered } = gate();
  await using server = new TestServer({ cell, heartbeatSeconds: 0.01 });
  const address = await server.start();
  await entered;
  const { body } = await fetch(`${address}/events`);
  let text = "";
  for await (const part of body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += part;
    if (text.split(": still running\n\n").length > 3) break;
  }
  assertEquals(messages(text).at(-1)?.[1], "cell_start");
});

Deno.test("Events that have no place in a stream do not keep its comments from coming", async () => {
  const log = new EventLog(1_000);
  const { reader, next } = read(log, { heartbeatSeconds: 0.02, format: () => "" });
  await next();
  let id = 0;
  const telling = setInterval(() => id < 200 ? log.add(event(id++)) : log.end("{}"), 1);
  try {
    assertEquals(await next(), ": still running\n\n");
  } finally {
    clearInterval(telling);
    await reader.cancel();
  }
});
