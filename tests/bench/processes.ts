/** What the operating system says of a process. Linux only: elsewhere there is no `/proc` to ask. */

const MIB = 1024 * 1024;

/** Memory of a process in MiB, by what it holds. */
export interface MemoryMap {
  /** All that is in memory. */
  readonly resident: number;
  /** The part that other processes of the same program share. */
  readonly program: number;
  /** The largest single stretch: Python's memory. */
  readonly largest: number;
  /** Stretches that V8 reserved for JavaScript and compiled code, the allocator's heaps, and stacks. */
  readonly rest: number;
}

/** Process ids of the children of this process. */
export async function children(): Promise<number[]> {
  const found: number[] = [];
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const status = await statusOf(name);
    if (Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]) === Deno.pid) found.push(Number(name));
  }
  return found;
}

/** Resident memory of a process in MiB. */
export async function residentOf(pid: number): Promise<number> {
  return statusFigure(await statusOf(String(pid)), "VmRSS");
}

/** The most that was resident in this process since {@linkcode forgetPeak}, in MiB. */
export async function peak(): Promise<number> {
  return statusFigure(await statusOf("self"), "VmHWM");
}

/** Makes the present the peak. */
export async function forgetPeak(): Promise<void> {
  await Deno.writeTextFile("/proc/self/clear_refs", "5");
}

/** What the memory of a process is made of. */
export async function memoryMapOf(pid: number): Promise<MemoryMap> {
  const text = await Deno.readTextFile(`/proc/${pid}/smaps`);
  let [program, largest, rest] = [0, 0, 0];
  for (const stretch of text.split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m)) {
    const kib = Number(/^Rss:\s+(\d+)/m.exec(stretch)?.[1] ?? 0);
    const [, , , , inode] = stretch.split(/\s+/, 5);
    if (inode !== "0") program += kib;
    else {
      rest += kib;
      largest = Math.max(largest, kib);
    }
  }
  rest -= largest;
  const resident = program + largest + rest;
  return {
    resident: resident / 1024,
    program: program / 1024,
    largest: largest / 1024,
    rest: rest / 1024,
  };
}

async function statusOf(pid: string): Promise<string> {
  return await Deno.readTextFile(`/proc/${pid}/status`).catch(() => "");
}

function statusFigure(status: string, name: string): number {
  const kib = new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1];
  if (kib === undefined) throw new Error(`Cannot read ${name}: the process is gone`);
  return Number(kib) * 1024 / MIB;
}
