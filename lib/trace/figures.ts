/** The line at the end of a message that tells what is left of a run's budget, as far as recordings care for it. */

/** As the engine writes it: `[Turn 3 of 20 · sub-calls 4 of 50 used] This is the last turn…`. */
const STATUS_LINE = /^\[Turn (\d+) of \d+(?: · [^\]\n]*)?\].*$/gm;

/**
 * A message without the figures of its status line, but for the turn. They are not part of what is asked: those of
 * a child run depend on how far its siblings were, and those of a resumed run on caps that may have been raised.
 */
export function withoutFigures(text: string): string {
  return text.replace(STATUS_LINE, "[Turn $1]");
}
