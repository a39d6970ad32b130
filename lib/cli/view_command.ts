/** `rlm view JOURNAL`: writes what a journal tells as a page to look at, or in the form of another tool. */
import type { RlmEvent } from "../trace/events.ts";
import type { JournalContent } from "../trace/journal_reader.ts";
import { writeWhole } from "./html_page.ts";
import { openJournal } from "./recorded_run.ts";
import { onlyWord, type Subcommand } from "./subcommand.ts";
import { UsageError } from "./usage_error.ts";

/** What can be written, by the name of its format: the ending of the file's name, and how it is made. */
const FORMATS: Readonly<Record<string, Format>> = {
  html: {
    ending: ".html",
    render: async (content, path) => {
      const { renderViewer } = await import("../trace/viewer.ts");
      return renderViewer(content.events, await pageFacts(content, path));
    },
  },
  trace: {
    ending: ".trace.json",
    render: async ({ events }) => {
      const { chromeTraceOf } = await import("../trace/chrome_trace.ts");
      return `${JSON.stringify(chromeTraceOf(events))}\n`;
    },
  },
  graph: {
    ending: ".graph.json",
    render: async ({ events }) => {
      const { graphOf } = await import("../trace/graph.ts");
      return `${JSON.stringify(graphOf(events), null, 2)}\n`;
    },
  },
  graphml: {
    ending: ".graphml",
    render: async ({ events }) => (await import("../trace/graph.ts")).graphmlOf(events),
  },
  "rlm-jsonl": {
    ending: ".rlm.jsonl",
    render: async ({ events }) => (await import("../trace/rlm_jsonl.ts")).rlmJsonlOf(events),
  },
};

const NAMES = Object.keys(FORMATS);

/** One form in which a journal can be written. */
interface Format {
  readonly ending: string;
  render(content: JournalContent, path: string): Promise<string>;
}

/** The subcommand. */
export const VIEW: Subcommand = {
  name: "view",
  usage: "JOURNAL [flags]",
  about: [
    "Writes a page that shows the run: every turn, call, token and cent. One file",
    'that loads nothing; its path is printed, so xdg-open "$(rlm view run.jsonl)"',
    "shows it (macOS: open). Other formats are for other tools:",
    "  trace      Chrome trace events, for ui.perfetto.dev or speedscope",
    "  graph      nodes and edges as JSON; graphml: the same for yEd, Gephi, NetworkX",
    "  rlm-jsonl  for the visualizer of alexzhang13/rlm",
  ],
  flags: [
    { name: "format", short: "f", value: "NAME", choices: NAMES, help: NAMES.join(", ") },
    { name: "out", short: "o", value: "FILE", help: "write there (default: beside the journal)" },
  ],
  exitCodes: ["Exit codes: 0 written, 2 usage or no journal"],
  async run(words, { stdout }) {
    const path = onlyWord(words, VIEW);
    const name = words.text("format") ?? "html";
    const format = Object.hasOwn(FORMATS, name) ? FORMATS[name] : undefined;
    if (format === undefined) {
      throw new UsageError(`--format ${name}: give one of ${NAMES.join(", ")}`);
    }
    const out = words.text("out") ?? `${path.replace(/\.jsonl$/, "")}${format.ending}`;
    const text = await format.render(await openJournal(path), path);
    if (out === "-") {
      stdout(text);
      return 0;
    }
    if (await isSameFile(out, path)) {
      throw new UsageError(`--out ${out}: that is the journal itself, name another file`);
    }
    await writeWhole(out, text).catch((error: unknown) => {
      const isMissing = error instanceof Deno.errors.NotFound;
      if (!isMissing) throw error;
      throw new UsageError(`--out ${out}: it cannot be written, there is no such folder`, {
        cause: error,
      });
    });
    stdout(`${out}\n`);
    return 0;
  },
};

/** What the page says beside the events: the question and the size of the inputs, where the journal has them. */
async function pageFacts(
  { events, inputs }: JournalContent,
  path: string,
): Promise<{ title: string; inputChars?: number }> {
  const kept = await inputs?.() ?? {};
  const title = questionIn(kept) ?? path.split(/[\\/]/).at(-1) ?? path;
  const names = inputNames(events);
  // Inputs that were too large to be kept would be missing from the sum.
  if (names.length === 0 || names.some((name) => !(name in kept))) return { title };
  return { title, inputChars: names.reduce((sum, name) => sum + charactersOf(kept[name]), 0) };
}

/** The question among the inputs, by the names that it usually has. */
export function questionIn(inputs: Readonly<Record<string, unknown>>): string | null {
  const question = inputs.query ?? inputs.question ?? inputs.task;
  return typeof question === "string" && question.trim() !== "" ? question.trim() : null;
}

function inputNames(events: readonly RlmEvent[]): string[] {
  const start = events.find((event) => event.type === "run_start");
  return start?.type === "run_start" ? start.inputs.map(({ name }) => name) : [];
}

/** Characters of all texts in a value. */
function charactersOf(value: unknown): number {
  if (typeof value === "string" || value instanceof Uint8Array) return value.length;
  if (typeof value !== "object" || value === null) return String(value).length;
  const items = value instanceof Map ? [...value.values()] : Object.values(value);
  return items.reduce((sum: number, item) => sum + charactersOf(item), 0);
}

/** Whether both names lead to one file. */
async function isSameFile(a: string, b: string): Promise<boolean> {
  const [one, other] = await Promise.all(
    [a, b].map((path) => Deno.realPath(path).catch(() => null)),
  );
  return one !== null && one === other;
}
