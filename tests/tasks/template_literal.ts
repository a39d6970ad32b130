/** Text as TypeScript source that gives back exactly this text, in ASCII and line by line, so that a diff can be read. */

/** The template literal of a text. */
export function templateLiteral(text: string): string {
  const escaped = text
    .replaceAll("\\", "\\\\")
    .replaceAll("`", "\\`")
    .replaceAll("${", "\\${")
    .replace(/[^\n -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return `\`${escaped}\``;
}
