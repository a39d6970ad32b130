/** Makes error answers readable: whatever shape a server gives them, the client library finds `error.message`. */
import { fieldOf, isRecord, itemsOf, textOf } from "./json.ts";

/** What is read of an error answer at most, in bytes. */
const MAX_ERROR_BYTES = 65_536;

/** An error answer with its body rewritten to the shape that OpenAI gives them. */
export async function withReadableError(response: Response): Promise<Response> {
  const { status, statusText } = response;
  const headers = new Headers(response.headers);
  headers.delete("content-length");
  headers.delete("content-encoding");
  headers.set("content-type", "application/json");
  const error = readableError(await readStart(response));
  return new Response(JSON.stringify({ error }), { status, statusText, headers });
}

/** Finds the error in a body: OpenAI's own shape, Gemini's list, FastAPI's `detail`, plain text, or HTML. */
export function readableError(body: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return { message: withoutTags(body) };
  }
  const first = Array.isArray(value) ? value[0] : value;
  const error = fieldOf(first, "error");
  if (isRecord(error)) return error;
  if (typeof error === "string") return { message: error };
  const detail = fieldOf(first, "detail");
  if (detail !== undefined) return detailError(detail);
  return isRecord(first) ? first : { message: textOf(first) };
}

/** Reads FastAPI's complaint: a text, or a list that says where in the body something is wrong. */
function detailError(detail: unknown): Readonly<Record<string, unknown>> {
  const first = itemsOf(detail)[0];
  if (first === undefined) return { message: textOf(detail) };
  const place = itemsOf(fieldOf(first, "loc")).map(textOf).filter((part) => part !== "body");
  const message = [place.join("."), textOf(fieldOf(first, "msg"))].filter((part) => part !== "");
  return { message: message.join(": "), type: fieldOf(first, "type"), param: place.join(".") };
}

/** The words of an HTML page or a plain text. Each pattern ends where the next tag begins, or takes all that is left. */
function withoutTags(body: string): string {
  return body
    .replace(/<(style|script)\b.*?(?:<\/\1>|$)/gis, " ")
    .replace(/<[^<>]*>/g, " ")
    .replace(/\s+/g, " ")
    .trim();
}

/** Reads the start of a body and lets the rest go. */
async function readStart(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    bytes += chunk.byteLength;
    if (bytes >= MAX_ERROR_BYTES) break;
  }
  return text + decoder.decode();
}
