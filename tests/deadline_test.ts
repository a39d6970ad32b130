/** A deadline counts running time only, reminds until it is ended, and leaves no timer behind. */
import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { Deadline } from "../sandbox/deadline.ts";

function pass(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** A deadline that notes when it expires, in milliseconds from now. */
function watched(timeoutMs: number): { deadline: Deadline; expired: number[] } {
  const startedAt = performance.now();
  const expired: number[] = [];
  const deadline = new Deadline(timeoutMs, () => expired.push(performance.now() - startedAt));
  return { deadline, expired };
}

Deno.test("a deadline expires once its time has run, and not before", async () => {
  const { deadline, expired } = watched(60);
  await pass(30);
  assertEquals(expired.length, 0);
  await pass(60);
  deadline[Symbol.dispose]();
  assertEquals(expired.length, 1);
  assertGreater(expired[0] ?? 0, 58);
});

Deno.test("a deadline that has expired reminds again and again until it is ended", async () => {
  const { deadline, expired } = watched(0);
  while (expired.length < 3) await pass(20);
  deadline[Symbol.dispose]();
  const [first = 0, second = 0, third = 0] = expired;
  assertGreater(second - first, 98);
  assertGreater(third - second, 98);
  await pass(150);
  assertEquals(expired.length, 3);
});

Deno.test("time that a deadline is paused does not count", async () => {
  const { deadline, expired } = watched(80);
  await pass(20);
  deadline.pause();
  await pass(200);
  assertEquals(expired.length, 0);
  deadline.resume();
  while (expired.length === 0) await pass(5);
  deadline[Symbol.dispose]();
  assertGreater(expired[0] ?? 0, 275);
});

Deno.test("a deadline runs again when the last of several pauses has ended", async () => {
  const { deadline, expired } = watched(20);
  for (let call = 0; call < 3; call++) deadline.pause();
  for (let call = 0; call < 2; call++) deadline.resume();
  await pass(60);
  assertEquals(expired.length, 0);
  deadline.resume();
  await pass(60);
  deadline[Symbol.dispose]();
  assertEquals(expired.length, 1);
});

Deno.test("an expired deadline can be paused: no reminder comes while a tool is waited for", async () => {
  const { deadline, expired } = watched(0);
  await pass(20);
  deadline.pause();
  const before = expired.length;
  await pass(150);
  assertEquals([before, expired.length], [1, 1]);
  deadline.resume();
  await pass(150);
  deadline[Symbol.dispose]();
  assertGreater(expired.length, 1);
});

Deno.test("a deadline that is ended stays so, paused or not, resumed or not", async () => {
  const { deadline, expired } = watched(10);
  deadline.pause();
  deadline[Symbol.dispose]();
  deadline[Symbol.dispose]();
  deadline.resume();
  deadline.pause();
  deadline.resume();
  await pass(40);
  assertEquals(expired, []);
});

Deno.test("a deadline can be ended or paused by what it calls, and leaves no timer behind", async () => {
  const calls: string[] = [];
  const own: Record<string, Deadline> = {};
  own["ended"] = new Deadline(0, () => {
    calls.push("ended");
    own["ended"]?.[Symbol.dispose]();
  });
  own["paused"] = new Deadline(0, () => {
    calls.push("paused");
    own["paused"]?.pause();
  });
  await pass(150);
  own["paused"][Symbol.dispose]();
  assertEquals(calls, ["ended", "paused"]);
});

Deno.test("a pause in which the cell does not rest counts, and it stops counting once the cell does", async () => {
  const startedAt = performance.now();
  const expired: number[] = [];
  const rest = Promise.withResolvers<void>();
  using deadline = new Deadline(
    150,
    () => expired.push(performance.now() - startedAt),
    () => rest.promise,
  );
  deadline.pause();
  await pass(100);
  rest.resolve();
  await pass(200);
  assertEquals(expired, [], "what ran while the cell was looked at is less than its time");
});

Deno.test("a cell that never rests meets its deadline though a tool call is open", async () => {
  let calls = 0;
  using deadline = new Deadline(100, () => calls++, () => new Promise(() => {}));
  deadline.pause();
  await pass(250);
  assertGreater(calls, 0);
});

Deno.test("a cell that pauses more often than a timer fires meets its deadline all the same", async () => {
  let calls = 0;
  using deadline = new Deadline(50, () => calls++);
  const startedAt = performance.now();
  while (performance.now() - startedAt < 200) {
    const busyUntil = performance.now() + 2;
    while (performance.now() < busyUntil);
    deadline.pause();
    await Promise.resolve();
    deadline.resume();
  }
  await pass(0);
  assertGreater(calls, 0);
});

Deno.test("a deadline that is brought forward comes as a reminder would, and is no later for it", async () => {
  const { deadline, expired } = watched(60_000);
  deadline.bringForward();
  const soon = watched(10);
  soon.deadline.bringForward();
  deadline.pause();
  await pass(150);
  assertEquals([expired.length, soon.expired.length], [0, 2]);
  deadline.resume();
  while (expired.length < 2) await pass(20);
  deadline[Symbol.dispose]();
  soon.deadline[Symbol.dispose]();
  assertLess(soon.expired[0] ?? Infinity, 100);
  assertGreater(expired[0] ?? 0, 148);
});

Deno.test("time that is allowed on top moves the deadline", async () => {
  const { deadline, expired } = watched(50);
  deadline.extend(200);
  deadline.pause();
  deadline.resume();
  await pass(120);
  assertEquals(expired, []);
  while (expired.length === 0) await pass(5);
  deadline[Symbol.dispose]();
  assertGreater(expired[0] ?? 0, 245);
});

Deno.test("a deadline longer than any timer does not expire at once", async () => {
  const { deadline, expired } = watched(2 ** 32);
  await pass(30);
  deadline.pause();
  deadline.resume();
  await pass(10);
  deadline[Symbol.dispose]();
  assertEquals(expired, []);
});

Deno.test("a deadline in the past expires as soon as it can", async () => {
  const { deadline, expired } = watched(-5);
  await pass(20);
  deadline[Symbol.dispose]();
  assertEquals(expired.length, 1);
  assertLess(expired[0] ?? 99, 20);
});
