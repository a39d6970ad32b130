/** Values of an answer as plain JSON, for whoever knows nothing of this package. */

/** JSON of values that JSON itself has no form for: big integers become digits in quotes, bytes base64. */
export function plainJson(value: unknown, indent = 0): string {
  return JSON.stringify(value, (_key, item: unknown) => {
    if (typeof item === "bigint") return item.toString();
    if (item instanceof Uint8Array) return item.toBase64();
    if (item instanceof Map) return Object.fromEntries(item);
    if (item instanceof Set) return [...item];
    return item;
  }, indent) ?? "null";
}
