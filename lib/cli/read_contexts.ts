/** Reads the contexts of a run and lists on stderr what was taken. */
import { count, makeVisible } from "../engine/shown_text.ts";
import type { RunArguments } from "./arguments.ts";
import { isPiped, loadContexts, type LoadedContext } from "./context.ts";
import type { Terminal } from "./terminal.ts";
import { UsageError } from "./usage_error.ts";

/** Loads what was named, or what is piped in, and says what was taken. */
export async function readContexts(
  run: RunArguments,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<LoadedContext[]> {
  const quiet = run.detail === "quiet";
  let sources = run.contexts;
  if (sources.length === 0) {
    if (!isPiped()) {
      throw new UsageError("no context: name what to read with -c FILE, or pipe it in");
    }
    sources = [{ name: null, source: "-" }];
  }
  if (!quiet && sources.some(({ source }) => source === "-")) {
    terminal.line("reading standard input");
  }
  const contexts = await loadContexts(sources, { maxBytes: run.maxContextBytes, signal });
  if (!quiet) { for (const context of contexts) list(terminal, context, run.detail === "verbose"); }
  return contexts;
}

const LISTED = 5;

/** One line for a context, then its files and what a person should know of them. */
function list(terminal: Terminal, context: LoadedContext, whole: boolean): void {
  const { name, value, files, characters, notes } = context;
  const unit = value instanceof Uint8Array ? "bytes" : "characters";
  terminal.line(
    `${name}: ${count(characters)} ${unit} in ${count(files)} ${files === 1 ? "file" : "files"}`,
  );
  const paths = typeof value === "string" || value instanceof Uint8Array ? [] : Object.keys(value);
  for (const lines of [paths, notes]) {
    const shown = whole ? lines : lines.slice(0, LISTED);
    for (const line of shown) terminal.line(terminal.paint("faint", `  ${makeVisible(line)}`));
    const more = lines.length - shown.length;
    if (more > 0) terminal.line(terminal.paint("faint", `  … ${count(more)} more`));
  }
}
