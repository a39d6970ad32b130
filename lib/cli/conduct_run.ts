/** Sees a run through to an exit code: events are shown, the answer is printed, whatever ends it is told in one line. */
import { RlmError } from "../errors.ts";
import type { SandboxOptions } from "../host/sandbox.ts";
import type { RunOptions, RunRecord } from "../rlm_options.ts";
import type { RlmEvent } from "../trace/events.ts";
import { answerText, json, type Outcome, outcomeJson } from "./answer.ts";
import type { RunArguments } from "./arguments.ts";
import { ExitCode, exitCodeOf, exitCodeOfError } from "./exit_code.ts";
import type { HtmlPage } from "./html_page.ts";
import { Interrupt } from "./interrupt.ts";
import { messageOf } from "./messages.ts";
import { Renderer } from "./render.ts";
import { stderrScreen, Terminal } from "./terminal.ts";
import { UsageError } from "./usage_error.ts";

/** A run of the command under way. */
export interface Session {
  readonly run: RunArguments;
  readonly terminal: Terminal;
  readonly renderer: Renderer;
  readonly stdout: (text: string) => void;
  readonly signal: AbortSignal;
  /** What the events told so far. */
  readonly seen: Seen;
  /** The page of `--html`. */
  readonly page: HtmlPage | null;
}

/** What is kept of a run's events, for the case that it ends without a result. */
interface Seen {
  /** The root run, once it has begun; what fails before that was a mistake in the arguments. */
  rootId: string | null;
  /** The last answer that a cell gave, accepted or not. */
  submitted: Readonly<Record<string, unknown>> | null;
  usage: Outcome["usage"];
}

/** Conducts a run that `work` starts with {@linkcode runOptions}. */
export async function conductRun(
  run: RunArguments,
  stdout: (text: string) => void,
  work: (session: Session) => Promise<RunRecord>,
): Promise<ExitCode> {
  const terminal = new Terminal(stderrScreen());
  using renderer = new Renderer(terminal, run.detail);
  using interrupt = new Interrupt(() => {
    terminal.line("interrupted: ending the run; press Ctrl-C again to quit at once");
  }, (code) => {
    renderer[Symbol.dispose]();
    Deno.exit(code);
  });
  const seen: Seen = { rootId: null, submitted: null, usage: null };
  const page = await pageOf(run, terminal);
  const { signal } = interrupt;
  const session: Session = { run, terminal, renderer, stdout, signal, seen, page };
  try {
    const { outputs, stopReason, trajectory, usage } = await work(session);
    const seconds = renderer.tally.seconds();
    const turns = trajectory.length;
    report(session, { fields: outputs, stopReason, error: null, turns, seconds, usage });
    return exitCodeOf(stopReason);
  } catch (error) {
    const cause = seen.rootId === null ? asMistake(error) : error;
    renderer[Symbol.dispose]();
    const interrupted = interrupt.signal.aborted;
    terminal.line(interrupted ? `rlm: interrupted${howToGoOn(session)}` : messageOf(cause));
    report(session, failure(session, interrupted ? "aborted" : "error", cause));
    return interrupted ? ExitCode.interrupted : exitCodeOfError(cause);
  } finally {
    await page?.written();
  }
}

/** The page of `--html`, if it is wanted; the viewer is loaded for it alone. */
async function pageOf(
  { html, question }: RunArguments,
  terminal: Terminal,
): Promise<HtmlPage | null> {
  if (html === null) return null;
  const { HtmlPage } = await import("./html_page.ts");
  const page = new HtmlPage(html, (error) => {
    terminal.line(
      terminal.paint("warn", `--html ${html}: the page cannot be written, ${whyNot(error)}`),
    );
  });
  page.describe(question === "" ? {} : { title: question });
  return page;
}

function whyNot(error: unknown): string {
  return error instanceof Deno.errors.NotFound
    ? "there is no such folder"
    : messageOf(error).replace(/^rlm: /, "");
}

/** What was paid for is in the journal, if there is one and anything had begun. */
function howToGoOn({ run: { journal }, seen }: Session): string {
  return journal === null || seen.rootId === null ? "" : `; to go on: rlm resume ${journal}`;
}

/** What a run is started with, so that the session sees its events and can end it. */
export function runOptions(session: Session): Required<Pick<RunOptions, "signal" | "onEvent">> {
  return { signal: session.signal, onEvent: (event) => listen(session, event) };
}

/** What the guest may reach. */
export function sandboxOf({ allow, packages, packagesFrom }: RunArguments): SandboxOptions {
  return { ...allow, packages, ...(packagesFrom === null ? {} : { packagesFrom }) };
}

/** Shows an event and keeps what may be needed of it. */
function listen({ run, renderer, stdout, seen, page }: Session, event: RlmEvent): void {
  if (event.type === "run_start") seen.rootId ??= event.runId;
  if (event.runId === seen.rootId) {
    if (event.type === "submission") seen.submitted = event.value;
    if (event.type === "run_end") seen.usage = event.usage;
  }
  renderer.show(event);
  page?.add(event);
  if (run.output === "stream-json") stdout(`${json(event)}\n`);
}

/** The outcome of a run that threw, with the best answer it had given when it was interrupted. */
function failure(session: Session, stopReason: "aborted" | "error", error: unknown): Outcome {
  const { renderer, seen } = session;
  return {
    fields: stopReason === "aborted" ? seen.submitted : null,
    stopReason,
    error: error instanceof Error ? error.message : String(error),
    turns: renderer.tally.turn,
    seconds: renderer.tally.seconds(),
    usage: seen.usage ?? (error instanceof RlmError ? error.usage : null),
  };
}

/** Prints the answer in the form that was asked for, and the figures when the run had begun. */
function report({ run, renderer, terminal, stdout, seen }: Session, outcome: Outcome): void {
  renderer[Symbol.dispose]();
  const { fields, stopReason } = outcome;
  if (run.detail !== "quiet" && seen.rootId !== null) terminal.line(renderer.summary());
  if (fields !== null && stopReason !== "submitted") {
    terminal.line(terminal.paint("warn", ORIGIN_OF_ANSWER[stopReason]));
  }
  if (run.output === "text") {
    if (fields !== null) stdout(`${answerText(fields)}\n`);
  } else if (seen.rootId !== null) {
    stdout(`${outcomeJson(outcome, run.output === "json" ? 2 : 0)}\n`);
  }
}

/** What to know of an answer that was not submitted and accepted. */
const ORIGIN_OF_ANSWER = {
  extracted: "the answer was put together from what the turns had found, after the last turn",
  budget: "the answer was put together from what the turns had found, after a limit was reached",
  direct: "the answer is one reply to the whole input, without Python",
  aborted: "the answer is the last one given before the interruption, and was not accepted yet",
  error: "the run failed",
} as const;

/** What the library refused before anything was started is a mistake in the arguments. */
function asMistake(error: unknown): unknown {
  const isMistake = error instanceof TypeError || error instanceof RangeError ||
    (error instanceof RlmError && error.name === "JournalError");
  return isMistake ? new UsageError(error.message, { cause: error }) : error;
}
