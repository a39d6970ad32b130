/** Exit codes and messages: what a script sees, and the one line that a person reads. */
import { assertEquals, assertThrows } from "@std/assert";
import { ExitCode, exitCodeOf, exitCodeOfError } from "../lib/cli/exit_code.ts";
import { messageOf, MINIMUM_DENO, tooOld } from "../lib/cli/messages.ts";
import { UsageError } from "../lib/cli/usage_error.ts";
import { parseSignature } from "../lib/engine/signature.ts";
import {
  BudgetError,
  ModelError,
  ProtocolError,
  RlmError,
  SandboxError,
  SandboxLostError,
  SandboxStartError,
  SignatureError,
  SubmissionError,
} from "../lib/errors.ts";

Deno.test("C164: exit codes are 0 to 5 and 130, one for each thing a caller can do next", () => {
  assertEquals(ExitCode, {
    ok: 0,
    failed: 1,
    usage: 2,
    limit: 3,
    model: 4,
    sandbox: 5,
    interrupted: 130,
  });
});

Deno.test("C164: each stop reason and each error has its exit code", () => {
  const reasons = ["submitted", "extracted", "direct", "budget", "aborted"] as const;
  assertEquals(reasons.map(exitCodeOf), [0, 0, 0, 0, 130]);
  const errors: [Error, number][] = [
    [new UsageError("x"), 2],
    [new SignatureError("x"), 2],
    [new BudgetError("x", { cap: "maxCost", used: 1, allowed: 1 }), 3],
    [new ModelError("x", { code: "auth", model: "m" }), 4],
    [new SandboxError("x"), 5],
    [new SandboxStartError("x"), 5],
    [new SandboxLostError("x", { reason: "exit" }), 5],
    [new ProtocolError("x", -32700), 5],
    [new DOMException("x", "AbortError"), 130],
    [new SubmissionError("x", []), 3],
    [new RlmError("x"), 1],
    [new TypeError("x is not a function"), 1],
  ];
  for (const [error, code] of errors) assertEquals(exitCodeOfError(error), code, error.name);
});

Deno.test("A message is one line, whatever was in it, and harmless", () => {
  assertEquals(messageOf(new UsageError("a\n  b\x1b[2J")), "rlm: a b\\x1b[2J");
  assertEquals(messageOf("thrown text"), "rlm: thrown text");
  assertEquals(
    messageOf(new DOMException("x", "AbortError")),
    "rlm: interrupted before there was an answer",
  );
});

Deno.test("A cap that is used up is named with the flag that raises it", () => {
  const message = "go on: 20 seconds have passed; finish with what you have";
  assertEquals(
    messageOf(new BudgetError(message, { cap: "maxSeconds", used: 20, allowed: 20 })),
    "rlm: cannot go on: 20 seconds have passed; raise --max-seconds",
  );
  const unknown = "hold maxCost: the price of a/b is not known; give the model its price";
  assertEquals(
    messageOf(new BudgetError(unknown, { cap: "maxCost", used: 0, allowed: 1 })),
    "rlm: cannot hold --max-cost: the price of a/b is not known; give --max-tokens instead",
  );
});

Deno.test("A signature that cannot be read is shown with the place below the message", () => {
  const error = assertThrows(() => parseSignature("a -> b: integer"), SignatureError);
  assertEquals(
    messageOf(error),
    "rlm: cannot read signature: unknown type 'integer'; use int\n  a -> b: integer\n          ^",
  );
});

Deno.test("A missing permission is named with the flag that grants it", async () => {
  const script = `
    import { messageOf } from ${JSON.stringify(import.meta.resolve("../lib/cli/messages.ts"))};
    for (const needs of [() => Deno.readTextFileSync("/etc/hostname"), () => Deno.env.get("RLM_MODEL"), () => Deno.connect({ hostname: "h.example", port: 1 })]) {
      try { await needs(); } catch (error) { console.log(messageOf(error)); }
    }`;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--no-config",
      `data:application/typescript,${encodeURIComponent(script)}`,
    ],
    env: { NO_COLOR: "1" },
  }).output();
  assertEquals(new TextDecoder().decode(stdout).trim().split("\n"), [
    'rlm: Deno gave no permission: read access to "/etc/hostname"; run again with --allow-read=/etc/hostname',
    'rlm: Deno gave no permission: env access to "RLM_MODEL"; run again with --allow-env=RLM_MODEL',
    'rlm: Deno gave no permission: net access to "h.example:1"; run again with --allow-net=h.example:1',
  ]);
});

Deno.test("C141: a Deno that is too old is told how to get a newer one", () => {
  assertEquals(MINIMUM_DENO, "2.7.12");
  assertEquals(
    tooOld("2.7.11"),
    "rlm: Deno 2.7.11 is too old: run deno upgrade to get 2.7.12 or later",
  );
  for (const old of ["1.46.3", "2.0.0", "2.6.99"]) assertEquals(tooOld(old) !== null, true, old);
  for (const good of ["2.7.12", "2.7.13", "2.9.6", "2.10.0", "3.0.0", "2.8.0+abc", "2.8.0-rc.1"]) {
    assertEquals(tooOld(good), null, good);
  }
});
