/** Emitter: order, numbers, and listeners and sinks that misbehave. */
import { assertEquals, assertRejects } from "@std/assert";
import { Emitter } from "../lib/engine/emitter.ts";
import type { RlmEvent } from "../lib/trace/events.ts";

const warn = (message: string) => ({ type: "warning", message } as const);
const messagesOf = (events: readonly RlmEvent[]) =>
  events.map((event) => event.type === "warning" ? event.message : "");

Deno.test("events are numbered in order, those of child runs too", () => {
  const events: RlmEvent[] = [];
  const emitter = new Emitter([(event) => events.push(event)]);
  emitter.emit("r", warn("a"));
  emitter.emit("r.1", warn("b"));
  assertEquals(events.map(({ seq, runId }) => [seq, runId]), [[0, "r"], [1, "r.1"]]);
});

Deno.test("C159: an event that a listener causes follows the one that it listens to, for every listener", () => {
  const seen: string[][] = [[], []];
  const emitter: Emitter = new Emitter([
    (event) => {
      seen[0]?.push(event.type === "warning" ? event.message : "");
      if (event.seq === 0) emitter.emit("r", warn("second"));
    },
    (event) => seen[1]?.push(event.type === "warning" ? event.message : ""),
  ]);
  emitter.emit("r", warn("first"));
  assertEquals(seen, [["first", "second"], ["first", "second"]]);
});

Deno.test("C159: a listener that throws, or rejects, is reported once", async () => {
  for (
    const listener of [() => {
      throw new Error("bad");
    }, () => Promise.reject(new Error("bad"))]
  ) {
    const events: RlmEvent[] = [];
    const emitter = new Emitter([listener, (event) => events.push(event)]);
    emitter.emit("r", warn("a"));
    await Promise.resolve();
    emitter.emit("r", warn("b"));
    await new Promise((resolve) => setTimeout(resolve, 1));
    const reports = messagesOf(events).filter((message) =>
      message.startsWith("an event listener threw")
    );
    assertEquals(reports, ["an event listener threw Error: bad; the run goes on"]);
  }
});

Deno.test("flush waits for the sink, and tells of an event that it could not keep", async () => {
  const kept: string[] = [];
  const sink = {
    write: (event: RlmEvent) => {
      kept.push(event.type);
      return kept.length === 2 ? Promise.reject(new Error("disk full")) : Promise.resolve();
    },
    flush: () => Promise.resolve(),
  };
  const emitter = new Emitter([], sink);
  emitter.emit("r", warn("a"));
  await emitter.flush();
  emitter.emit("r", warn("b"));
  await Promise.resolve();
  await assertRejects(() => emitter.flush(), Error, "disk full");
  assertEquals(kept, ["warning", "warning"]);
});
