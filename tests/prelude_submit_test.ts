/** SUBMIT as Python sees it: fields, values, refusals, and that nothing swallows it. */
import { assert, assertEquals } from "@std/assert";
import { PreludeGuest, testsOf } from "./fixtures/prelude_guest.ts";

const guest = await PreludeGuest.load();
const test = testsOf(guest);

const FIELDS = [
  { name: "answer", required: true },
  { name: "pages", required: true },
  { name: "note", required: false },
];

test("C82: SUBMIT takes values by position, by name or as one dict, and names what is wrong", async () => {
  const options = { submit: FIELDS };
  for (
    const code of ["SUBMIT('a', [1])", "SUBMIT(pages=[1], answer='a')", "SUBMIT('a', pages=[1])"]
  ) {
    assertEquals((await guest.run(code, options)).submission, { answer: "a", pages: [1] });
  }
  assertEquals(
    (await guest.run("SUBMIT({'note': None, 'answer': 'a', 'pages': []})", options)).submission,
    { note: null, answer: "a", pages: [] },
  );
  const shown = "call SUBMIT(answer, pages, note=None)";
  const errors: [code: string, problem: string][] = [
    ["SUBMIT()", "SUBMIT needs 'answer', 'pages'"],
    ["SUBMIT('a')", "SUBMIT needs 'pages'"],
    ["SUBMIT(1, 2, 3, 4)", "SUBMIT takes 3 values, got 4"],
    ["SUBMIT(1, 2, title=3)", "SUBMIT has no field 'title'"],
    ["SUBMIT(1, 2, answer=3)", "SUBMIT got two values for 'answer'"],
  ];
  for (const [code, problem] of errors) {
    const cell = await guest.run(code, options);
    assertEquals([cell.status, cell.submission], ["error", null]);
    assertEquals(cell.error?.message, `${problem}; ${shown}`);
  }
});

test("C52, C88: integers beyond 2^53, surrogates and what a later line changes are submitted exactly", async () => {
  const cell = await guest.run("v = [2**64, '\\udfff']\ntry: SUBMIT(v)\nfinally: v.append(1)");
  assertEquals(cell.submission, {
    answer: [{ $: "int", v: "18446744073709551616" }, "\udfff"],
  });
  const refused = await guest.run("SUBMIT({'pages': [1, object()]})", {
    submit: FIELDS.slice(0, 1),
  });
  assertEquals(
    refused.error?.message,
    "SUBMIT answer.pages[1]: cannot send object; use str, int, float, bool, list or dict",
  );
});

test("FINAL submits as SUBMIT does, and FINAL_VAR what a variable holds", async () => {
  assertEquals((await guest.run("FINAL([1])")).submission, { answer: [1] });
  assertEquals((await guest.run("found = 42\nFINAL_VAR('found')")).submission, { answer: 42 });
  assertEquals((await guest.run("FINAL_VAR(found)")).submission, { answer: 42 });
  const { error } = await guest.run("FINAL_VAR('lost')");
  assertEquals(error?.type, "NameError");
  assertEquals(
    error?.message,
    "FINAL_VAR: no variable is called 'lost'; assign it first, or call SUBMIT(answer)",
  );
});

test("C67, C68: values of every kind are bound as what the table says", async () => {
  guest.sendBlob(7, "ascii", new TextEncoder().encode("ab".repeat(1000)));
  guest.sendBlob(8, "utf8", new TextEncoder().encode("é🐋".repeat(1000)));
  guest.sendBlob(9, "bytes", new Uint8Array([0, 255, 10]));
  const names = guest.bind({
    none: null,
    yes: true,
    int: 3,
    float: { $: "float", v: "3.0" },
    zero: { $: "float", v: "-0.0" },
    big: { $: "int", v: "1".repeat(5000) },
    bytes: { $: "bytes", v: "AP8=" },
    map: { $: "dict", v: [[[1, 2], "list"], ["$", 1]] },
    moment: { $: "datetime", v: "2026-01-02T03:04:05Z" },
    ascii: { $: "blob", id: 7 },
    text: { $: "blob", id: 8 },
    raw: [{ $: "blob", id: 9 }],
  });
  assertEquals(names.length, 12);
  const { value } = await guest.run(
    `(none, yes, int, float, zero, len(str(big % 10**9)), bytes, map, moment.isoformat(),
    ascii == "ab" * 1000, ascii.isascii(), hash(ascii) == hash("ab" * 1000), text == "é🐋" * 1000, raw)`,
  );
  assertEquals(
    value,
    "(None, True, 3, 3.0, -0.0, 9, b'\\x00\\xff', {(1, 2): 'list', '$': 1}, '2026-01-02T03:04:05+00:00', " +
      "True, True, True, True, [b'\\x00\\xff\\n'])",
  );
  assert(guest.names().includes("moment"));
});

test("C66: what the guest does to its variables persists", async () => {
  guest.bind({ list: [1], gone: 1, other: 2 });
  await guest.run("list.append(2)\ndel gone\nother = 'new'");
  assertEquals(
    (await guest.run("list, other, 'gone' in globals()")).value,
    "([1, 2], 'new', False)",
  );
});
