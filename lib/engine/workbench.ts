/** Workbench: everything that the turns of a run work with. No behaviour. */
import type { Sandbox, Tool } from "../host/sandbox.ts";
import type { Conversation } from "./conversation.ts";
import type { Run } from "./run_tree.ts";
import type { Settings } from "./settings.ts";
import type { Signature } from "./signature.ts";
import type { OutputCheck } from "./submission.ts";

/** Everything that the turns of a run work with. */
export interface Workbench {
  readonly run: Run;
  readonly signature: Signature;
  readonly settings: Settings;
  readonly check: OutputCheck | null;
  readonly conversation: Conversation;
  readonly sandbox: Sandbox;
  readonly tools: Readonly<Record<string, Tool>>;
}
