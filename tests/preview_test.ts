/** Previews: what a model is told of an input that it will not read. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { describeInput } from "../lib/engine/preview.ts";

function preview(value: unknown, maxChars = 1_000) {
  return describeInput("x", value, { maxChars });
}

function headline(value: unknown): string {
  return preview(value).text.split("\n")[0] ?? "";
}

Deno.test("C77: a text has its length in characters, its lines and an estimate of its tokens", () => {
  const { text, summary } = preview("one\ntwo\nthree\n");
  assertEquals(text.split("\n")[0], "`x`: str, 14 characters, 3 lines, about 4 tokens");
  assertEquals(summary, { name: "x", type: "str", length: 14, unit: "characters" });
});

Deno.test("C77: characters are counted as Python does, and tokens of other scripts are not underrated", () => {
  assertEquals(headline("🐳🐳a"), "`x`: str, 3 characters, 1 line, about 5 tokens");
  assertStringIncludes(headline("鯨".repeat(100)), "about 100 tokens");
});

Deno.test("C74: of a long text head and tail are shown, of a short one everything", () => {
  const long = preview("a".repeat(5_000) + "z".repeat(5_000), 100).text;
  assertEquals(
    long,
    [
      "`x`: str, 10,000 characters, 1 line, about 2,300 tokens",
      '<data of="x" first="50">',
      "a".repeat(50),
      "</data>",
      '<data of="x" last="50">',
      "z".repeat(50),
      "</data>",
    ].join("\n"),
  );
  assertStringIncludes(preview("short").text, '<data of="x" whole>\nshort\n</data>');
});

Deno.test("C76: empty and blank inputs say so", () => {
  assertEquals(preview("").text, "`x`: str, empty (0 characters)");
  assertEquals(
    preview(" \n ").text,
    "`x`: str, only white space (3 characters, 2 lines, about 1 tokens)",
  );
  assertEquals(preview([]).text, "`x`: list, empty (0 items)");
  assertEquals(preview({}).text, "`x`: dict, empty (0 keys)");
  assertEquals(preview(new Set()).text, "`x`: set, empty (0 items)");
  assertEquals(preview(new Uint8Array()).text, "`x`: bytes, 0 bytes");
});

Deno.test("C74: a list has its items, their types and both ends", () => {
  const items = [...Array.from({ length: 9 }, (_, index) => `item ${index}`), null];
  const { text, summary } = preview(items);
  assertStringIncludes(
    text,
    "`x`: list of 10 items, types str 9, None 1, 54 characters of text in it",
  );
  assertStringIncludes(text, '[0] str, 6 characters: "item 0"');
  assertStringIncludes(text, "[9] None");
  assert(!text.includes("[4]"));
  assertEquals(summary, { name: "x", type: "list", length: 10, unit: "items" });
});

Deno.test("C74: a dict has its keys and the types of its values, nested ones in short", () => {
  const { text } = preview({
    title: "A",
    pages: ["p", "q"],
    meta: new Map([["k", 1]]),
    size: 2n,
    ratio: 0.5,
  });
  assertStringIncludes(
    text,
    "`x`: dict of 5 keys, values str 1, list 1, dict 1, int 1, float 1, 3 characters of text",
  );
  for (
    const line of [
      "title: str, 1 character",
      "pages: list of 2: str 2",
      "meta: dict of 1 keys: k",
      "size: int: 2",
    ]
  ) {
    assertStringIncludes(text, line);
  }
});

Deno.test("C74: of many keys the first are shown, and how many more there are", () => {
  const { text } = preview(
    Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`key${index}`, index])),
  );
  assertStringIncludes(text, "key19: int: 19");
  assert(!text.includes("key20:"));
  assertStringIncludes(text, "… 80 more keys");
});

Deno.test("values that are no containers are shown whole", () => {
  assertEquals(preview(null).text, '`x`: None\n<data of="x" value>\nNone\n</data>');
  assertEquals(preview(true).text, '`x`: bool\n<data of="x" value>\ntrue\n</data>');
  assertStringIncludes(preview(new Date(0)).text, "1970-01-01T00:00:00.000Z");
  assertStringIncludes(preview(new Date(NaN)).text, "invalid date");
  assertStringIncludes(preview(new Uint8Array([1, 255])).text, "01 ff");
});

Deno.test("C53: invisible characters of the inputs are made visible", () => {
  const { text } = preview("a\u0000b\u001b[31mc\u202ed\ud800e");
  assertStringIncludes(text, "a\\x00b\\x1b[31mc\\u202ed\\ud800e");
});

Deno.test("C74: previews of 100 MB of any shape take well under a second and few characters", () => {
  const line = "0123456789".repeat(10) + "\n";
  const shapes = {
    text: line.repeat(1_000_000),
    list: Array.from({ length: 1_000_000 }, () => line),
    dict: Object.fromEntries(Array.from({ length: 200_000 }, (_, index) => [`k${index}`, line])),
    nested: [[[Array.from({ length: 300_000 }, () => [line])]]],
    fewLong: [line.repeat(500_000), line.repeat(500_000)],
  };
  for (const [shape, value] of Object.entries(shapes)) {
    const started = performance.now();
    const { text } = preview(value);
    const milliseconds = performance.now() - started;
    assert(milliseconds < 2_000, `${shape}: ${milliseconds} ms`);
    assert(text.length < 2_500, `${shape}: ${text.length} characters`);
  }
});
