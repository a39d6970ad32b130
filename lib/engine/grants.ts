/** What a sandbox grants to the guest, in words for the model. */
import type { SandboxOptions } from "../host/sandbox.ts";

/** One line for each kind of grant; none when everything is denied. */
export function describeGrants(
  { read = [], write = [], net = [], env = [], packages = [] }: SandboxOptions,
): string[] {
  const lines: string[] = [];
  const list = (names: readonly string[]) => names.map((name) => `\`${name}\``).join(", ");
  if (read.length > 0) lines.push(`Files and folders that may be read: ${list(read)}.`);
  if (write.length > 0) {
    lines.push(
      `Files and folders that may be written, and are kept after each cell: ${list(write)}.`,
    );
  }
  if (net.length > 0) {
    lines.push(`Hosts that may be reached, with \`urllib.request\`: ${list(net)}.`);
  }
  if (env.length > 0) lines.push(`Variables in \`os.environ\`: ${list(env)}.`);
  if (packages.length > 0) {
    lines.push(
      `Packages that can be imported beside the standard library: ${list(packages.map(nameOf))}.`,
    );
  }
  if (lines.length > 0) {
    lines.push("Nothing else can be reached, no subprocesses, nothing can be installed.");
  }
  return lines;
}

/** The name of a package that may be given as a wheel, whose file is called `name-version-….whl`. */
function nameOf(entry: string): string {
  const file = entry.replace(/[?#].*$/s, "").replace(/^.*[/\\]/s, "");
  return file.endsWith(".whl") ? file.replace(/-.*$/s, "") : entry;
}
