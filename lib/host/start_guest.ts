/** From settings to a running guest, and to the snapshot that makes the next start a fast one. */
import type { Checkpoint } from "./checkpoint.ts";
import { Guest } from "./guest.ts";
import { restoreVariables } from "./own_cell.ts";
import type { Settings } from "./settings.ts";
import { storeSnapshot } from "./snapshot.ts";

/** A guest that has started. */
export interface StartedGuest {
  readonly guest: Guest;
  /** The variables that it has. */
  readonly names: readonly string[];
}

/** Starts a guest; the first one of its kind on a machine also leaves its snapshot for the next. */
export async function startGuest(
  settings: Settings,
  checkpoint: Checkpoint | null,
  signal: AbortSignal | undefined,
): Promise<StartedGuest> {
  const memory = checkpoint?.form === "memory" ? checkpoint : null;
  const guest = await Guest.start({
    ...settings,
    checkpoint: memory && { memory: memory.memory, base: memory.base },
    signal,
  });
  try {
    if (settings.snapshot !== null && guest.introduction["start"] === "plain") {
      const { bytes } = await guest.checkpoint("whole", signal);
      await storeSnapshot(settings.snapshot, bytes);
    }
    const names = checkpoint?.form === "variables"
      ? await restoreVariables(guest, checkpoint.memory, signal)
      : memory?.names ?? [];
    return { guest, names };
  } catch (error) {
    await guest.kill();
    throw error;
  }
}
