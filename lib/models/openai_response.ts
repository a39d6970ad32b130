/** Smooths over how servers' answers differ from OpenAI's, before the client library reads them. */
import { withReadableError } from "./openai_error_body.ts";

/** What is shown of an answer that is no completion at all, in characters. */
const MAX_FOREIGN_CHARS = 1_000;

/** Makes error answers readable, and streams of answers that were to be streamed and came whole. */
export async function readableResponse(response: Response, asked?: RequestInit): Promise<Response> {
  if (!response.ok) return await withReadableError(response);
  const type = response.headers.get("content-type") ?? "";
  const unstreamed = asksForStream(asked) && /\b(?:json|html)\b/.test(type);
  return unstreamed ? asStream(await response.text()) : response;
}

function asksForStream(asked: RequestInit | undefined): boolean {
  return typeof asked?.body === "string" && /"stream":\s*true/.test(asked.body);
}

/** A stream of one event: the completion, or else the start of what came as a text. */
function asStream(body: string): Response {
  const event = `data: ${oneLineJson(body)}\n\ndata: [DONE]\n\n`;
  return new Response(event, { headers: { "content-type": "text/event-stream" } });
}

function oneLineJson(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body));
  } catch {
    return JSON.stringify(body.slice(0, MAX_FOREIGN_CHARS));
  }
}
