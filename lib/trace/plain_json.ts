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

/** The answer alone: a text as it is, one field without its name, several as an object. */
export function answerText(fields: Readonly<Record<string, unknown>>): string {
  const values = Object.values(fields);
  const [only] = values;
  if (values.length === 1) return typeof only === "string" ? only : plainJson(only, 2);
  return plainJson(fields, 2);
}
