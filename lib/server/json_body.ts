/** Reads the JSON of a request's body, and refuses what is too large, too slow, too deep or something else. */
import type { BodyRoom } from "./body_room.ts";
import { Problem } from "./problem.ts";

/** Levels of lists and objects in a body; the sandbox takes about as many. */
const MAX_DEPTH = 180;

/** How much a body may take. */
export interface BodyLimits {
  readonly maxBodyBytes: number;
  readonly bodySeconds: number;
  /** What all bodies together may hold. */
  readonly room: BodyRoom;
}

/** The value of a body; throws a problem for each way in which it may be none. */
export async function readJsonBody(request: Request, limits: BodyLimits): Promise<unknown> {
  checkMediaType(request.headers);
  const text = await readText(request, limits);
  if (isDeeperThan(text, MAX_DEPTH)) {
    throw new Problem("bad_json", `read the body: it is nested deeper than ${MAX_DEPTH} levels`);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message.slice(0, 200) : "";
    throw new Problem("bad_json", `read the body: it is not JSON (${reason})`);
  }
}

function checkMediaType(headers: Headers): void {
  const type = headers.get("content-type") ?? "";
  if (!/^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(type)) {
    const seen = type === "" ? "no content-type" : `'${type.slice(0, 100)}'`;
    throw new Problem(
      "unsupported_media_type",
      `read the body: ${seen} is not supported; send application/json`,
      { "accept-post": "application/json" },
    );
  }
  const encoding = headers.get("content-encoding") ?? "identity";
  if (encoding.toLowerCase() !== "identity") {
    throw new Problem(
      "unsupported_media_type",
      `read the body: it is packed by '${encoding.slice(0, 100)}'; send it as it is`,
      { "accept-encoding": "identity" },
    );
  }
}

/** The body's text, read piece by piece so that no more than the limit is ever held. */
async function readText(request: Request, { maxBodyBytes, bodySeconds, room }: BodyLimits) {
  const tooLarge = new Problem(
    "too_large",
    `read the body: it has more than ${maxBodyBytes} bytes; send less`,
  );
  if (Number(request.headers.get("content-length") ?? 0) > maxBodyBytes) throw tooLarge;
  const reader = request.body?.getReader();
  if (reader === undefined) return "";
  const tooSlow = new Problem(
    "too_slow",
    `read the body: it had not arrived after ${bodySeconds} s; send it faster`,
  );
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(tooSlow), bodySeconds * 1000);
  const decoder = new TextDecoder("utf-8", { fatal: true });
  using share = room.open();
  const pieces: string[] = [];
  try {
    let bytes = 0;
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), late.promise]);
      pieces.push(decoder.decode(value, { stream: !done }));
      if (done) return pieces.join("");
      bytes += value.length;
      if (bytes > maxBodyBytes) throw tooLarge;
      share.add(value.length);
    }
  } catch (error) {
    void reader.cancel(error).catch(() => {});
    if (error instanceof Problem) throw error;
    throw new Problem("bad_json", "read the body: it broke off, or is no UTF-8");
  } finally {
    clearTimeout(timer);
  }
}

/** Whether a JSON text nests deeper, found without parsing it: a parser would need memory for each level. */
export function isDeeperThan(text: string, depth: number): boolean {
  let open = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text[at]) {
      case "[":
      case "{":
        if (++open > depth) return true;
        break;
      case "]":
      case "}":
        open--;
        break;
      case '"':
        at = endOfString(text, at);
    }
  }
  return false;
}

/** The index of the quote that ends the string beginning at `start`, or of the text's end. */
function endOfString(text: string, start: number): number {
  for (let end = start;;) {
    end = text.indexOf('"', end + 1);
    if (end === -1) return text.length;
    let backslashes = 0;
    while (text[end - 1 - backslashes] === "\\") backslashes++;
    if (backslashes % 2 === 0) return end;
  }
}
