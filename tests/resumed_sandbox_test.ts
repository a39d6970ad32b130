/** How the variables of a resumed run come back: by running cells again, from a checkpoint, or not at all. */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { Resumption } from "../lib/engine/resume.ts";
import { type RestoreSandbox, resumedSandboxes } from "../lib/engine/resumed_sandbox.ts";
import { SandboxError } from "../lib/errors.ts";
import { type FakeCell, FakeSandbox } from "../lib/host/fake_sandbox.ts";
import type { Cell, SandboxFactory } from "../lib/host/sandbox.ts";
import { readCheckpoint, saveCheckpoint } from "../lib/trace/checkpoint_store.ts";
import { Journal } from "../lib/trace/journal.ts";
import { cell, EventScript, runStart, temporaryFolder } from "./fixtures/run_events.ts";

/** A journal of cells `c1`, `c2`, … with these results; each called the tool `ask` once. */
async function journalOf(path: string, cells: readonly Partial<Cell>[]): Promise<void> {
  const script = new EventScript();
  script.add(runStart());
  cells.forEach((result, n) => {
    const [stepId, callId] = [`s${n + 1}`, `t${n + 1}`];
    script.add({ type: "turn_start", stepId, turn: n + 1, maxIterations: 20 });
    script.add({ type: "cell_start", stepId, code: `c${n + 1}`, reasoning: "" });
    script.add({ type: "tool_call", callId, stepId, name: "ask", args: { n: n + 1 } });
    script.add({ type: "tool_result", callId, ok: true, result: "yes", durationMs: 1 });
    script.add({ type: "cell_end", stepId, cell: cell(`out ${n + 1}`, result) });
  });
  await using journal = await Journal.open(path);
  for (const event of script.events) await journal.write(event);
}

/** Runs the recorded cells and one more in a resumed sandbox; tells what was really run, and what was asked. */
async function resumed(path: string, cells: number, options: {
  readonly restore?: RestoreSandbox;
  readonly guest?: FakeCell;
} = {}) {
  await using resumption = await Resumption.open(path);
  const fresh = new FakeSandbox(
    options.guest ?? ((code) => ({ stdout: code.replace("c", "out ") })),
  );
  const factory: SandboxFactory = () => Promise.resolve(fresh);
  const makeSandbox = resumedSandboxes(factory, resumption, options.restore ?? null);
  await using sandbox = await makeSandbox({});
  await sandbox.bind({ context: "text" });
  const asked: unknown[] = [];
  const ask = {
    description: "",
    parameters: {},
    invoke: ({ n }: Record<string, unknown>) => asked.push(n),
  };
  const outputs: string[] = [];
  for (let n = 1; n <= cells + 1; n++) {
    outputs.push((await sandbox.execute(`c${n}`, { tools: { ask } })).stdout);
  }
  assertStrictEquals(await makeSandbox({}), fresh);
  return { outputs, asked, fresh };
}

/** A restored guest that answers cells as the recorded one did. */
function restoredGuest() {
  const saved: Uint8Array[] = [];
  const sandbox = new FakeSandbox((code) => ({ stdout: code.replace("c", "out ") }));
  const restore: RestoreSandbox = (bytes) => {
    saved.push(bytes);
    return Promise.resolve(sandbox);
  };
  return { saved, sandbox, restore };
}

Deno.test("Without a checkpoint every recorded cell runs again, and the next one after them", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/run.jsonl`;
  await journalOf(path, [{}, {}, {}]);
  const { outputs, asked, fresh } = await resumed(path, 3);
  assertEquals(fresh.cells, ["c1", "c2", "c3", "c4"]);
  assertEquals(fresh.bindings, [["context"]]);
  assertEquals(outputs, ["out 1", "out 2", "out 3", "out 4"]);
  assertEquals(asked, []);
});

Deno.test("From a checkpoint only the cells after it run, and the calls of those before it count all the same", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/run.jsonl`;
  await journalOf(path, [{}, {}, {}]);
  await saveCheckpoint(`${path}.d`, { cells: 2, bytes: new Uint8Array([2]) });
  const { saved, sandbox, restore } = restoredGuest();
  const { outputs, asked, fresh } = await resumed(path, 3, { restore });
  assertEquals(saved, [new Uint8Array([2])]);
  assertEquals([sandbox.cells, sandbox.bindings], [["c3", "c4"], []]);
  assertEquals([fresh.cells, fresh.bindings], [[], []]);
  assertEquals(outputs, ["out 1", "out 2", "out 3", "out 4"]);
  assertEquals(asked, [1, 2]);
});

