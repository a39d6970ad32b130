/** Says where a request differs from what was recorded, so that one sees at once which cell went another way. */
import type { Message } from "../models/language_model.ts";
import { isRoot, type RecordedCall } from "./recorded_call.ts";
import type { Question, Recording } from "./recording.ts";

/** Characters shown before and after the first difference. */
const BEFORE = 40;
const AFTER = 60;

/** Tells in one line why a question is not in the recording. */
export function describeDifference(question: Question, recording: Recording): string {
  const call = closest(question, recording.left);
  if (call === null) return `the recording has no more calls, and ${asked(question)} is asked`;
  const difference = firstDifference(question, call, recording);
  if (difference === null) {
    return `the request${inTurn(call)} came before that${inTurn(recording.nextRoot)}`;
  }
  if (recording.count(question) > 0) {
    return `${asked(question)} is asked more often than it was recorded`;
  }
  return `${subject(call, difference)}: ${difference.where} differs from character ` +
    `${difference.character + 1} on: recorded ${difference.recorded}, given ${difference.given}`;
}

/** Tells where a text differs from the recorded one, as in "the output differs…". */
export function describeTextDifference(recorded: string, given: string): string {
  const seen = excerpts(recorded, given);
  return `differs from character ${
    seen.character + 1
  } on: recorded ${seen.recorded}, given ${seen.given}`;
}

interface Difference {
  /** Index of the message, that of the last plus one for the schema. */
  readonly message: number;
  /** The same in words. */
  readonly where: string;
  /** Index in the text. */
  readonly character: number;
  readonly recorded: string;
  readonly given: string;
}

/** The call that has most in common with the question from its beginning; of several the first. */
function closest(question: Question, calls: readonly RecordedCall[]): RecordedCall | null {
  let best: RecordedCall | null = null;
  let most = -1;
  for (const call of calls) {
    const common = commonLength(question.messages, call.request.messages);
    if (common > most) [best, most] = [call, common];
  }
  return best;
}

/** Names what is at fault: the output of a cell, where that is what a message tells. */
function subject(call: RecordedCall, { message }: Difference): string {
  const { messages, role } = call.request;
  if (!isRoot(call)) {
    const what = role === "sub" ? "a sub-call" : "a request of a child run";
    return `${what}${inTurn(call)} was not recorded; the closest one`;
  }
  const tellsOutput = message === messages.length - 1 && messages.length > 2;
  return tellsOutput
    ? `the output of the cell of turn ${(call.turn ?? 1) - 1} is not the recorded one`
    : `the request${inTurn(call)} is not the recorded one`;
}

function firstDifference(
  question: Question,
  call: RecordedCall,
  recording: Recording,
): Difference | null {
  const { request } = call;
  const [given, recorded] = [question.messages, request.messages];
  const comparable = (message: Message | undefined) => recording.comparable(textOf(message), call);
  for (let message = 0; message < Math.max(given.length, recorded.length); message++) {
    const [ours, theirs] = [comparable(given[message]), comparable(recorded[message])];
    if (ours === theirs) continue;
    return { message, where: `message ${message + 1}`, ...excerpts(theirs, ours) };
  }
  const schemas = [
    JSON.stringify(request.schema),
    JSON.stringify(question.schema ?? null),
  ] as const;
  if (schemas[0] === schemas[1]) return null;
  return { message: given.length, where: "the schema", ...excerpts(...schemas) };
}

function inTurn(call: RecordedCall | null): string {
  return call?.turn == null ? "" : ` of turn ${call.turn}`;
}

/** A missing message reads as one that is empty. */
function textOf(message: Message | undefined): string {
  return message?.content ?? "";
}

function excerpts(recorded: string, given: string): Omit<Difference, "message" | "where"> {
  const character = commonPrefix(recorded, given);
  const excerpt = (text: string) => {
    const [start, end] = [Math.max(0, character - BEFORE), character + AFTER];
    const [head, tail] = [start > 0 ? "…" : "", end < text.length ? "…" : ""];
    return JSON.stringify(head + text.slice(start, end).toWellFormed() + tail);
  };
  return { character, recorded: excerpt(recorded), given: excerpt(given) };
}

function commonLength(a: readonly Message[], b: readonly Message[]): number {
  let length = 0;
  for (let n = 0; n < Math.min(a.length, b.length); n++) {
    const [first, second] = [textOf(a[n]), textOf(b[n])];
    // Most messages of a conversation are the very same text, which is seen at once.
    if (first !== second) return length + commonPrefix(first, second);
    length += first.length + 1;
  }
  return length;
}

function commonPrefix(a: string, b: string): number {
  const end = Math.min(a.length, b.length);
  let length = 0;
  while (length < end && a.charCodeAt(length) === b.charCodeAt(length)) length++;
  return length;
}

function asked({ messages }: Question): string {
  const text = messages.at(-1)?.content ?? "";
  return JSON.stringify(text.length > AFTER ? text.slice(0, AFTER).toWellFormed() + "…" : text);
}
