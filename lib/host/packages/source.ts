/** Where wheels come from: a folder, or a server that the caller named. The only place that fetches packages. */
import { fileURLToPath } from "node:url";
import { SandboxStartError } from "../../errors.ts";
import { isUrl, refusal, shownPlace } from "./request.ts";

/** How reading a wheel is bounded. */
export interface ReadOptions {
  readonly signal: AbortSignal;
  /** Bytes that a wheel may have. @default {128 MiB} */
  readonly maxBytes?: number;
}

const MAX_WHEEL_BYTES = 128 * 1024 ** 2;
/** Files of a folder that an error names. */
const NAMED = 10;

/** The path or URL of a wheel; a bare file name lies in `from`. Throws `SandboxStartError` when that is not set. */
export function locate(wheel: string, from: string | URL | undefined): string {
  if (isUrl(wheel) || /[/\\]/.test(wheel)) return wheel;
  if (from === undefined) {
    throw refusal(wheel, "packagesFrom is not set; give the folder or the URL that has this file");
  }
  const base = String(from);
  if (!isUrl(base)) return `${base.replace(/[/\\]+$/, "")}/${wheel}`;
  const url = URL.parse(base);
  if (url === null) {
    throw refusal(wheel, `packagesFrom is ${JSON.stringify(base)}, which is no URL`);
  }
  url.pathname = `${url.pathname.replace(/\/+$/, "")}/${encodeURIComponent(wheel)}`;
  return url.href;
}

/** Whether a place is on the network, so that only a hash says what comes from there. */
export function isRemote(place: string): boolean {
  return isUrl(place) && !/^file:/i.test(place);
}

/** Reads a wheel; throws `SandboxStartError` for one that can't be had, and the signal's reason. */
export async function readWheel(
  place: string,
  options: ReadOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    if (!isRemote(place)) {
      return await readFile(isUrl(place) ? fileURLToPath(place) : place, options);
    }
    if (/^https?:/i.test(place)) return await download(place, options);
  } catch (error) {
    if (options.signal.aborted || error instanceof SandboxStartError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw refusal(place, `it can't be read (${why}); check its place`, { cause: error });
  }
  throw refusal(place, "only http:, https: and file: URLs can be read");
}

async function readFile(
  place: string,
  { signal, maxBytes = MAX_WHEEL_BYTES }: ReadOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const { size, isFile } = await Deno.stat(place);
    if (!isFile) throw refusal(place, "it is no file");
    if (size > maxBytes) throw tooLarge(place, maxBytes);
    return await Deno.readFile(place, { signal });
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) {
      const flag = `--allow-read=${place}`;
      throw refusal(place, `this program may not read it; add ${flag}`, { cause: error });
    }
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw refusal(place, `it does not exist${await neighbours(place)}`, { cause: error });
  }
}

/** The wheels beside a missing one. */
async function neighbours(path: string): Promise<string> {
  const folder = path.slice(0, path.search(/[^/\\]*$/)) || ".";
  try {
    const entries = await Array.fromAsync(Deno.readDir(folder));
    const wheels = entries.map(({ name }) => name).filter((name) => name.endsWith(".whl")).sort();
    const more = wheels.length > NAMED ? `, … ${wheels.length - NAMED} more` : "";
    return wheels.length === 0
      ? "; its folder has no wheels"
      : `; its folder has ${wheels.slice(0, NAMED).join(", ")}${more}`;
  } catch {
    return ", nor does its folder";
  }
}

async function download(
  place: string,
  { signal, maxBytes = MAX_WHEEL_BYTES }: ReadOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const response = await request(place, signal);
  if (!response.ok) {
    await response.body?.cancel();
    throw refusal(place, `the server answered ${response.status}; check packagesFrom`);
  }
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.length;
    if (size > maxBytes) throw tooLarge(place, maxBytes);
    parts.push(part);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

async function request(place: string, signal: AbortSignal): Promise<Response> {
  try {
    return await fetch(place, { signal });
  } catch (error) {
    if (signal.aborted) throw error;
    if (error instanceof Deno.errors.NotCapable) {
      const flag = `--allow-net=${new URL(place).host}`;
      throw refusal(place, `this program may not fetch it; add ${flag}`, { cause: error });
    }
    throw refusal(place, "no connection; check packagesFrom and the network", { cause: error });
  }
}

function tooLarge(place: string, maxBytes: number): Error {
  return refusal(place, `it is larger than ${maxBytes / 1024 ** 2} MiB`);
}

/** The last part of a place: what the wheel is called. */
export function fileNameOf(place: string): string {
  const path = isUrl(place) ? pathOfUrl(place) : place;
  const name = path.slice(path.search(/[^/\\]*$/));
  if (name === "") throw refusal(place, `${shownPlace(place)} names no file`);
  return name;
}

function pathOfUrl(place: string): string {
  try {
    return decodeURIComponent(new URL(place).pathname);
  } catch (error) {
    throw refusal(place, "it is no URL; write % as %25", { cause: error });
  }
}
