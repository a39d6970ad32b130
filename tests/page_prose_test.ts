/** Prose that was broken for another width flows again; what has lines of its own keeps them. */
import { assertEquals } from "@std/assert";
import { joinedLines } from "../lib/trace/page/prose.ts";

const LONG = "These lines were broken by whoever wrote them, near a hundred columns, as some";

Deno.test("A line that was broken goes on in the next one", () => {
  assertEquals(
    joinedLines(`${LONG}\nmodels do.\n\n${LONG}\n\`do\`.`),
    `${LONG} models do.\n\n${LONG} \`do\`.`,
  );
});

Deno.test("Short lines, lists, headings, quotations, tables and paragraphs stay as they are", () => {
  for (
    const text of [
      "Plan:\nlook\nread",
      ...["- a", "1. a", "# a", "> a", "| a", "\na", "  a"].map((next) => `${LONG}\n${next}`),
    ]
  ) {
    assertEquals(joinedLines(text), text);
  }
});
