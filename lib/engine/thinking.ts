/** Splits a reply into what a model thought aloud in tags and what it said. */

/** A reply without its thinking, and the thinking. */
export interface Spoken {
  readonly text: string;
  readonly thinking: string;
}

const TAG = "(?:think|thinking|reasoning|thought)";
const OPENING = new RegExp(`^[ \\t]*<${TAG}>`, "i");
const CLOSING = new RegExp(`</${TAG}>`, "i");
const FENCE = /^[ \t]*(`{3,}|~{3,})/;

/**
 * Takes `<think>…</think>` out of a reply. A tag counts only at the start of a line outside code, so that
 * Python which handles such tags stays whole. A closing tag without an opening one ends thinking that began
 * in the model's chat template; an opening tag without a closing one thinks to the end.
 */
export function splitThinking(reply: string): Spoken {
  if (!reply.includes("<")) return { text: reply, thinking: "" };
  const spoken: string[] = [];
  const thought: string[] = [];
  let text = reply;
  const orphan = orphanClosing(text);
  if (orphan !== null) {
    thought.push(text.slice(0, orphan.start));
    text = text.slice(orphan.end);
  }
  let fence: string | null = null;
  let rest = text;
  while (rest !== "") {
    const end = rest.indexOf("\n");
    const line = end < 0 ? rest : rest.slice(0, end + 1);
    const opening = fence === null ? OPENING.exec(line) : null;
    if (opening !== null) {
      const after = rest.slice(opening[0].length);
      const closing = CLOSING.exec(after);
      thought.push(closing === null ? after : after.slice(0, closing.index));
      rest = closing === null ? "" : after.slice(closing.index + closing[0].length);
      continue;
    }
    fence = nextFence(fence, line);
    spoken.push(line);
    rest = rest.slice(line.length);
  }
  return {
    text: spoken.join(""),
    thinking: thought.map((part) => part.trim()).join("\n\n").trim(),
  };
}

/** The fence that is open after a line. */
function nextFence(open: string | null, line: string): string | null {
  const mark = FENCE.exec(line)?.[1];
  if (mark === undefined) return open;
  if (open === null) return mark;
  const closes = mark[0] === open[0] && mark.length >= open.length && line.trim() === mark;
  return closes ? null : open;
}

/** Where the first closing tag stands when no opening tag comes before it and it ends or starts its line. */
function orphanClosing(text: string): { start: number; end: number } | null {
  const closing = CLOSING.exec(text);
  if (closing === null) return null;
  const before = text.slice(0, closing.index);
  if (new RegExp(`<${TAG}>`, "i").test(before)) return null;
  const end = closing.index + closing[0].length;
  const startsLine = /(^|\n)[ \t]*$/.test(before);
  const endsLine = /^[ \t\r]*(\n|$)/.test(text.slice(end));
  return startsLine || endsLine ? { start: closing.index, end } : null;
}
