/** Shows a run on stderr while it happens: a few lines for each turn, and on a terminal what is open at this moment. */
import { count, makeVisible } from "../engine/shown_text.ts";
import type { RlmEvent } from "../trace/events.ts";
import { CellCalls } from "./cell_calls.ts";
import { cut } from "./columns.ts";
import { LiveTree } from "./live_tree.ts";
import { dollars, duration, plural, Tally } from "./tally.ts";
import type { Terminal, Tone } from "./terminal.ts";

/** How much is shown. */
export type Detail = "quiet" | "normal" | "verbose";

const SHOWN_LINES = 6;

/** Live lines at most, and the share of the window that they may take. */
const LIVE_LINES = 8;
const LIVE_SHARE = 1 / 3;

/** Milliseconds of silence before the first turn after which a reason is given. */
const SLOW_START_MS = 2_000;

/** Turns events into lines. Dispose it to stop the clock and remove the live lines. */
export class Renderer {
  readonly #terminal: Terminal;
  readonly #detail: Detail;
  readonly #tally = new Tally();
  readonly #tree = new LiveTree(this.#tally);
  readonly #depths = new Map<string, number>();
  readonly #cellCalls = new CellCalls();
  /** Sub-calls that are open; what fails elsewhere ends the run, and is told there. */
  readonly #subCalls = new Set<string>();
  #inputCharacters = 0;
  #clock: ReturnType<typeof setInterval> | null = null;
  #slowStart: ReturnType<typeof setTimeout> | undefined;

  /** Writes to a terminal; a quiet one shows warnings only. */
  constructor(terminal: Terminal, detail: Detail = "normal") {
    this.#terminal = terminal;
    this.#detail = detail;
    if (terminal.isTerminal && detail !== "quiet") {
      this.#clock = setInterval(() => this.#draw(), 100);
    }
  }

  /** Figures of the run so far. */
  get tally(): Tally {
    return this.#tally;
  }

  /** Says what is done before the run begins. */
  stage(name: string): void {
    this.#tree.stage(name);
    if (this.#clock !== null) this.#draw();
  }

  /** Shows one event. */
  show(event: RlmEvent): void {
    this.#tally.add(event);
    this.#tree.add(event);
    if (event.type === "warning") {
      this.#print(event, "warn", `warning: ${makeVisible(event.message)}`);
    }
    if (this.#detail !== "quiet") this.#showProgress(event);
    // Last, because the end of a cell is told with the calls that it made.
    this.#cellCalls.add(event);
  }

  /** Says in one line what the run cost and how much of the input a model was shown. */
  summary(): string {
    const tally = this.#tally;
    const cached = tally.cachedTokens > 0 ? ` (${count(tally.cachedTokens)} cached)` : "";
    return [
      plural(tally.turn, "turn"),
      plural(tally.modelCalls, "model call"),
      `${tally.isLowerBound ? "at least " : ""}${count(tally.tokens)} tokens${cached}`,
      dollars(tally.cost),
      duration(tally.seconds()),
      ...(this.#inputCharacters > 0 ? [this.#share()] : []),
    ].join(" · ");
  }

  /** Stops the clock and removes the live lines. */
  [Symbol.dispose](): void {
    if (this.#clock !== null) clearInterval(this.#clock);
    this.#clock = null;
    clearTimeout(this.#slowStart);
    this.#terminal.live([]);
  }

  #draw(): void {
    const { liveColumns: columns, rows } = this.#terminal;
    const lines = Math.max(1, Math.min(LIVE_LINES, Math.floor(rows * LIVE_SHARE)));
    this.#terminal.live(this.#tree.lines({ columns, lines }));
  }

  #showProgress(event: RlmEvent): void {
    switch (event.type) {
      case "run_start":
        this.#runStart(event);
        break;
      case "turn_start":
        clearTimeout(this.#slowStart);
        this.#print(event, "strong", `turn ${event.turn} of at most ${event.maxIterations}`);
        break;
      case "direct":
        clearTimeout(this.#slowStart);
        this.#print(
          event,
          "strong",
          `one call with the whole input, ${count(event.tokens)} tokens`,
        );
        break;
      case "cell_start":
        this.#cellStart(event);
        break;
      case "model_request":
        if (event.role === "sub") this.#subCalls.add(event.callId);
        break;
      case "model_reply":
        this.#subCalls.delete(event.callId);
        break;
      case "cell_end":
        this.#cellEnd(event);
        break;
      case "submission":
        this.#submission(event);
        break;
      case "model_error":
        if (this.#subCalls.delete(event.callId)) {
          this.#print(event, "warn", `  ${makeVisible(event.error.message)}`);
        }
        break;
      case "budget":
        this.#print(event, "warn", `  ${event.cap} reached: ${event.used} of ${event.allowed}`);
        break;
      case "compaction":
        this.#print(event, "faint", `  dropped ${plural(event.droppedMessages, "older message")}`);
        break;
    }
  }

  #runStart(event: RlmEvent & { type: "run_start" }): void {
    this.#depths.set(event.runId, event.depth);
    if (event.depth === 0) {
      const sub = event.subModel === event.model
        ? ""
        : `, sub-calls ${makeVisible(event.subModel)}`;
      this.#print(event, "faint", `model ${makeVisible(event.model)}${sub}`);
      this.#slowStart = setTimeout(() => {
        const why = "Python starts and gets the input; the first start takes some seconds";
        this.#print(event, "faint", why);
      }, SLOW_START_MS);
    } else this.#print(event, "faint", `child run at depth ${event.depth}`);
  }

  #cellStart(event: RlmEvent & { type: "cell_start" }): void {
    const reasoning = makeVisible(event.reasoning).trim();
    if (reasoning !== "") this.#block(event, "faint", "  ", reasoning);
    this.#block(event, "code", "  > ", makeVisible(event.code).trim());
  }

