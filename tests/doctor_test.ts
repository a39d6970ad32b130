/** `rlm doctor`: what it looks at, what it says of what is missing, and how it ends. */
import { assertEquals, assertMatch } from "@std/assert";
import { readRunArguments } from "../lib/cli/arguments.ts";
import type { Check } from "../lib/cli/doctor_checks.ts";
import { makeAll } from "../lib/cli/doctor_command.ts";
import { parseWords } from "../lib/cli/words.ts";
import { rlm } from "./fixtures/command.ts";
import { closedBaseUrl, OpenAIServer } from "./fixtures/openai_server.ts";

Deno.test("rlm doctor --sandbox shows every attempt refused; a model that does not answer ends it with 4", async () => {
  // This one waits for most of its time.
  const silent = rlm(["doctor", "--model", "test-model", "--base-url", closedBaseUrl()]);
  await using server = new OpenAIServer([{ text: "ready" }]);
  const { code, stdout, stderr } = await rlm(
    ["doctor", "--sandbox", "--json", "--model", "test-model", "--base-url", server.baseUrl],
  );
  assertEquals([code, stderr], [0, ""], stdout);
  const findings: { title: string; status: string; detail: string }[] = JSON.parse(stdout);
  const attempts = findings.filter(({ title }) => title.startsWith("attempt at "));
  assertEquals(attempts.length, 14);
  for (const { status, detail } of attempts) assertMatch(`${status} ${detail}`, /^ok refused, \w/);
  const of = (title: string) => findings.find((finding) => finding.title === title);
  assertMatch(of("sandbox")?.detail ?? "", /^Python 3\.\d+\.\d+, started in [\d.]+ s$/);
  assertMatch(of("model")?.detail ?? "", /^test-model answered in [\d.]+ s, cost unknown$/);
  const failed = await silent;
  assertEquals(failed.code, 4, failed.stdout);
  assertMatch(failed.stdout, /^ok {6}sandbox: /m);
  assertMatch(failed.stdout, /^FAILED {2}model: .*127\.0\.0\.1/m);
});

Deno.test("rlm doctor ends with 5 where the sandbox cannot be started, and names the flag", async () => {
  const { code, stdout } = await rlm(["doctor"], { permissions: ["--allow-read", "--allow-env"] });
  assertEquals(code, 5);
  assertMatch(stdout, /^FAILED {2}permissions: .*--allow-run=/m);
  assertMatch(stdout, /^FAILED {2}sandbox: .*--allow-run=/m);
});

Deno.test("rlm doctor does not look at what needs a thing that has failed", async () => {
  const looked: string[] = [];
  const check = (title: string, status: "ok" | "failed", needs?: string): Check => ({
    area: "sandbox",
    title,
    ...(needs === undefined ? {} : { needs }),
    look: () => Promise.resolve({ status, detail: "seen" }),
  });
  const findings = await Array.fromAsync(makeAll([
    check("Pyodide", "failed"),
    check("sandbox", "ok", "Pyodide"),
    check("snapshot", "ok", "sandbox"),
    check("keys", "ok", "permissions"),
  ], {
    run: readRunArguments(parseWords([]), ""),
    signal: new AbortController().signal,
    onCheck: (title) => looked.push(title),
  }));
  const told = { area: "sandbox", detail: "seen" } as const;
  assertEquals(findings, [
    { ...told, title: "Pyodide", status: "failed" },
    { ...told, title: "keys", status: "ok" },
  ]);
  assertEquals(looked, ["Pyodide", "keys"]);
});
