/** The subcommands by name; each is loaded when it is asked for. */
import type { Subcommand } from "./subcommand.ts";

const LOADERS: Readonly<Record<string, () => Promise<Subcommand>>> = {
  view: async () => (await import("./view_command.ts")).VIEW,
  replay: async () => (await import("./replay_command.ts")).REPLAY,
  resume: async () => (await import("./resume_command.ts")).RESUME,
  history: async () => (await import("./history_command.ts")).HISTORY,
  models: async () => (await import("./models_command.ts")).MODELS,
  doctor: async () => (await import("./doctor_command.ts")).DOCTOR,
  cache: async () => (await import("./cache_command.ts")).CACHE,
  completion: async () => (await import("./completion_command.ts")).COMPLETION,
};

/** Their names, in the order of the help page. */
export const SUBCOMMAND_NAMES: readonly string[] = Object.keys(LOADERS);

/** Loads the subcommand that a word names; null when it names none, and so begins a question or is a flag. */
export async function findSubcommand(word: string | undefined): Promise<Subcommand | null> {
  if (word === undefined || !Object.hasOwn(LOADERS, word)) return null;
  return await LOADERS[word]?.() ?? null;
}
