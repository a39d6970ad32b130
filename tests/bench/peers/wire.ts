/** How a driver talks to the bench: one JSON request per line in, one JSON answer per line out. */
import { TextLineStream } from "./lines.ts";

/** The error of a row that a peer offers nothing for; the same in `wire.py`. */
export const NOT_DRIVEN = "this row is not driven for this peer";

/** What a row asks of a driver. */
export interface DriverRequest {
  readonly row: string;
  readonly count: number;
  readonly megabytes: number;
  readonly code: string;
  readonly script: string;
  readonly baseUrl: string;
  /** Where a run that is to be killed may keep what it needs. */
  readonly folder: string;
  /** The run was killed before and is to go on. */
  readonly again: boolean;
}

/** A driver's answer: figures in milliseconds, and for some rows what happened in words. */
export type DriverAnswer = Readonly<Record<string, number | string | boolean>>;

/** The work of each row; `ready` says that the set-up is done and the limit counts from there. */
export type DriverRows = Readonly<
  Record<string, (request: DriverRequest, ready: () => Promise<void>) => Promise<DriverAnswer>>
>;

/** Answers requests with the function of their row until stdin ends. */
export async function serve(rows: DriverRows): Promise<void> {
  const lines = Deno.stdin.readable
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream());
  for await (const line of lines) {
    const request: DriverRequest = JSON.parse(line);
    const row = rows[request.row];
    const answer = row === undefined
      ? { error: NOT_DRIVEN }
      : await row(request, () => say({ ready: true })).catch((error) => ({ error: String(error) }));
    await say(answer);
  }
}

async function say(answer: DriverAnswer): Promise<void> {
  await Deno.stdout.write(new TextEncoder().encode(`${JSON.stringify(answer)}\n`));
}

/** ASCII text of so many million characters. */
export function textOf(megabytes: number): string {
  const line = "the quick brown fox jumps over the lazy dog, again and again\n";
  const size = megabytes * 1_000_000;
  return line.repeat(Math.ceil(size / line.length)).slice(0, size);
}
