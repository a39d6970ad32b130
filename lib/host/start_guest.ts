/** From settings to a running guest, and to the snapshot that makes the next start a fast one. */
import type { Checkpoint } from "./checkpoint.ts";
import { Guest } from "./guest.ts";
import type { Settings } from "./settings.ts";
import { storeSnapshot } from "./snapshot.ts";

/** Starts a guest; the first one of its kind on a machine also leaves its snapshot for the next. */
export async function startGuest(
  settings: Settings,
  checkpoint: Checkpoint | null,
  signal: AbortSignal | undefined,
): Promise<Guest> {
  const guest = await Guest.start({
    ...settings,
    checkpoint: checkpoint && { memory: checkpoint.memory, base: checkpoint.base },
    signal,
  });
  if (settings.snapshot !== null && guest.introduction["start"] === "plain") {
    try {
      const { bytes } = await guest.checkpoint("whole", signal);
      await storeSnapshot(settings.snapshot, bytes);
    } catch (error) {
      await guest.kill();
      throw error;
    }
  }
  return guest;
}
