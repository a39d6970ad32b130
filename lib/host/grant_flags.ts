/** Deno's flags for what is granted. Pure: each grant becomes the matching flag and nothing more. */
import type { Grants } from "../../sandbox/protocol.ts";

/** Nothing granted. */
export const NO_GRANTS: Grants = { paths: [], net: [] };

/** Addresses that no public name should lead to, in the forms that Deno takes: an IPv4 range, or one IPv6 address. */
const PRIVATE_V4 = [
  { base: "0.0.0.0", bits: 8 },
  { base: "10.0.0.0", bits: 8 },
  { base: "100.64.0.0", bits: 10 },
  { base: "127.0.0.0", bits: 8 },
  { base: "169.254.0.0", bits: 16 },
  { base: "172.16.0.0", bits: 12 },
  { base: "192.0.0.0", bits: 24 },
  { base: "192.168.0.0", bits: 16 },
  { base: "198.18.0.0", bits: 15 },
  { base: "224.0.0.0", bits: 3 },
];
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
    ...PRIVATE_V4.filter(({ base, bits }) =>
      ![...literal].some((host) => inRange(host, base, bits))
    )
      .map(({ base, bits }) => `${base}/${bits}`),
    ...PRIVATE_V6.filter((host) => !literal.has(host)),
  ];
  return [`--allow-net=${net.join(",")}`, `--deny-net=${refused.join(",")}`];
}

function inRange(host: string, base: string, bits: number): boolean {
  const address = toNumber(host);
  const size = 2 ** (32 - bits);
  return address !== null &&
    Math.floor(address / size) === Math.floor((toNumber(base) ?? 0) / size);
}

/** An IPv4 address as a number; null for anything else. */
function toNumber(host: string): number | null {
  const parts = host.split(".").map(Number);
  if (parts.length !== 4 || parts.some((part) => !Number.isInteger(part))) return null;
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}
