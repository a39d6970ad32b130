/** The handler with real sandboxes: answers from Python, and no process that outlives the client or the handler. */
import { assertEquals, assertMatch } from "@std/assert";
import { cell } from "../lib/testing.ts";
import { createSandbox } from "../lib/host/mod.ts";
import { childrenOf } from "./fixtures/children.ts";
import { INPUTS, type Sent, sentEvents, TestServer } from "./fixtures/test_server.ts";

/** Waits until something holds; a process is gone a moment after it was ended. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!await holds()) await new Promise((resolve) => setTimeout(resolve, 20));
}

Deno.test({
  name:
    "Python answers over HTTP, and its process ends with the run, with a client that leaves, and with the handler",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const before = (await childrenOf(Deno.pid)).length;
    const hasEnded = async () => (await childrenOf(Deno.pid)).length === before;
    await using server = new TestServer({
      signature: "context: str, query -> answer: int",
      replies: (index) => cell(index === 0 ? "SUBMIT(answer=context.count('whale'))" : HANG),
      rlmOptions: { sandbox: ({ signal }) => createSandbox(signal ? { signal } : {}) },
    });
    const context = "whale ".repeat(100_000);
    const { answer } = await (await server.post({ ...INPUTS, context })).json();
    assertEquals(answer, { answer: 100_000 });
    await until(hasEnded);

    const leaving = new AbortController();
    const asked = { headers: { accept: "text/event-stream" }, signal: leaving.signal };
    const followed = sentEvents(await server.post(INPUTS, asked));
    assertMatch(await firstOutput(followed), /^hanging$/m);
    assertEquals(await hasEnded(), false);
    leaving.abort();
    await Array.fromAsync(followed).catch(() => {});
    await until(hasEnded);

    const events = sentEvents(await fetch(`${await server.start()}/events`));
    assertMatch(await firstOutput(events), /^hanging$/m);
    await server.handler.close();
    assertEquals((await Array.fromAsync(events)).at(-1)?.data.state, "aborted");
    await until(hasEnded);
  },
});

const HANG = "print('hanging', flush=True)\nwhile True: pass";

/** What a cell prints first, as it is printed; the events after it are left to be read. */
async function firstOutput(events: AsyncGenerator<Sent>): Promise<string> {
  for (;;) {
    const { done, value } = await events.next();
    if (done) return "";
    if (value.data.type === "cell_output") return String(value.data.text);
  }
}
