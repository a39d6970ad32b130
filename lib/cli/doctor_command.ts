/** `rlm doctor`: looks at everything that a run needs, and says of each thing that is missing what to do about it. */
import { ExitCode } from "./exit_code.ts";
import { type Check, type Finding, MODEL_CHECKS, SANDBOX_CHECKS } from "./doctor_checks.ts";
import { attemptEscapes } from "./escape_attempts.ts";
import { sharedFlags } from "./flags.ts";
import { Interrupt } from "./interrupt.ts";
import { messageOf } from "./messages.ts";
import { readRunArguments, type RunArguments } from "./arguments.ts";
import { json } from "./answer.ts";
import type { Subcommand } from "./subcommand.ts";
import { stderrScreen, Terminal } from "./terminal.ts";
import { UsageError } from "./usage_error.ts";

/** The subcommand. */
export const DOCTOR: Subcommand = {
  name: "doctor",
  usage: "[flags]",
  about: [
    "Checks what a run needs: Deno, permissions, Pyodide, snapshot, a sandbox, keys,",
    "and the model, if one is named: it is asked for one word, which may cost a",
    "fraction of a cent. --sandbox tries to break out of the sandbox in many ways.",
  ],
  flags: [
    { name: "sandbox", help: "also try to break out, and print what was refused" },
    ...sharedFlags("model", "base-url"),
    { name: "json", help: "print an array of findings" },
  ],
  words: [],
  exitCodes: ["Exit codes: 0 all is well, 2 usage, 4 model or key, 5 sandbox"],
  async run(words, { stdout }) {
    if (words.rest.length > 0) {
      throw new UsageError(`rlm doctor takes no words, got ${words.rest[0]}: leave it out`);
    }
    const terminal = new Terminal(stderrScreen());
    using interrupt = new Interrupt(() => terminal.line("interrupted: ending the checks"));
    const isJson = words.on("json");
    const findings: Finding[] = [];
    const patient: Patient = {
      run: readRunArguments(words, ""),
      escapes: words.on("sandbox"),
      signal: interrupt.signal,
      onCheck: (title) => terminal.live([`looking at: ${title}`]),
    };
    for await (const finding of diagnose(patient)) {
      findings.push(finding);
      terminal.live([]);
      if (!isJson) stdout(`${line(finding)}\n`);
    }
    if (isJson) stdout(`${json(findings, 2)}\n`);
    const failed = findings.filter(({ status }) => status === "failed");
    if (failed.some(({ area }) => area === "sandbox")) return ExitCode.sandbox;
    return failed.length > 0 ? ExitCode.model : ExitCode.ok;
  },
};

/** What the checks are made with. */
interface Patient extends Examination {
  readonly escapes: boolean;
}

/** What a single check is made with. */
interface Examination {
  readonly run: RunArguments;
  readonly signal: AbortSignal;
  readonly onCheck: (title: string) => void;
}

/** Makes the checks; attempts to break out need a sandbox that works. */
async function* diagnose(patient: Patient): AsyncGenerator<Finding> {
  let works = true;
  for await (const finding of makeAll(SANDBOX_CHECKS, patient)) {
    yield finding;
    works &&= finding.status !== "failed";
  }
  if (patient.escapes && works) yield* breakOut(patient);
  yield* makeAll(MODEL_CHECKS, patient);
}

/** Makes checks, but for those that need one which failed or was not made itself. */
export async function* makeAll(
  checks: readonly Check[],
  examination: Examination,
): AsyncGenerator<Finding> {
  const hopeless = new Set<string>();
  for (const check of checks) {
    if (check.needs !== undefined && hopeless.has(check.needs)) {
      hopeless.add(check.title);
      continue;
    }
    const finding = await make(check, examination);
    if (finding.status === "failed") hopeless.add(check.title);
    yield finding;
  }
}

/** Tries to break out; an attempt that succeeds is a failure. */
async function* breakOut({ signal, onCheck }: Examination): AsyncGenerator<Finding> {
  onCheck("attempts to break out");
  try {
    for await (const { title, refusal } of attemptEscapes(signal)) {
      yield {
        area: "sandbox",
        title: `attempt at ${title}`,
        status: refusal === null ? "failed" : "ok",
        detail: refusal === null
          ? "it succeeded; run no code that you do not trust, and report this"
          : `refused, ${refusal}`,
      };
    }
  } catch (error) {
    signal.throwIfAborted();
    yield failure({ area: "sandbox", title: "attempts to break out" }, error);
  }
}

async function make(check: Check, { run, signal, onCheck }: Examination): Promise<Finding> {
  const { area, title } = check;
  onCheck(title);
  try {
    return { area, title, ...await check.look(run, signal) };
  } catch (error) {
    signal.throwIfAborted();
    return failure({ area, title }, error);
  }
}

function failure(check: Pick<Finding, "area" | "title">, error: unknown): Finding {
  return { ...check, status: "failed", detail: messageOf(error).replace(/^rlm: /, "") };
}

const MARK = { ok: "ok    ", note: "note  ", failed: "FAILED" } as const;

function line({ status, title, detail }: Finding): string {
  return `${MARK[status]}  ${title}: ${detail}`;
}
