/** Python and programs survive being written as TypeScript strings. */
import { assert, assertEquals } from "@std/assert";
import { templateLiteral } from "./tasks/template_literal.ts";

/** Evaluates a module as a program would import it. */
async function valueOf(source: string): Promise<unknown> {
  const module: { TEXT: unknown } = await import(
    `data:text/typescript,${encodeURIComponent(source)}`
  );
  return module.TEXT;
}

Deno.test("text comes back from its literal exactly, and the literal is plain ASCII", async () => {
  const texts = [
    "",
    "def f(x):\n\treturn x\n",
    "back\\slash \\n \\u0041 \\",
    "`quoted` ${name} \\${name} $ {",
    "carriage\r\nreturn",
    "é — 漢字 🜁 \u2028 \u0000 \ud800",
    "*/ // </script>",
  ];
  for (const text of texts) {
    const source = `export const TEXT: string = ${templateLiteral(text)};`;
    assert(/^[\n -~]*$/.test(source), source);
    assertEquals(await valueOf(source), text);
  }
});
