/** The table of values, row by row, through a real guest: what Python sees, and what comes back. */
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { createSandbox, ErrorValue, SandboxError } from "../lib/host/mod.ts";
import { testsSharing } from "./fixtures/sharing.ts";

const test = testsSharing("values to and from one guest", () => createSandbox());

const TO_PYTHON: [value: unknown, shown: string][] = [
  [null, "NoneType None"],
  [true, "bool True"],
  [5, "int 5"],
  [5.0, "int 5"],
  [2 ** 53 - 1, "int 9007199254740991"],
  [2 ** 53, "float 9007199254740992.0"],
  [0.1, "float 0.1"],
  [1e300, "float 1e+300"],
  [-0, "float -0.0"],
  [NaN, "float nan"],
  [Infinity, "float inf"],
  [-Infinity, "float -inf"],
  [2n ** 70n, "int 1180591620717411303424"],
  [-5n, "int -5"],
  ["naïve 🐍\n", "str 'naïve 🐍\\n'"],
  ["a\ud800", "str 'a\ufffd'"],
  [Uint8Array.of(0, 255), "bytes b'\\x00\\xff'"],
  [new Uint8Array(), "bytes b''"],
  [Uint8Array.of(1).buffer, "bytes b'\\x01'"],
  [new DataView(Uint8Array.of(1, 2).buffer, 1), "bytes b'\\x02'"],
  [Int16Array.of(-1, 2), "list [-1, 2]"],
  [[1, [2.5, "x"]], "list [1, [2.5, 'x']]"],
  [{ a: 1, b: { c: null }, d: undefined }, "dict {'a': 1, 'b': {'c': None}}"],
  [{ $: "int", v: "5" }, "dict {'$': 'int', 'v': '5'}"],
  [JSON.parse(`{"__proto__":1}`), "dict {'__proto__': 1}"],
  [new Map<unknown, unknown>([[1, "a"], [[2, 3], "b"]]), "dict {1: 'a', (2, 3): 'b'}"],
  [new Set([3]), "set {3}"],
  [new Set([[1, 2]]), "set {(1, 2)}"],
  [new Date(0), "datetime datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)"],
  [
    new Date(-62135596800000),
    "datetime datetime.datetime(1, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)",
  ],
  [/a+/g, "str 'a+'"],
  [new URL("http://example.com/"), "str 'http://example.com/'"],
  [{ toJSON: () => [1] }, "list [1]"],
  [new ErrorValue("ModelError", "no"), "LLMError '[error] ModelError: no'"],
];

test("each JavaScript value is in Python what the table says (C67–C69)", async (sandbox) => {
  const names = TO_PYTHON.map((_, row) => `v${row}`);
  await sandbox.bind(Object.fromEntries(TO_PYTHON.map(([value], row) => [`v${row}`, value])));
  const cell = await sandbox.execute(
    `for v in [${names}]: print(type(v).__name__, repr(v))`,
  );
  assertEquals(cell.stdout.trimEnd().split("\n"), TO_PYTHON.map(([, shown]) => shown));
});

const FROM_PYTHON: [expression: string, value: unknown][] = [
  ["None", null],
  ["True", true],
  ["5", 5],
  ["2**53 - 1", 2 ** 53 - 1],
  ["2**53", 2n ** 53n],
  ["-(2**70)", -(2n ** 70n)],
  ["5.0", 5],
  ["1e16", 1e16],
  ["1e300", 1e300],
  ["-0.0", -0],
  ["float('nan')", NaN],
  ["float('inf')", Infinity],
  ["float('-inf')", -Infinity],
  ["'naïve 🐍'", "naïve 🐍"],
  ["'a' + chr(0xd800)", "a\ufffd"],
  ["{chr(0xd800): 1}", { "\ufffd": 1 }],
  ["b'\\x00\\xff'", Uint8Array.of(0, 255)],
  ["bytearray(2)", Uint8Array.of(0, 0)],
  ["memoryview(b'ab')", Uint8Array.of(97, 98)],
  ["[1, (2, 3)]", [1, [2, 3]]],
  ["range(3)", [0, 1, 2]],
  ["{'a': 1, 'b': {'c': None}}", { a: 1, b: { c: null } }],
  ["{'$': 'int', 'v': '5'}", { $: "int", v: "5" }],
  ["{'__proto__': {'isAdmin': True}}", JSON.parse(`{"__proto__":{"isAdmin":true}}`)],
  ["{1: 'a', (2, 3): 'b'}", new Map<unknown, unknown>([[1, "a"], [[2, 3], "b"]])],
  ["{}", {}],
  ["{3, 1}", new Set([1, 3])],
  ["frozenset()", new Set()],
  ["__import__('datetime').datetime(2024, 2, 29, 12)", "2024-02-29T12:00:00"],
  ["__import__('datetime').date(2024, 2, 29)", "2024-02-29"],
  ["__import__('datetime').time(12)", "12:00:00"],
  ["__import__('decimal').Decimal('1.50')", "1.50"],
  ["__import__('pathlib').Path('a/b')", "a/b"],
  ["__import__('uuid').UUID(int=1)", "00000000-0000-0000-0000-000000000001"],
  ["__import__('collections').namedtuple('P', 'x y')(1, 2)", { x: 1, y: 2 }],
  ["'\\ufeff' + 'é' * 600_000", "\ufeff" + "é".repeat(600_000)],
  ["'\\ufeff' + 'a' * 2_000_000", "\ufeff" + "a".repeat(2_000_000)],
  ["b'ab' * 530_000", new Uint8Array(1_060_000).map((_, i) => 97 + i % 2)],
  ["10 ** 200_000 % 10 ** 199_999 + 10 ** 199_998", 10n ** 199_998n],
];