  #cellEnd(event: RlmEvent & { type: "cell_end" }): void {
    const { cell } = event;
    const seconds = duration(cell.durationMs / 1000);
    const calls = this.#cellCalls.line(event.stepId);
    if (calls !== "") this.#print(event, "faint", `  ${calls} · ${seconds}`);
    const printed = [cell.stdout, cell.stderr, cell.value ?? ""].map((text) => text.trimEnd())
      .filter((text) => text !== "").join("\n").replace(/^\n+/, "");
    if (printed !== "") this.#block(event, "faint", "  | ", makeVisible(printed));
    if (cell.error !== null) {
      this.#print(event, "bad", `  ${makeVisible(`${cell.error.type}: ${cell.error.message}`)}`);
    } else if (cell.status === "lost") {
      this.#print(event, "bad", "  the sandbox was lost");
    } else if (cell.status === "timeout") {
      this.#print(event, "bad", `  stopped after ${seconds}`);
    }
  }

  #submission(event: RlmEvent & { type: "submission" }): void {
    if (event.accepted) return this.#print(event, "good", "  answer submitted");
    for (const { path, wanted, got } of event.issues) {
      this.#print(
        event,
        "warn",
        `  answer refused: ${makeVisible(path)} should be ${makeVisible(wanted)}, got ${
          makeVisible(got)
        }`,
      );
    }
  }

  /** Prints some lines with a margin; unless verbose, the first few. */
  #block(event: RlmEvent, tone: Tone, margin: string, text: string): void {
    const lines = text.split("\n");
    const shown = this.#detail === "verbose" ? lines : lines.slice(0, SHOWN_LINES);
    for (const line of shown) this.#print(event, tone, `${margin}${line}`);
    const rest = lines.length - shown.length;
    if (rest > 0) this.#print(event, "faint", `${margin}… ${plural(rest, "more line")}`);
  }

  /** Prints one line, indented by depth and cut to the width unless it is a complaint. */
  #print(event: RlmEvent, tone: Tone, text: string): void {
    const line = text.replaceAll("\n", " ").replaceAll("\t", "    ").trimEnd();
    const indented = `${"  ".repeat(this.#depths.get(event.runId) ?? 0)}${line}`;
    const whole = this.#detail === "verbose" || tone === "warn" || tone === "bad";
    const width = whole ? Infinity : this.#terminal.columns;
    this.#terminal.line(this.#terminal.paint(tone, cut(indented, width)));
  }

  /** Tells how large the input is, so that the summary can say what share was shown to a model. */
  input(characters: number): void {
    this.#inputCharacters = characters;
  }

  /** A small input may be shown whole, and the prompt beside it. */
  #share(): string {
    const { seenCharacters } = this.#tally;
    const share = seenCharacters / this.#inputCharacters;
    const [seen, all] = [count(seenCharacters), count(this.#inputCharacters)];
    return share < 1
      ? `the model saw ${seen} characters of ${all} (${(100 * share).toPrecision(2)} %)`
      : `the model saw ${seen} characters, the input has ${all}`;
  }
}
