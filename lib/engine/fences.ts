/** Finds the fenced code blocks of a Markdown reply, as tolerantly as models write them. */

/** One fenced block. */
export interface Fence {
  /** First word after the marks, in lower case; empty for a bare fence. */
  readonly label: string;
  readonly code: string;
  /** False when the reply ended inside the block. */
  readonly closed: boolean;
}

/** A reply taken apart. */
export interface Fenced {
  readonly fences: readonly Fence[];
  /** The text outside the blocks. */
  readonly prose: string;
}

interface Opening {
  readonly indent: string;
  readonly mark: string;
  readonly label: string;
}

const OPENING = /^([ \t]*)(`{3,}|~{3,})[ \t]*\{?\.?([\w+#.-]*)\}?[^`]*$/;
/** Labels of fences that only wrap a reply, such as a whole answer given as a Markdown document. */
const WRAPPERS = new Set(["", "markdown", "md", "text"]);

/** Takes the fenced blocks out of a text with `\n` line ends. */
export function findFences(text: string): Fenced {
  const lines = text.split("\n");
  const fences: Fence[] = [];
  const prose: string[] = [];
  for (let at = 0; at < lines.length;) {
    const line = lines[at] ?? "";
    const opening = readOpening(line);
    if (opening === null) {
      prose.push(line);
      at++;
    } else if (isDecoration(lines, at, opening)) {
      at++;
    } else {
      const end = findClosing(lines, at + 1, opening);
      const body = lines.slice(at + 1, end ?? lines.length);
      const code = body.map((each) => withoutIndent(each, opening.indent)).join("\n");
      if (code.trim() !== "") fences.push({ label: opening.label, code, closed: end !== null });
      at = end === null ? lines.length : end + 1;
    }
  }
  return { fences, prose: prose.join("\n").trim() };
}

function readOpening(line: string): Opening | null {
  const match = OPENING.exec(line);
  if (match === null) return null;
  const [, indent = "", mark = "", label = ""] = match;
  return { indent, mark, label: label.toLowerCase() };
}

/** Tells whether a fence only wraps others: a labelled one opens inside it before it is closed. */
function isDecoration(lines: readonly string[], at: number, outer: Opening): boolean {
  if (!WRAPPERS.has(outer.label)) return false;
  for (let next = at + 1; next < lines.length; next++) {
    const line = lines[next] ?? "";
    const inner = readOpening(line);
    if (inner === null) {
      // A bare fence is a wrapper only when nothing but another fence follows it.
      if (outer.label === "" && line.trim() !== "") return false;
      continue;
    }
    return inner.label !== "" && !(closes(line, outer));
  }
  return false;
}

/**
 * Finds the line that closes a block. A closing mark inside a triple-quoted string, as when the code holds
 * a prompt with a fence of its own, is passed over if the block can be closed further down.
 */
function findClosing(lines: readonly string[], from: number, opening: Opening): number | null {
  let first: number | null = null;
  let quote: string | null = null;
  for (let at = from; at < lines.length; at++) {
    const line = lines[at] ?? "";
    if (first !== null && startsNewBlock(line)) break;
    if (closes(line, opening)) {
      if (quote === null) return at;
      first ??= at;
    }
    quote = openQuoteAfter(line, quote);
  }
  return first;
}

function startsNewBlock(line: string): boolean {
  const opening = readOpening(line);
  return opening !== null && opening.indent === "" && /^(python|py|repl)/.test(opening.label);
}

function closes(line: string, opening: Opening): boolean {
  const mark = line.trim();
  return mark.length >= opening.mark.length && mark === opening.mark.charAt(0).repeat(mark.length);
}

function withoutIndent(line: string, indent: string): string {
  return indent !== "" && line.startsWith(indent) ? line.slice(indent.length) : line;
}

/** One token of Python that matters here: a comment, a triple quote, or a string on one line. */
const PYTHON_TOKEN = /#.*|"""|'''|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'/g;

/** The triple quote that is open after a line of Python, given the one that was open before it. */
function openQuoteAfter(line: string, before: string | null): string | null {
  let open = before;
  let at = 0;
  for (;;) {
    if (open !== null) {
      const end = closingQuote(line, at, open);
      if (end < 0) return open;
      at = end + open.length;
      open = null;
    }
    PYTHON_TOKEN.lastIndex = at;
    const token = PYTHON_TOKEN.exec(line)?.[0];
    if (token === undefined) return null;
    at = PYTHON_TOKEN.lastIndex;
    if (token === '"""' || token === "'''") open = token;
  }
}

/** Where a triple-quoted string ends, escapes respected; -1 when it does not. */
function closingQuote(line: string, from: number, mark: string): number {
  for (let at = from; at < line.length; at++) {
    if (line[at] === "\\") at++;
    else if (line.startsWith(mark, at)) return at;
  }
  return -1;
}
