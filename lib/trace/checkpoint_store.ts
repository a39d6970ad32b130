/** CheckpointStore: the guest's memory after the last cells of a run, in the folder beside its journal. */
import { writeWhole } from "./text_store.ts";

/** A saved memory of the guest. */
export interface SavedCheckpoint {
  /** How many cells of the run had ended, those of child runs not counted. */
  readonly cells: number;
  readonly bytes: Uint8Array;
}

/** Checkpoints that are kept: the newest, and the one before it in case the journal does not reach as far. */
const KEPT = 2;

const NAME = /^cell-(\d+)\.checkpoint$/;

/** Saves a checkpoint whole and removes those that are too old to be of use. */
export async function saveCheckpoint(folder: string, checkpoint: SavedCheckpoint): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  await writeWhole(pathOf(folder, checkpoint.cells), checkpoint.bytes);
  const saved = await savedIn(folder);
  for (const cells of saved.slice(KEPT)) await Deno.remove(pathOf(folder, cells));
}

/** Reads the newest checkpoint of a run of which so many cells are recorded, or null when there is none. */
export async function readCheckpoint(
  folder: string,
  recordedCells: number,
  options: { readonly signal?: AbortSignal } = {},
): Promise<SavedCheckpoint | null> {
  const cells = (await savedIn(folder)).find((each) => each <= recordedCells);
  if (cells === undefined) return null;
  return { cells, bytes: await Deno.readFile(pathOf(folder, cells), options) };
}

/** The cell counts of the checkpoints in a folder, the newest first. */
async function savedIn(folder: string): Promise<number[]> {
  try {
    const names = await Array.fromAsync(Deno.readDir(folder), ({ name }) => NAME.exec(name)?.[1]);
    return names.filter((cells) => cells !== undefined).map(Number).toSorted((a, b) => b - a);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

function pathOf(folder: string, cells: number): string {
  return `${folder}/cell-${cells}.checkpoint`;
}
