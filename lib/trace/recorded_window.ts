/** The window by which a recorded run was compacted: what is told again must be compacted at the same turns. */
import type { RlmEvent } from "./events.ts";

/** Tokens that the root model was known to take; undefined where nothing was compacted because of it. */
export function recordedWindow(events: readonly RlmEvent[]): number | undefined {
  const compaction = events.find((event) =>
    event.type === "compaction" && event.contextWindow !== null
  );
  return compaction?.type === "compaction" ? compaction.contextWindow ?? undefined : undefined;
}
