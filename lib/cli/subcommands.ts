/** The subcommands; each is loaded when it is asked for. */
import type { Subcommand } from "./subcommand.ts";

/** A subcommand before it is loaded. */
interface Entry {
  /** The word after `rlm`. */
  readonly name: string;
  /** What it does, in a few words. */
  readonly summary: string;
  load(): Promise<Subcommand>;
}

/** All of them, in the order of the help page. */
export const SUBCOMMANDS: readonly Entry[] = [
  {
    name: "view",
    summary: "shows a journal as a page in HTML",
    load: async () => (await import("./view_command.ts")).VIEW,
  },
  {
    name: "history",
    summary: "lists every model call of a journal",
    load: async () => (await import("./history_command.ts")).HISTORY,
  },
  {
    name: "replay",
    summary: "runs a journal again from its recording",
    load: async () => (await import("./replay_command.ts")).REPLAY,
  },
  {
    name: "resume",
    summary: "goes on with a run where it stopped",
    load: async () => (await import("./resume_command.ts")).RESUME,
  },
  {
    name: "models",
    summary: "lists providers, which keys are set, prices",
    load: async () => (await import("./models_command.ts")).MODELS,
  },
  {
    name: "doctor",
    summary: "checks all that a run needs",
    load: async () => (await import("./doctor_command.ts")).DOCTOR,
  },
  {
    name: "cache",
    summary: "lists or clears start-up snapshots",
    load: async () => (await import("./cache_command.ts")).CACHE,
  },
  {
    name: "completion",
    summary: "prints a script for bash, zsh or fish",
    load: async () => (await import("./completion_command.ts")).COMPLETION,
  },
  {
    name: "help",
    summary: "all flags: rlm help run; a command: rlm help NAME",
    load: async () => (await import("./help_command.ts")).HELP,
  },
];

/** Their names, in the order of the help page. */
export const SUBCOMMAND_NAMES: readonly string[] = SUBCOMMANDS.map(({ name }) => name);

/** Loads the subcommand that a word names; null when it names none, and so begins a question or is a flag. */
export async function findSubcommand(word: string | undefined): Promise<Subcommand | null> {
  return await SUBCOMMANDS.find(({ name }) => name === word)?.load() ?? null;
}
