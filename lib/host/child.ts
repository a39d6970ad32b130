/** What runs a guest, as the host holds it: a process, or a worker where none can be started. */
import type { Transport } from "../../sandbox/rpc_peer.ts";

/** How a child ended. */
export interface ChildEnd {
  /** In words that go on from "Sandbox ended: ". */
  readonly how: string;
  /** Python did not come to rest, so a thread of this process runs on. A process leaves nothing. */
  readonly leftRunning: boolean;
}

/** A running child. */
export interface Child {
  readonly transport: Transport;
  /** Id of the process that it runs in. */
  readonly pid: number;
  /** Resolves when nothing more comes from it: a process is gone from the process table then. */
  readonly exited: Promise<ChildEnd>;
  /** Last characters of its stderr. */
  stderrTail(): string;
  /** Ends it; a process by SIGKILL, which nothing inside can delay. Safe to call twice. */
  kill(): void;
}
