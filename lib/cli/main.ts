/**
 * The command line: `rlm "question" --context FILE` prints the answer on stdout and everything else on stderr.
 *
 * ```sh
 * deno run -A jsr:@rlm/rlm/cli "Who is mentioned?" --context book.txt --model openai/gpt-5
 * ```
 *
 * @module
 */
import { messageOf, tooOld } from "./messages.ts";

/** Where a command writes, and the version of the runtime it is in. */
export interface Surroundings {
  /** Takes what belongs on standard output. */
  readonly stdout: (text: string) => void;
  /** Takes what belongs on standard error. */
  readonly stderr: (text: string) => void;
  /** The version of Deno that runs the command. */
  readonly deno: string;
}

/**
 * Runs the command and gives its exit code. The parts are loaded after the version was looked at, because an old
 * Deno could not load them.
 */
export async function main(words: readonly string[], around: Surroundings): Promise<number> {
  const { stdout, stderr } = around;
  const old = tooOld(around.deno);
  if (old !== null) {
    stderr(`${old}\n`);
    return 2;
  }
  const { parseCommand } = await import("./arguments.ts");
  const { exitCodeOfError } = await import("./exit_code.ts");
  const { findSubcommand } = await import("./subcommands.ts");
  try {
    const subcommand = await findSubcommand(words[0]);
    if (subcommand !== null) {
      const { runSubcommand } = await import("./subcommand.ts");
      return await runSubcommand(subcommand, words.slice(1), around);
    }
    const command = parseCommand(words);
    switch (command.kind) {
      case "help":
        stdout(`${await helpOf(command)}\n`);
        return 0;
      case "version":
        stdout(`${(await import("./version.ts")).versionLine()}\n`);
        return 0;
      case "run":
        return await (await import("./run_command.ts")).runCommand(command.run, stdout);
    }
  } catch (error) {
    stderr(`${messageOf(error)}\n`);
    return exitCodeOfError(error);
  }
}

/** The help page that was asked for. */
async function helpOf({ whole }: { readonly whole: boolean }): Promise<string> {
  const { helpPage, runPage } = await import("./help.ts");
  return whole ? runPage() : helpPage();
}

if (import.meta.main) {
  const { writeAll } = await import("./terminal.ts");
  Deno.exit(
    await main(Deno.args, {
      stdout: (text) => {
        try {
          writeAll(Deno.stdout, text);
        } catch (error) {
          // Whoever reads has seen enough, as `head` does.
          if (error instanceof Deno.errors.BrokenPipe) Deno.exit(0);
          throw error;
        }
      },
      stderr: (text) => writeAll(Deno.stderr, text),
      deno: Deno.version.deno,
    }),
  );
}