test("each Python value is in JavaScript what the table says, as an answer and as an argument (C67–C69, R41)", async (sandbox) => {
  const seen: unknown[] = [];
  const take = {
    description: "Takes a value",
    parameters: { type: "object", properties: { value: {} }, required: ["value"] },
    invoke: ({ value }: Record<string, unknown>) => {
      seen.push(value);
      return value;
    },
  };
  const list = `[${FROM_PYTHON.map(([expression]) => expression).join(", ")}]`;
  const values = FROM_PYTHON.map(([, value]) => value);
  assertEquals((await sandbox.execute(`SUBMIT(${list})`)).submission, { answer: values });
  const cell = await sandbox.execute(`for v in ${list}: take(v)`, { tools: { take } });
  assertEquals([cell.error, seen], [null, values]);
  assertEquals(Reflect.get({}, "isAdmin"), undefined);
});

test("lists and records larger than a message are bound whole (C71, C72)", async (sandbox) => {
  const documents = Array.from({ length: 400 }, (_, n) => `${n}: ${"é".repeat(30_000)}`);
  const numbers = Array.from({ length: 1_000_000 }, (_, n) => n);
  const large = "x".repeat(2_000_000);
  await sandbox.bind({ documents, numbers, record: { documents, large }, small: 1 });
  const cell = await sandbox.execute(
    "len(documents), documents[399][:4], sum(map(len, documents)), sum(numbers), " +
      "record['documents'] == documents, record['large'] == 'x' * 2_000_000, small",
  );
  const characters = documents.reduce((sum, { length }) => sum + length, 0);
  assertEquals(cell.error, null);
  assertEquals(cell.value, `(400, '399:', ${characters}, 499999500000, True, True, 1)`);
});

test("a value that can't be sent leaves nothing bound and the sandbox at work (C69)", async (sandbox) => {
  const error = await assertRejects(
    () => sandbox.bind({ large: "x".repeat(3_000_000), bad: [() => 1] }),
    TypeError,
  );
  assertEquals(error.message, "Cannot send bad[0]: a function has no form in Python");
  assertEquals((await sandbox.execute("'large' in globals()")).value, "False");
});

Deno.test("a value larger than the guest's memory is an error of bind, and the sandbox goes on", async () => {
  await using sandbox = await createSandbox({ memoryMb: 96 });
  await sandbox.bind({ kept: 1 });
  for (const large of ["x".repeat(120_000_000), new Uint8Array(120_000_000)]) {
    const error = await assertRejects(() => sandbox.bind({ large }), SandboxError);
    assertEquals(
      error.message,
      "Cannot bind values: MemoryError: a value does not fit into the guest's memory",
    );
  }
  assertEquals((await sandbox.execute("kept")).value, "1");
});

test("keys and items that Python can't hash are an error of bind that says so", async (sandbox) => {
  const map = await assertRejects(
    () => sandbox.bind({ unbound: new Map([[{ a: 1 }, 1]]) }),
    SandboxError,
  );
  assertMatch(map.message, /^Cannot bind values: TypeError: .*unhashable type: 'dict'/);
  const set = await assertRejects(
    () => sandbox.bind({ unbound: new Set([{ a: 1 }]) }),
    SandboxError,
  );
  assertMatch(set.message, /^Cannot bind values: TypeError: .*unhashable type: 'dict'/);
  assertEquals((await sandbox.execute("'unbound' in globals()")).value, "False");
});
