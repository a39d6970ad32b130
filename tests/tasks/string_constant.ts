/** Text as TypeScript source that gives back exactly this text, in ASCII and line by line, so that a diff can be read. */

/** An exported string constant with its doc comment. */
export function stringConstant(name: string, doc: string, text: string): string {
  return `/** ${doc} */\nexport const ${name}: string = \`${escaped(text)}\`;\n`;
}

function escaped(text: string): string {
  return text
    .replaceAll("\\", "\\\\")
    .replaceAll("`", "\\`")
    .replaceAll("${", "\\${")
    .replace(/[^\n -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
