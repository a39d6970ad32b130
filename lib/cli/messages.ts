/** One line for each way to fail: what could not be done, the value seen, and what to do about it. */
import { makeVisible } from "../engine/shown_text.ts";
import { type BudgetCap, BudgetError, ModelError, RlmError, SignatureError } from "../errors.ts";

/** The oldest Deno that runs the sandbox. */
export const MINIMUM_DENO = "2.7.12";

/** The line that stderr shows for an error; a signature that cannot be read is shown below it, with its place. */
export function messageOf(error: unknown): string {
  if (!(error instanceof SignatureError)) return oneLine(`rlm: ${describe(error)}`);
  const [problem = "", ...picture] = error.message.split("\n");
  return [oneLine(`rlm: ${cannot(problem)}`), ...picture.map(makeVisible)].join("\n");
}

/** The remedy when this Deno is too old, else null. */
export function tooOld(version: string): string | null {
  const [have, need] = [version, MINIMUM_DENO].map((text) =>
    text.split(/[.+-]/).slice(0, 3).map(Number)
  );
  for (let part = 0; part < 3; part++) {
    const difference = (have?.[part] ?? 0) - (need?.[part] ?? 0);
    if (difference > 0) return null;
    if (difference < 0) {
      return `rlm: Deno ${version} is too old: run deno upgrade to get ${MINIMUM_DENO} or later`;
    }
  }
  return null;
}

/** What happened, in the words of whoever found out. */
function describe(error: unknown): string {
  if (error instanceof Deno.errors.NotCapable) return describeMissingPermission(error);
  if (error instanceof DOMException && error.name === "AbortError") {
    return "interrupted before there was an answer";
  }
  if (error instanceof ModelError) return inFlags(error.message);
  if (error instanceof BudgetError) return cannot(withFlag(error));
  if (error instanceof RlmError) return cannot(error.message);
  if (error instanceof Error) return error.message || error.name;
  return String(error);
}

/** Deno's own message is long; the flag is what a person needs. */
function describeMissingPermission(error: Error): string {
  const access = /Requires (\w+) access(?: to (.+?))?(?:,|$)/.exec(error.message);
  const flag = /--allow-[a-z]+/.exec(error.message)?.[0];
  if (access === null || flag === undefined) return error.message;
  const [, kind, what] = access;
  const value = what === undefined || what.startsWith("<") ? "" : what.replace(/^"|"$/g, "");
  return `Deno gave no permission: ${kind} access${what === undefined ? "" : ` to ${what}`}; ` +
    `run again with ${flag}${value === "" ? "" : `=${value}`}`;
}

/** Remedies of the library are options; on the command line they are flags. */
function inFlags(message: string): string {
  return message.replace(", or pass apiKey", "").replace("pass baseUrl", "give --base-url URL");
}

/** Some of the library's messages begin with the action that failed. */
function cannot(message: string): string {
  return /^[a-z]/.test(message) ? `cannot ${message}` : message;
}

/** The library's advice about a cap is for the model; a person can raise it, or give another where it cannot be held. */
function withFlag({ message, cap }: BudgetError): string {
  const flag = FLAG_OF_CAP[cap];
  if (flag === null) return message;
  const problem = message.replace(/; .*$/, "");
  return problem.startsWith("hold ")
    ? `${problem.replace(cap, flag)}; give --max-tokens instead`
    : `${problem}; raise ${flag}`;
}

const FLAG_OF_CAP: Readonly<Record<BudgetCap, string | null>> = {
  maxIterations: "--max-turns",
  maxLlmCalls: "--max-calls",
  maxTokens: "--max-tokens",
  maxCost: "--max-cost",
  maxSeconds: "--max-seconds",
  maxDepth: "--max-depth",
  maxErrors: null,
};

/** A message never breaks the rule of one line, whatever a server put into it. */
function oneLine(message: string): string {
  return makeVisible(message.replace(/\s*\n\s*/g, " ")).trim();
}
