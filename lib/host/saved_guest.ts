/** What a guest is saved as: its memory, or its variables where native code is loaded that no memory holds. */
import { ErrorCode } from "../../sandbox/protocol.ts";
import { RpcError } from "../../sandbox/rpc_peer.ts";
import type { Checkpoint } from "./checkpoint.ts";
import type { Guest } from "./guest.ts";
import { saveVariables } from "./own_cell.ts";
import type { Restored } from "./sandbox.ts";
import { guestKey } from "./snapshot.ts";

/** Saves a guest, of which so many cells and these variables are known. */
export async function saveGuest(
  guest: Guest,
  known: Pick<Checkpoint, "cells" | "names">,
  signal: AbortSignal | undefined,
): Promise<Checkpoint> {
  const about = { ...known, guest: await guestKey() };
  try {
    const { bytes, base } = await guest.checkpoint("difference", signal);
    return { ...about, form: "memory", base, memory: bytes };
  } catch (error) {
    if (!(error instanceof RpcError) || error.code !== ErrorCode.notSavable) throw error;
    const memory = await saveVariables(guest, signal);
    return { ...about, form: "variables", base: null, memory };
  }
}

/** What of a checkpoint is back in a guest that has these variables. */
export function restoredFrom({ form, names }: Checkpoint, back: readonly string[]): Restored {
  return {
    from: form === "memory" ? "checkpoint" : "variables",
    back,
    gone: names.filter((name) => !back.includes(name)),
  };
}
