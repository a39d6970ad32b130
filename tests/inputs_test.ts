/** Inputs are checked before anything is started: all that is wrong is said at once, and nothing is converted. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { z } from "npm:zod@4.6.7";
import { checkInputs } from "../lib/engine/inputs.ts";
import { normalizeSignature, parseSignature } from "../lib/engine/signature.ts";

Deno.test("Untyped inputs take any value, also null and false", async () => {
  const signature = parseSignature("a, b, c, d -> x");
  const given = { a: null, b: false, c: new Map([[1, 2n]]), d: new Uint8Array(2) };
  const values = await checkInputs(signature, given);
  assertEquals(values, given);
  assert(values.c === given.c, "values are not copied");
});

Deno.test("C64: missing and undeclared inputs are refused together", async () => {
  const signature = parseSignature("context: str, query -> x");
  const error = await assertRejects(
    () => checkInputs(signature, { query: undefined, question: "?" }),
    TypeError,
  );
  assertEquals(
    error.message,
    "read inputs: 'context' is missing; give a value of type str; " +
      "'query' is missing; give a value of type Any; 'question' is unknown; the signature takes context, query",
  );
});

Deno.test("C64: a signature without inputs takes none", async () => {
  const error = await assertRejects(() => checkInputs(parseSignature("-> x"), { a: 1 }), TypeError);
  assertEquals(error.message, "read inputs: 'a' is unknown; the signature takes none");
});

Deno.test("C67: undefined is a missing input, and a default takes its place", async () => {
  const signature = parseSignature("a: int = 3, b: Optional[str], c: list[int] = [] -> x");
  assertEquals(await checkInputs(signature, { a: undefined }), { a: 3, b: null, c: [] });
});

Deno.test("C68: typed inputs are checked, not converted, and pass as they are", async () => {
  const signature = parseSignature(
    "n: int, f: float, s: set[str], d: dict[str, int], t: datetime, b: bytes -> x",
  );
  const given = {
    n: 2n ** 70n,
    f: -0.5,
    s: new Set(["a"]),
    d: new Map([["k", 1]]),
    t: new Date(0),
    b: new Uint8Array(1),
  };
  const values = await checkInputs(signature, given);
  for (const [name, value] of Object.entries(given)) assert(values[name] === value, name);
  const wrong = { n: "42", f: "1", s: ["a", 1], d: { k: "1" }, t: "today", b: "bytes" };
  const error = await assertRejects(() => checkInputs(signature, wrong), TypeError);
  assertEquals(error.message.split("; "), [
    'read inputs: n: wanted int, got str "42"',
    'f: wanted float, got str "1"',
    "s: wanted set[str], got list of 2 items",
    'd: wanted dict[str, int], got dict with "k"',
    't: wanted datetime, got str "today"',
    'b: wanted bytes, got str "bytes"',
  ]);
});

Deno.test("An input with a Standard Schema is what the schema makes of it", async () => {
  const signature = normalizeSignature({
    inputs: { year: z.coerce.number().int(), tags: z.array(z.string()).default([]) },
    outputs: "x",
  });
  assertEquals(await checkInputs(signature, { year: "2024" }), { year: 2024, tags: [] });
  const error = await assertRejects(() => checkInputs(signature, { year: "soon" }), TypeError);
  assertEquals(
    error.message,
    'read inputs: year: wanted Invalid input: expected number, received NaN, got str "soon"',
  );
});

Deno.test("A JSON Schema's limits hold for inputs too", async () => {
  const signature = normalizeSignature({
    inputs: { n: { type: "integer", minimum: 1 } },
    outputs: "x",
  });
  const error = await assertRejects(() => checkInputs(signature, { n: 0 }), TypeError);
  assertEquals(error.message, "read inputs: n: wanted at least 1, got int 0");
});

Deno.test("A rule over all inputs of one zod object is asked once they all fit", async () => {
  const signature = normalizeSignature({
    inputs: z.object({ first: z.int(), last: z.int() })
      .refine(({ first, last }) => first <= last, {
        message: "first must not be above last",
        path: ["first"],
      }),
    outputs: "x",
  });
  assertEquals(await checkInputs(signature, { first: 1, last: 2 }), { first: 1, last: 2 });
  const error = await assertRejects(() => checkInputs(signature, { first: 3, last: 2 }), TypeError);
  assertEquals(error.message, "read inputs: first: wanted first must not be above last, got int 3");
});

Deno.test("A typed list of a million texts is checked in well under a second", async () => {
  const signature = parseSignature("lines: list[str] -> x");
  const lines = Array.from({ length: 1_000_000 }, (_, index) => `line ${index}`);
  const start = performance.now();
  const values = await checkInputs(signature, { lines });
  assert(values.lines === lines);
  assert(performance.now() - start < 2_000);
});
