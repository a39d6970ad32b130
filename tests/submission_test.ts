/** What SUBMIT gives is checked against the outputs, and refused in words that help. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { type } from "npm:arktype@2.2.9";
import { z } from "npm:zod@4.6.7";
import { ErrorValue } from "../lib/host/sandbox.ts";
import { normalizeSignature, parseSignature, submitFields } from "../lib/engine/signature.ts";
import { checkSubmission, describeIssues } from "../lib/engine/submission.ts";

const SIGNATURE = parseSignature("context -> answer: str, pages: list[int], score: float = 0.5");

Deno.test("A submission that fits is the outputs, in the signature's order, with defaults", async () => {
  const checked = await checkSubmission(SIGNATURE, { pages: [1, 2.0], answer: "yes" });
  assertEquals(checked, { ok: true, outputs: { answer: "yes", pages: [1, 2], score: 0.5 } });
  assertEquals(Object.keys(checked.ok ? checked.outputs : {}), ["answer", "pages", "score"]);
});

Deno.test("SUBMIT's parameters are the outputs in order, with what may be left out", () => {
  assertEquals(submitFields(SIGNATURE), [
    { name: "answer", required: true },
    { name: "pages", required: true },
    { name: "score", required: false },
  ]);
});

Deno.test("C82: a missing and an unknown field are named together", async () => {
  assertEquals(await checkSubmission(SIGNATURE, { answer: "yes", page: 3 }), {
    ok: false,
    issues: [
      { path: "page", wanted: "only the fields answer, pages, score", got: "int 3" },
      { path: "pages", wanted: "list[int]", got: "nothing" },
    ],
  });
});

Deno.test("C83: the model reads path, wanted, got and how to submit again", async () => {
  const checked = await checkSubmission(SIGNATURE, {
    answer: null,
    pages: [1, "two"],
    score: "high",
  });
  assertEquals(checked.ok, false);
  if (checked.ok) return;
  assertEquals(describeIssues(checked.issues, SIGNATURE).split("\n"), [
    "SUBMIT was refused; nothing was submitted:",
    "- answer: wanted str, got None",
    '- pages[1]: wanted int, got str "two"',
    '- score: wanted float, got str "high"',
    "Correct the values and submit again: SUBMIT(answer: str, pages: list[int], score: float = 0.5)",
  ]);
});

Deno.test("A thousand wrong items make a short message", async () => {
  const checked = await checkSubmission(SIGNATURE, { answer: "", pages: Array(1000).fill("x") });
  assertEquals(checked.ok, false);
  if (checked.ok) return;
  assertEquals(checked.issues.length, 21);
  const lines = describeIssues(checked.issues, SIGNATURE).split("\n");
  assertEquals(lines.length, 23);
  assertEquals(lines[21], "- and 980 more like these");
});

Deno.test("A million wrong items, keys or fields are counted and not kept, wherever they are", async () => {
  const fields = Object.fromEntries(Array.from({ length: 200_000 }, (_, index) => [index, "x"]));
  const items = Array(200_000).fill("x");
  const submissions: [string, Record<string, unknown>, first: string][] = [
    ["list[int]", { a: items }, "a[0]"],
    ["list[int] | None", { a: items }, "a[0]"],
    ["list[int | None]", { a: items }, "a[0]"],
    ["dict[str, int]", { a: fields }, 'a["0"]'],
    ["int = 1", fields, "0"],
  ];
  for (const [type, submitted, first] of submissions) {
    const checked = await checkSubmission(parseSignature(`context -> a: ${type}`), submitted);
    assert(!checked.ok);
    assertEquals(checked.issues.length, 21, type);
    assertEquals(checked.issues[0]?.path, first);
    assertEquals(checked.issues[20], {
      path: "",
      wanted: "and 199,980 more like these",
      got: "",
    });
  }
});

Deno.test("Issues of several fields are counted together, also those of limits and of a Standard Schema", async () => {
  const limited = { type: "array", items: { type: "integer", minimum: 1 } };
  const outputs = { a: limited, b: z.array(z.number()), c: "list[int]" };
  const signature = normalizeSignature({ inputs: { context: "str" }, outputs });
  const checked = await checkSubmission(signature, {
    a: Array(30).fill(0),
    b: Array(40).fill("x"),
    c: Array(50).fill("x"),
  });
  assert(!checked.ok);
  assertEquals(checked.issues.length, 21);
  assertEquals(checked.issues[19]?.path, "a[19]");
  assertEquals(checked.issues[20]?.wanted, "and 100 more like these");
});

Deno.test("C86: None for an optional field is its default; for a required field it is an error", async () => {
  const signature = parseSignature('x -> a: str, b: int | None, c: str = "none", d: Optional[str]');
  assertEquals(await checkSubmission(signature, { a: "x", b: null, c: null }), {
    ok: true,
    outputs: { a: "x", b: null, c: "none", d: null },
  });
  assertEquals(await checkSubmission(signature, { a: null }), {
    ok: false,
    issues: [{ path: "a", wanted: "str", got: "None" }],
  });
});

Deno.test("A default is made anew for every run", async () => {
  const signature = parseSignature("x -> pages: list[int] = []");
  const first = await checkSubmission(signature, {});
  if (first.ok && Array.isArray(first.outputs.pages)) first.outputs.pages.push(1);
  assertEquals(await checkSubmission(signature, {}), { ok: true, outputs: { pages: [] } });
});

Deno.test("C88: an integer above 2^53 arrives as a bigint with all its digits", async () => {
  const signature = parseSignature("x -> n: int");
  assertEquals(await checkSubmission(signature, { n: 9007199254740993n }), {
    ok: true,
    outputs: { n: 9007199254740993n },
  });
});

Deno.test("C90: a text of 100 MB is checked without being copied or shown", async () => {
  const signature = normalizeSignature({
    inputs: "x",
    outputs: { a: { type: "string", minLength: 1 }, n: "int" },
  });
  const big = "x".repeat(100_000_000);
  const checked = await checkSubmission(signature, { a: big, n: big });
  assertEquals(checked, {
    ok: false,
    issues: [{
      path: "n",
      wanted: "int",
      got: `str "${"x".repeat(60)}…" (100,000,000 characters)`,
    }],
  });
});

Deno.test("C96: limits of JSON Schema are refused with path, wanted and got", async () => {
  const signature = normalizeSignature({
    inputs: "x",
    outputs: {
      type: "object",
      properties: {
        pages: { type: "array", items: { type: "integer", minimum: 1 }, maxItems: 3 },
        code: { type: "string", pattern: "^[A-Z]{2}$" },
      },
      required: ["pages", "code"],
      if: { properties: { code: { const: "ZZ" } } },
      then: { properties: { pages: { maxItems: 0 } } },
    },
  });
  assertEquals(await checkSubmission(signature, { pages: [1, 0], code: "x" }), {
    ok: false,
    issues: [
      { path: "pages[1]", wanted: "at least 1", got: "int 0" },
      { path: "code", wanted: "text matching /^[A-Z]{2}$/", got: 'str "x"' },
    ],
  });
  assertEquals(await checkSubmission(signature, { pages: [1], code: "ZZ" }), {
    ok: false,
    issues: [{ path: "pages", wanted: "at most 0 items", got: "list of 1 item" }],
  });
});

Deno.test("C96: a zod schema has the last word, and may transform", async () => {
  const signature = normalizeSignature({
    inputs: "x",
    outputs: {
      answer: z.string().trim().min(3, "too short to be an answer"),
      pages: z.array(z.int().min(1)).transform((pages) => new Set(pages)),
      who: z.object({ name: z.string(), born: z.int().nullable() }).refine(
        (who) => who.name !== "?",
        {
          message: "the name must be known",
          path: ["name"],
        },
      ),
    },
  });
  const who = { name: "Ada", born: null };
  assertEquals(await checkSubmission(signature, { answer: " yes ", pages: ["1", 1], who }), {
    ok: true,
    outputs: { answer: "yes", pages: new Set([1]), who },
  });
  assertEquals(
    await checkSubmission(signature, { answer: "no", pages: [1, 0], who: { name: "?", born: 1 } }),
    {
      ok: false,
      issues: [
        { path: "answer", wanted: "too short to be an answer", got: 'str "no"' },
        { path: "pages[1]", wanted: "Too small: expected number to be >=1", got: "int 0" },
        { path: "who.name", wanted: "the name must be known", got: 'str "?"' },
      ],
    },
  );
});

Deno.test("A rule over several outputs of one zod object is asked once they all fit", async () => {
  const signature = normalizeSignature({
    inputs: "x",
    outputs: z.object({ low: z.int(), high: z.int(), note: z.string().default("none") })
      .refine(({ low, high }) => low <= high, {
        message: "low must not be above high",
        path: ["low"],
      }),
  });
  assertEquals(await checkSubmission(signature, { low: "3", high: 2 }), {
    ok: false,
    issues: [{ path: "low", wanted: "low must not be above high", got: "int 3" }],
  });
  assertEquals(await checkSubmission(signature, { low: 1, high: 2 }), {
    ok: true,
    outputs: { low: 1, high: 2, note: "none" },
  });
});

Deno.test("C96: an arktype schema is asked too", async () => {
  const signature = normalizeSignature({
    inputs: "x",
    outputs: { age: type("0 <= number.integer <= 120") },
  });
  assertEquals(await checkSubmission(signature, { age: "42" }), { ok: true, outputs: { age: 42 } });
  assertEquals(await checkSubmission(signature, { age: 200 }), {
    ok: false,
    issues: [{ path: "age", wanted: "must be at most 120 (was 200)", got: "int 200" }],
  });
});

Deno.test("A schema that checks asynchronously is waited for", async () => {
  const known = z.string().refine((id) => Promise.resolve(id === "a1"), { message: "no such id" });
  const signature = normalizeSignature({ inputs: "x", outputs: { id: known } });
  assertEquals(await checkSubmission(signature, { id: "a1" }), { ok: true, outputs: { id: "a1" } });
  assertEquals(await checkSubmission(signature, { id: "b2" }), {
    ok: false,
    issues: [{ path: "id", wanted: "no such id", got: 'str "b2"' }],
  });
});

Deno.test("C97: the caller's own check refuses with its own words, and sees coerced outputs", async () => {
  const seen: unknown[] = [];
  const check = (outputs: Record<string, unknown>): Promise<string | null> => {
    seen.push(outputs.pages);
    return Promise.resolve(outputs.answer === "maybe" ? "answer yes or no" : null);
  };
  const refused = await checkSubmission(SIGNATURE, { answer: "maybe", pages: ["7"] }, { check });
  assertEquals(refused, { ok: false, issues: [{ path: "", wanted: "answer yes or no", got: "" }] });
  if (!refused.ok) {
    assertEquals(describeIssues(refused.issues, SIGNATURE).split("\n")[1], "- answer yes or no");
  }
  assertEquals((await checkSubmission(SIGNATURE, { answer: "no", pages: [] }, { check })).ok, true);
  assertEquals((await checkSubmission(SIGNATURE, { answer: "no" }, { check })).ok, false);
  assertEquals(seen, [[7], []]);
});

Deno.test("C97: what the caller's check throws is the caller's", async () => {
  const check = (): never => {
    throw new RangeError("no database");
  };
  await assertRejects(
    () => checkSubmission(SIGNATURE, { answer: "", pages: [] }, { check }),
    RangeError,
    "no database",
  );
});

Deno.test("An error value of a failed sub-call is refused as an answer", async () => {
  const failed = new ErrorValue("ModelError", "the provider answered 500");
  assertEquals(await checkSubmission(parseSignature("x -> answer"), { answer: failed }), {
    ok: false,
    issues: [{
      path: "answer",
      wanted: "str",
      got: "an error value: ModelError: the provider answered 500",
    }],
  });
});

Deno.test("An answer read from JSON may hold bytes as base64", async () => {
  const signature = parseSignature("x -> data: bytes");
  assertEquals(await checkSubmission(signature, { data: "AQI=" }, { json: true }), {
    ok: true,
    outputs: { data: new Uint8Array([1, 2]) },
  });
  assertEquals((await checkSubmission(signature, { data: "AQI=" })).ok, false);
});
