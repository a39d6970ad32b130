/** How much of a run's input left the sandbox: printed by cells, or sent to models. */
import type { Span } from "./spans.ts";
import type { Seen } from "./viewer_data.ts";

/** Counts over all runs; `inputChars` is what the caller knows of the inputs' size. */
export function seenOf(spans: readonly Span[], inputChars: number | null): Seen {
  const sent = new Map<string, number>();
  let [printedChars, sentChars] = [0, 0];
  for (const span of spans) {
    if (span.kind === "cell") {
      const cell = span.finish?.cell;
      printedChars += cell ? cell.stdoutChars + cell.stderrChars : span.printed.length;
    }
    if (span.kind !== "model") continue;
    const { role, messages } = span.begin;
    // A root conversation only grows, so what was sent before is not counted again.
    const conversation = role === "root" || role === "extract" ? span.runId : span.id;
    const before = sent.get(conversation) ?? 0;
    for (const { content } of messages.slice(before)) sentChars += content.length;
    sent.set(conversation, Math.max(before, messages.length));
  }
  return { inputChars: inputChars ?? declaredChars(spans), printedChars, sentChars };
}

/** The characters of the outermost run's inputs, where all of them are texts. */
function declaredChars(spans: readonly Span[]): number | null {
  const root = spans.find((span) => span.kind === "run");
  if (root?.kind !== "run") return null;
  const { inputs } = root.begin;
  const isText = inputs.every(({ unit }) => unit === "characters");
  return isText ? inputs.reduce((sum, { length }) => sum + (length ?? 0), 0) : null;
}