Deno.test("What was bound after the checkpoint, as by a compaction, is bound again", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/run.jsonl`;
  await journalOf(path, [{}, {}, {}]);
  await saveCheckpoint(`${path}.d`, { cells: 2, bytes: new Uint8Array([2]) });
  const { sandbox: restored, restore } = restoredGuest();
  await using resumption = await Resumption.open(path);
  const factory = () => Promise.resolve(new FakeSandbox());
  await using sandbox = await resumedSandboxes(factory, resumption, restore)({});
  await sandbox.bind({ context: "text" });
  const ask = { description: "", parameters: {}, invoke: () => "yes" };
  for (const name of ["c1", "c2", "c3"]) {
    await sandbox.execute(name, { tools: { ask } });
    await sandbox.bind({ [`log_${name}`]: [] });
  }
  assertEquals(restored.bindings, [["log_c2"], ["log_c3"]]);
});

Deno.test("A checkpoint from before the guest was lost for good is left aside", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/run.jsonl`;
  const lost = { from: "inputs", back: ["context"], gone: ["x"] } as const;
  await journalOf(path, [{}, { status: "lost", restored: lost }]);
  await saveCheckpoint(`${path}.d`, { cells: 1, bytes: new Uint8Array([1]) });
  const { saved, restore } = restoredGuest();
  const { fresh } = await resumed(path, 2, { restore });
  assertEquals([saved, fresh.cells, fresh.bindings], [[], ["c3"], [["context"]]]);
});

Deno.test("A checkpoint that cannot be restored only costs time: the cells run again", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/run.jsonl`;
  await journalOf(path, [{}, {}]);
  await saveCheckpoint(`${path}.d`, { cells: 1, bytes: new Uint8Array([1]) });
  const restore = () => Promise.reject(new SandboxError("made by another version"));
  const { fresh } = await resumed(path, 2, { restore });
  assertEquals([fresh.cells, fresh.bindings], [["c1", "c2", "c3"], [["context"]]]);
});

Deno.test("A checkpoint that the journal does not reach is left aside for the one before it", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/run.jsonl`;
  await journalOf(path, [{}, {}]);
  for (const cells of [1, 2, 3]) {
    await saveCheckpoint(`${path}.d`, { cells, bytes: new Uint8Array([cells]) });
  }
  const names = await Array.fromAsync(Deno.readDir(`${path}.d`), ({ name }) => name);
  assertEquals(names.toSorted(), ["cell-2.checkpoint", "cell-3.checkpoint"]);
  assertEquals((await readCheckpoint(`${path}.d`, 3))?.cells, 3);
  assertEquals(await readCheckpoint(`${path}.d`, 1), null);
  const { sandbox, restore } = restoredGuest();
  await resumed(path, 2, { restore });
  assertEquals(sandbox.cells, ["c3"]);
});

Deno.test("Cells before the guest was lost for good do not run again, nor does the one that lost it", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/run.jsonl`;
  const restored = { from: "inputs", back: ["context"], gone: ["x"] } as const;
  await journalOf(path, [{}, { status: "lost", restored }, {}]);
  const { fresh, asked, outputs } = await resumed(path, 3);
  assertEquals(fresh.cells, ["c3", "c4"]);
  assertEquals(asked, [1, 2]);
  assertEquals(outputs, ["out 1", "out 2", "out 3", "out 4"]);
});

Deno.test("A cell that lost the guest, which then came back as it had been, is the only one left out", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/run.jsonl`;
  const restored = { from: "checkpoint", back: ["context", "x"], gone: [] } as const;
  await journalOf(path, [{}, { status: "lost", restored }, {}]);
  const { fresh, asked } = await resumed(path, 3);
  assertEquals([fresh.cells, asked], [["c1", "c3", "c4"], [2]]);
});

Deno.test("A cell that ran into its time limit may print something else when it runs again", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/run.jsonl`;
  await journalOf(path, [{ status: "timeout", stdout: "half of i" }, {}]);
  const { outputs, fresh } = await resumed(path, 2);
  assertEquals(fresh.cells, ["c1", "c2", "c3"]);
  assertEquals(outputs, ["half of i", "out 2", "out 3"]);
});
