/** A checkpoint as bytes: it reads back whole, and says what is wrong when it can't. */
import { assertEquals, assertThrows } from "@std/assert";
import { SandboxError } from "../lib/errors.ts";
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from "../lib/host/checkpoint.ts";

const GUEST = "0123456789abcdef";
const CHECKPOINT: Checkpoint = {
  form: "memory",
  guest: GUEST,
  base: "ab".repeat(32),
  cells: 7,
  names: ["context", "größe", "__proto__"],
  memory: Uint8Array.of(10, 0, 10, 255, 13),
};

function assertRefused(bytes: Uint8Array, why: string, guest = GUEST): void {
  const error = assertThrows(() => decodeCheckpoint(bytes, guest), SandboxError);
  const { name, message, trajectory, usage } = error;
  assertEquals({ name, message, trajectory, usage }, {
    name: "SandboxError",
    message: `Cannot restore checkpoint: ${why}`,
    trajectory: [],
    usage: null,
  });
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

Deno.test("a checkpoint reads back as it was, memory with line ends in it too", () => {
  assertEquals(decodeCheckpoint(encodeCheckpoint(CHECKPOINT), GUEST), CHECKPOINT);
  const variables: Checkpoint = { ...CHECKPOINT, form: "variables", base: null };
  assertEquals(decodeCheckpoint(encodeCheckpoint(variables), GUEST), variables);
  const bare = { ...CHECKPOINT, base: null, names: [], cells: 0, memory: new Uint8Array(0) };
  assertEquals(decodeCheckpoint(encodeCheckpoint(bare), GUEST), bare);
});

Deno.test("bytes that are no checkpoint are refused", () => {
  const line = "rlm-checkpoint 1 ";
  for (const text of ["", "\n", "hello", "{}\n", "rlm-checkpoint 2 {}\n", line, `${line}\n`]) {
    assertRefused(bytesOf(text), `${text.length} bytes that are not a checkpoint`);
  }
  for (const text of [`${line}{"guest":\n`, `${line}null\n`, `${line}17\n`, `${line}{}`]) {
    assertRefused(bytesOf(text), `${text.length} bytes that are not a checkpoint`);
  }
});

Deno.test("a checkpoint of another build is refused, with what to do", () => {
  const why =
    "it was made by another version of Deno, Pyodide or this package; run the cells again";
  assertRefused(encodeCheckpoint(CHECKPOINT), why, "another");
  assertRefused(bytesOf("rlm-checkpoint 1 {}\n"), why);
});

Deno.test("a checkpoint with bytes missing or added is refused, with what to do", () => {
  const bytes = encodeCheckpoint(CHECKPOINT);
  assertRefused(bytes.slice(0, -1), "it has 4 of 5 bytes; run the cells again");
  assertRefused(bytes.slice(0, -5), "it has 0 of 5 bytes; run the cells again");
  assertRefused(Uint8Array.of(...bytes, 1), "it has 6 of 5 bytes; run the cells again");
  const none = bytesOf(`rlm-checkpoint 1 {"guest":"${GUEST}"}\nabc`);
  assertRefused(none, "it has 3 of undefined bytes; run the cells again");
});

Deno.test("members of the wrong type fall back to what is safe", () => {
  const about = { form: 1, guest: GUEST, base: 5, cells: "x", names: "y", bytes: 0 };
  const bytes = bytesOf(`rlm-checkpoint 1 ${JSON.stringify(about)}\n`);
  assertEquals(decodeCheckpoint(bytes, GUEST), {
    form: "memory",
    guest: GUEST,
    base: null,
    cells: 0,
    names: [],
    memory: new Uint8Array(0),
  });
});
