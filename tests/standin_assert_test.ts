/**
 * What the tests rely on in `@std/assert`.
 * Where JSR can't be reached this runs against the stand-in in `tests/jsr`, elsewhere against the real package.
 */
import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertExists,
  assertFalse,
  assertGreater,
  assertInstanceOf,
  AssertionError,
  assertLess,
  assertMatch,
  assertNotEquals,
  assertObjectMatch,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
  fail,
} from "@std/assert";

/** True when the function throws an AssertionError; checked with plain code, since the subject is the assertions. */
function refuses(fn: () => unknown): boolean {
  try {
    fn();
  } catch (error) {
    return error instanceof AssertionError;
  }
  return false;
}

/** Fails the test with plain code. */
function must(condition: boolean, what: string): void {
  if (!condition) throw new Error(what);
}

/** Pairs that have the same structure. */
const EQUAL: [unknown, unknown][] = [
  [1, 1],
  [NaN, NaN],
  [0, -0],
  ["a", "a"],
  [{ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }],
  [{ a: 1, b: 2 }, { b: 2, a: 1 }],
  [Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
  [new Date(5), new Date(5)],
  [/a/g, /a/g],
  [new URL("https://a/b"), new URL("https://a/b")],
  [new Set([1, 2]), new Set([2, 1])],
  [new Set([{ a: 1 }]), new Set([{ a: 1 }])],
  [new Map([["a", { b: 1 }]]), new Map([["a", { b: 1 }]])],
  [new Uint8Array([1, 2]), new Uint8Array([1, 2])],
  [new Uint8Array([1, 2]).buffer, new Uint8Array([1, 2]).buffer],
  [cycle(), cycle()],
];

/** Pairs that differ. */
const DIFFERENT: [unknown, unknown][] = [
  [1, "1"],
  [1, 2],
  [null, undefined],
  [{}, null],
  [{ a: undefined }, {}],
  [{ a: undefined }, { b: undefined }],
  [[undefined], []],
  [[1, 2], [2, 1]],
  [[], {}],
  [{ a: { b: 1 } }, { a: { b: 2 } }],
  [new Date(5), new Date(6)],
  [/a/g, /a/i],
  [new URL("https://a/b"), new URL("https://a/c")],
  [new Set([1]), new Set([2])],
  [new Set([{ a: 1 }]), new Set([{ a: 2 }])],
  [new Map([["a", 1]]), new Map([["a", 2]])],
  [new Map([["a", 1]]), new Map([["b", 1]])],
  [new Uint8Array([1, 2]), new Uint8Array([1, 3])],
  [new Uint8Array([1]), [1]],
  [new Error("a"), new Error("b")],
  [new TypeError("a"), new RangeError("a")],
  [new (class A {})(), {}],
  [() => 1, () => 1],
  [Symbol("a"), Symbol("a")],
];

function cycle(): Record<string, unknown> {
  const self: Record<string, unknown> = { a: 1 };
  self.self = self;
  return self;
}

Deno.test("assertEquals accepts, and assertNotEquals refuses, values of the same structure", () => {
  for (const [a, b] of EQUAL) {
    must(!refuses(() => assertEquals(a, b)), `${Deno.inspect(a)} should equal ${Deno.inspect(b)}`);
    must(
      refuses(() => assertNotEquals(a, b)),
      `${Deno.inspect(a)} is not unequal to ${Deno.inspect(b)}`,
    );
  }
});

Deno.test("assertEquals refuses, and assertNotEquals accepts, values that differ", () => {
  for (const [a, b] of DIFFERENT) {
    must(
      refuses(() => assertEquals(a, b)),
      `${Deno.inspect(a)} should not equal ${Deno.inspect(b)}`,
    );
    must(
      !refuses(() => assertNotEquals(a, b)),
      `${Deno.inspect(a)} is unequal to ${Deno.inspect(b)}`,
    );
  }
});

Deno.test("each assertion about values accepts what holds and refuses what does not", () => {
  const cases: [string, () => unknown, () => unknown][] = [
    ["assert", () => assert("x"), () => assert("")],
    ["assertFalse", () => assertFalse(0), () => assertFalse(1)],
    ["assertExists", () => assertExists(""), () => assertExists(null)],
    ["assertExists", () => assertExists(0), () => assertExists(undefined)],
    ["assertStrictEquals", () => assertStrictEquals(NaN, NaN), () => assertStrictEquals({}, {})],
    ["assertInstanceOf", () => assertInstanceOf([], Array), () => assertInstanceOf({}, Array)],
    [
      "assertInstanceOf",
      () => assertInstanceOf(new RangeError(), Error),
      () => assertInstanceOf(null, Error),
    ],
    [
      "assertStringIncludes",
      () => assertStringIncludes("abc", "b"),
      () => assertStringIncludes("abc", "d"),
    ],
    ["assertMatch", () => assertMatch("abc", /^a/), () => assertMatch("abc", /^b/)],
    ["assertGreater", () => assertGreater(2, 1), () => assertGreater(1, 1)],
    ["assertLess", () => assertLess(1, 2), () => assertLess(1, NaN)],
    [
      "assertAlmostEquals",
      () => assertAlmostEquals(0.1 + 0.2, 0.3),
      () => assertAlmostEquals(0.1, 0.2),
    ],
    [
      "assertAlmostEquals",
      () => assertAlmostEquals(1, 1.4, 0.5),
      () => assertAlmostEquals(1, NaN, 0.5),
    ],
    ["fail", () => undefined, () => fail("on purpose")],
  ];
  for (const [name, holds, fails] of cases) {
    must(!refuses(holds), `${name} should accept: ${holds}`);
    must(refuses(fails), `${name} should refuse: ${fails}`);
  }
});

Deno.test("assertObjectMatch compares only what is asked for", () => {
  const actual = { a: 1, b: { c: [1, { d: 2, e: 3 }], f: "x" }, g: /a/, h: new Date(1) };
  for (const expected of [{ a: 1 }, { b: { c: [1, { d: 2 }] } }, { g: /a/ }, { h: new Date(1) }]) {
    must(
      !refuses(() => assertObjectMatch(actual, expected)),
      `should match ${Deno.inspect(expected)}`,
    );
  }
  const other = [{ a: 2 }, { z: undefined }, { b: { c: [2] } }, { b: { f: "y" } }, { g: /b/ }, {
    h: new Date(2),
  }, {
    b: { c: [1, { d: 2 }, 3] },
  }];
  for (const expected of other) {
    must(
      refuses(() => assertObjectMatch(actual, expected)),
      `should not match ${Deno.inspect(expected)}`,
    );
  }
});

Deno.test("a failed assertion says what was wrong and repeats the caller's words", () => {
  const error = assertThrows(
    () => assertEquals({ a: 1 }, { a: 22 }, "the caller's words"),
    AssertionError,
  );
  assertEquals(error.name, "AssertionError");
  for (const part of ["Values are not equal", "the caller's words", "1", "22"]) {
    must(error.message.includes(part), `${part} is missing in ${error.message}`);
  }
});

Deno.test("assertThrows returns the error and checks class and message", () => {
  const boom = () => {
    throw new RangeError("boom: 7");
  };
  must(assertThrows(boom, RangeError, "boom").message === "boom: 7", "returns the error");
  must(assertThrows(boom) instanceof RangeError, "needs no class");
  must(refuses(() => assertThrows(() => 1)), "nothing was thrown");
  must(refuses(() => assertThrows(boom, TypeError)), "the class differs");
  must(refuses(() => assertThrows(boom, RangeError, "bang")), "the message differs");
  must(
    refuses(() =>
      assertThrows(() => {
        throw "text";
      }, Error)
    ),
    "what was thrown is no error",
  );
});

Deno.test("assertRejects returns the reason and checks class and message", async () => {
  const boom = () => Promise.reject(new RangeError("boom: 7"));
  const refusal = (fn: () => Promise<unknown>) =>
    fn().then(() => false, (error: unknown) => error instanceof AssertionError);
  must((await assertRejects(boom, RangeError, "boom")).message === "boom: 7", "returns the reason");
  must(await assertRejects(boom) instanceof RangeError, "needs no class");
  must(await refusal(() => assertRejects(() => Promise.resolve())), "nothing was rejected");
  must(await refusal(() => assertRejects(boom, TypeError)), "the class differs");
  must(await refusal(() => assertRejects(boom, RangeError, "bang")), "the message differs");
  must(
    await refusal(() =>
      assertRejects(() => {
        throw new RangeError("boom");
      }, RangeError)
    ),
    "it threw before there was a promise",
  );
});
