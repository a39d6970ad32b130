/** A process with all that it started: their memory, and their end. Linux only. */

/** Megabytes that a process and all below it hold; pages that several share are divided among them. */
export async function treeMemory(pid: number): Promise<number> {
  let kib = 0;
  for (const member of await treeOf(pid)) {
    const rollup = await Deno.readTextFile(`/proc/${member}/smaps_rollup`).catch(() => "");
    kib += Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? 0);
  }
  return kib * 1_024 / 1_000_000;
}

/** Kills a process and all below it. */
export async function endTree(pid: number): Promise<void> {
  for (const member of await treeOf(pid)) {
    try {
      Deno.kill(member, "SIGKILL");
    } catch (error) {
      // It may have ended since it was listed.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

/** The process itself, then all below it. */
async function treeOf(root: number): Promise<number[]> {
  const parents = new Map<number, number>();
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await Deno.readTextFile(`/proc/${name}/stat`).catch(() => "");
    const parent = /\) \S (\d+)/.exec(stat)?.[1];
    if (parent !== undefined) parents.set(Number(name), Number(parent));
  }
  const tree = [root];
  for (const member of tree) {
    for (const [pid, parent] of parents) if (parent === member) tree.push(pid);
  }
  return tree.filter((pid) => parents.has(pid));
}
