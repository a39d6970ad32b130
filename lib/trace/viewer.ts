/** The viewer: one self-contained HTML page that shows a run. */
import type { RlmEvent } from "./events.ts";
import { type ViewerData, viewerDataOf } from "./viewer_data.ts";
import { PAGE_SCRIPT, PAGE_SCRIPT_HASH, PAGE_STYLE, PAGE_STYLE_HASH } from "./viewer_page.ts";
import { ViewerTexts } from "./viewer_texts.ts";

/** Options of {@linkcode renderViewer}. */
export interface ViewerOptions {
  /** Shown at the top, such as the question. @default {"A run"} */
  readonly title?: string;
  /** Characters of the inputs, to tell which share of them was seen. Default: what the run itself tells. */
  readonly inputChars?: number;
  /**
   * Characters of all texts together that are kept whole; after that many, long texts lose their middle.
   * @default {200_000_000}
   */
  readonly maxChars?: number;
  /**
   * Address of the run's events on the server that serves the page: while the run goes on, the page listens there and
   * reads itself again when something has happened. Default: none, and it reads itself again every 3 s.
   */
  readonly live?: string;
}

/**
 * Renders the events of a run as one HTML file. It loads nothing, needs no server, and shows what is in the events
 * as text only: nothing in them can run. While the run goes on it reloads itself, so that writing it again is enough to
 * follow the run.
 *
 * @example
 * ```ts ignore
 * const { events } = await readJournal("run.jsonl");
 * await Deno.writeTextFile("run.html", renderViewer(events));
 * ```
 */
export function renderViewer(events: readonly RlmEvent[], options: ViewerOptions = {}): string {
  const { title = "A run", inputChars = null, maxChars = 200_000_000, live = null } = options;
  const texts = new ViewerTexts(maxChars);
  const data = viewerDataOf(events, { title, inputChars, live }, texts);
  const blocks = [
    block("run", data),
    ...texts.chunks().map((chunk, number) => block(`texts-${number}`, chunk)),
  ];
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policyOf(data)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${escapeHtml(`${title} · rlm`)}</title>
<link rel="icon" href="data:,">
${data.running ? '<noscript><meta http-equiv="refresh" content="3"></noscript>\n' : ""}\
<style>${PAGE_STYLE}</style>
</head>
<body>
<noscript>This page shows a run with the script that is in it: please allow that script.</noscript>
${blocks.join("\n")}
<script>${PAGE_SCRIPT}</script>
</body>
</html>
`;
}

/**
 * The page's own script and style, known by their hashes, and nothing else: no other script, no network. A page that
 * follows a run from its server may listen there.
 */
function policyOf({ running, live }: ViewerData): string {
  return [
    "default-src 'none'",
    ...(running && live !== null ? ["connect-src 'self'"] : []),
    `script-src '${PAGE_SCRIPT_HASH}'`,
    `style-src '${PAGE_STYLE_HASH}'`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
}

/** Data that the page's script reads; to the browser it is text. */
function block(id: string, value: unknown): string {
  return `<script type="application/json" id="${id}">${inertJson(value)}</script>`;
}

/** JSON in which nothing can end the element it stands in, or be taken for a comment. */
function inertJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function escapeHtml(text: string): string {
  return text.replaceAll(/[<>&"'\u2028\u2029]/g, (character) => `&#${character.charCodeAt(0)};`);
}
