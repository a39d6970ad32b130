/**
 * Watches what the whole process holds. Python's own memory has a cap of its own, but JavaScript's buffers
 * lie outside it, and guest code can make them: by files in `/tmp`, by conversions, by whatever it finds.
 */

/** Milliseconds between two looks; at full speed a guest writes some 200 MB in that time. */
const LOOK_MS = 100;

/** Calls `exceeded` once the process holds more than `limit` bytes. Other threads can't keep it from looking. */
export function watchMemory(limit: number, exceeded: (message: string) => void): void {
  const timer = setInterval(() => {
    const { rss } = Deno.memoryUsage();
    if (rss <= limit) return;
    clearInterval(timer);
    exceeded(`out of memory: the process holds ${inMb(rss)} MB, limit ${inMb(limit)} MB`);
  }, LOOK_MS);
}

function inMb(bytes: number): number {
  return Math.round(bytes / 1024 ** 2);
}
