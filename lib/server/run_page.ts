/** The viewer's page of a run, made of the events that its clients may see. */
import type { JsonValue } from "../../sandbox/protocol.ts";
import { isRecord } from "../engine/schema.ts";
import { decode } from "../trace/codec.ts";
import type { RlmEvent } from "../trace/events.ts";
import { conversationOf, Conversations } from "../trace/journal_format.ts";
import { renderViewer } from "../trace/viewer.ts";
import type { EventLog, LoggedEvent } from "./event_log.ts";
import type { ServedRun } from "./served_run.ts";

/** The page; while the run goes on, it listens to the run's events and shows what is new. */
export function runPage({ log, title }: ServedRun): string {
  const live = log.ended ? {} : { live: `events?after=${log.lastId}` };
  return renderViewer(eventsOf(log), { title, ...live });
}

/** The events that are kept, as the run told them. */
function eventsOf(log: EventLog): RlmEvent[] {
  const conversations = new Conversations();
  return log.after(-1, Infinity).flatMap((logged) => {
    const event = eventOf(logged);
    if (event === null) return [];
    return [event.type === "model_request" ? whole(event, conversations) : event];
  });
}

/** An event that was logged; null for what the log itself tells, and for one whose values were cut. */
function eventOf({ text }: LoggedEvent): RlmEvent | null {
  const json: JsonValue = JSON.parse(text);
  if (!isRecord(json) || json.type === "gap" || json.type === "result") return null;
  try {
    // All other texts of a log were written from events.
    return decode(json, () => new Uint8Array()) as RlmEvent;
  } catch {
    return null;
  }
}

/** A request with the messages that it shares with the one before it, as far as that is still kept. */
function whole(
  event: RlmEvent & { readonly type: "model_request"; readonly shared?: number },
  conversations: Conversations,
): RlmEvent {
  const { shared = 0, ...request } = event;
  const name = conversationOf(request);
  try {
    return { ...request, messages: conversations.whole(name, shared, request.messages) };
  } catch (error) {
    if (error instanceof RangeError) return request;
    throw error;
  }
}
