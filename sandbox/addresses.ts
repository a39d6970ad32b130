/** Which internet addresses are public, and which lead to this machine, its neighbours or nowhere. Pure. */

/** IPv4 ranges that are not public. */
export const PRIVATE_V4: readonly string[] = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "224.0.0.0/3",
];

/** Whether an address is one of the public internet. Anything that is no address is not. */
export function isPublicAddress(address: string): boolean {
  const v4 = readV4(address);
  if (v4 !== null) return isPublicV4(v4);
  const groups = readV6(address);
  if (groups === null) return false;
  const [first = 0, second = 0] = groups;
  // Written as IPv6, but IPv4 all the same.
  const inner = mappedV4(groups);
  if (inner !== null) return isPublicV4(inner);
  // 2000::/3 is all that is given out; in it lie tunnels to IPv4, and addresses for documents.
  if (first >> 13 !== 1 || first === 0x2002) return false;
  return first !== 0x2001 || (second !== 0 && second !== 0xdb8);
}

/** Whether an address is this machine itself. */
export function isLoopback(address: string): boolean {
  const groups = readV6(address);
  const v4 = readV4(address) ?? (groups && mappedV4(groups));
  if (v4 !== null) return inRange(v4, "127.0.0.0/8");
  return groups !== null && groups.every((group, at) => group === (at === 7 ? 1 : 0));
}

/** Whether a text is an IPv4 address in a range such as `10.0.0.0/8`. */
export function isInRange(address: string, range: string): boolean {
  const v4 = readV4(address);
  return v4 !== null && inRange(v4, range);
}

function isPublicV4(address: number): boolean {
  return !PRIVATE_V4.some((range) => inRange(address, range));
}

function inRange(address: number, range: string): boolean {
  const [base = "", bits] = range.split("/");
  const size = 2 ** (32 - Number(bits));
  return Math.floor(address / size) === Math.floor((readV4(base) ?? 0) / size);
}

function readV4(text: string): number | null {
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) return null;
  const parts = text.split(".").map(Number);
  return parts.some((part) => part > 255) ? null : parts.reduce((sum, part) => sum * 256 + part, 0);
}

/** The eight groups of an IPv6 address; a zone behind `%` is left out. */
function readV6(text: string): number[] | null {
  const [address = ""] = text.replace(/^\[|\]$/g, "").split("%");
  if (!address.includes(":")) return null;
  const canonical = URL.parse(`http://[${address}]/`)?.hostname.slice(1, -1);
  if (canonical === undefined) return null;
  const [head = "", tail] = canonical.split("::");
  const groupsOf = (part: string): number[] =>
    part === "" ? [] : part.split(":").map((group) => parseInt(group, 16));
  const before = groupsOf(head);
  const after = groupsOf(tail ?? "");
  return [...before, ...Array(8 - before.length - after.length).fill(0), ...after];
}

/** The IPv4 address inside `::ffff:a.b.c.d` and `64:ff9b::a.b.c.d`. */
function mappedV4(groups: readonly number[]): number | null {
  const prefix = groups.slice(0, 6).map((group) => group.toString(16)).join(":");
  if (prefix !== "0:0:0:0:0:ffff" && prefix !== "64:ff9b:0:0:0:0") return null;
  const [high = 0, low = 0] = groups.slice(6);
  return high * 65_536 + low;
}
