/** What a sandbox grants to the guest, in words for the model. */
import type { SandboxOptions } from "../host/sandbox.ts";

/** One line for each kind of grant; none when everything is denied. */
export function describeGrants(
  { read = [], write = [], net = [], env = [] }: SandboxOptions,
): string[] {
  const lines: string[] = [];
  const list = (names: readonly string[]) => names.map((name) => `\`${name}\``).join(", ");
  if (read.length > 0) lines.push(`- Files and folders that may be read: ${list(read)}.`);
  if (write.length > 0) {
    lines.push(
      `- Files and folders that may be written, and are kept after each cell: ${list(write)}.`,
    );
  }
  if (net.length > 0) {
    lines.push(`- Hosts that may be reached, with \`urllib.request\`: ${list(net)}.`);
  }
  if (env.length > 0) lines.push(`- Variables in \`os.environ\`: ${list(env)}.`);
  if (lines.length > 0) {
    lines.push("- Nothing else can be reached, no subprocesses, nothing can be installed.");
  }
  return lines;
}
