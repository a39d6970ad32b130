/** Deno's flags for what is granted. Pure: each grant becomes the matching flag and nothing more. */
import { isInRange, PRIVATE_V4 } from "../../sandbox/addresses.ts";
import type { Grants } from "../../sandbox/protocol.ts";

/** Nothing granted. */
export const NO_GRANTS: Grants = { paths: [], net: [] };

/** IPv6 addresses of this machine; Deno takes no ranges of them. */
const PRIVATE_V6 = ["[::]", "[::1]"];

/** Paths to add to those that the child may read. */
export function readableGrants({ paths }: Grants): string[] {
  return paths.map(({ hostPath }) => hostPath);
}

/** Flags for folders that may be written; a bare `--deny-write` beside them refuses everything else. */
export function writeFlags({ paths }: Grants): string[] {
  const writable = paths.filter(({ access }) => access === "write");
  return writable.length === 0
    ? []
    : [`--allow-write=${writable.map(({ hostPath }) => hostPath).join(",")}`];
}

/**
 * Flags for the network. A bare `--deny-net` would refuse granted names too, as Deno looks at it again once a name is
 * resolved; instead the private addresses are refused that no grant spells out.
 */
export function netFlags({ net }: Grants): string[] {
  if (net.length === 0) return ["--deny-net"];
  const literal = new Set(net.map((host) => host.slice(0, host.lastIndexOf(":"))));
  if (literal.has("localhost")) literal.add("127.0.0.1").add("[::1]");
  const refused = [
    ...PRIVATE_V4.filter((range) => ![...literal].some((host) => isInRange(host, range))),
    ...PRIVATE_V6.filter((host) => !literal.has(host)),
  ];
  return [`--allow-net=${net.join(",")}`, `--deny-net=${refused.join(",")}`];
}
