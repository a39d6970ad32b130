/** Programs that stand in the child's place and break its contract (R90): each is an error in time, and then gone. */
import { assert, assertEquals, assertLess, assertMatch, assertRejects } from "@std/assert";
import { SandboxStartError } from "../lib/errors.ts";
import { createSandbox } from "../lib/host/mod.ts";
import { spawnChild } from "../lib/host/subprocess.ts";
import { temporaryFolder } from "./fixtures/temporary_folder.ts";

/** Starts a sandbox whose child is a shell script; returns the error, and checks that no process is left. */
async function startWith(script: string, startTimeoutMs = 10_000): Promise<SandboxStartError> {
  await using folder = await temporaryFolder();
  const denoPath = `${folder.path}/fake-deno`;
  const pidFile = `${folder.path}/pid`;
  await Deno.writeTextFile(denoPath, `#!/bin/sh\necho $$ > ${pidFile}\n${script}\n`, {
    mode: 0o755,
  });
  const startedAt = performance.now();
  const error = await assertRejects(
    () => createSandbox({ denoPath, startTimeoutMs, cacheDir: false }),
    SandboxStartError,
  );
  assertLess(performance.now() - startedAt, startTimeoutMs + 2_000);
  const { name, usage, trajectory } = error;
  assertEquals({ name, usage, trajectory }, {
    name: "SandboxStartError",
    usage: null,
    trajectory: [],
  });
  assert(error.message.startsWith("Cannot start sandbox: "), error.message);
  assert(!error.message.includes("\n"), error.message);
  const pid = Number(await Deno.readTextFile(pidFile));
  assert(pid > 0 && !isAlive(pid), "the process is left behind");
  return error;
}

function isAlive(pid: number): boolean {
  try {
    Deno.kill(pid, "SIGCONT");
    return true;
  } catch {
    return false;
  }
}

/** A frame as the script would print it. */
function frame(text: string, headers = ""): string {
  return `printf 'Content-Length: ${text.length}\\r\\n${headers}\\r\\n%s' '${text}'`;
}

const REPLY = `{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":1}}`;
const LIVE = "exec sleep 100";
const REMEDY = "; check that .* is Deno 2.7.12 or newer$";

const CASES: [name: string, script: string, message: string][] = [
  [
    "leaves at once, as another version would (R97)",
    "echo 'no such flag' >&2; exit 3",
    `the process left with code 3: no such flag${REMEDY}`,
  ],
  ["leaves without a word", "exit 0", `the process left with code 0${REMEDY}`],
  ["is killed from outside", "kill -9 $$", `the process got SIGKILL${REMEDY}`],
  [
    "prints a banner and then works",
    `printf 'Welcome!\\r\\n\\r\\n'; ${LIVE}`,
    `Cannot read header: "Welcome!"`,
  ],
  ["prints without end", "exec yes", "Cannot read headers: no blank line in 4096 bytes"],
  ["prints a gigabyte without a line", "exec cat /dev/zero", "no blank line in 4096 bytes"],
  [
    "announces a huge frame",
    `printf 'Content-Length: 999999999999\\r\\nToken: x\\r\\n\\r\\n'; ${LIVE}`,
    "wrong token",
  ],
  ["replies without the token", `${frame(REPLY)}; ${LIVE}`, "Cannot trust frame: wrong token"],
  [
    "replies with the token of another session",
    `${frame(REPLY, `Token: ${"0".repeat(32)}\\r\\nSequence: 0\\r\\n`)}; ${LIVE}`,
    "Cannot trust frame: wrong token",
  ],
  ["closes its output and lives", "exec >&-; exec sleep 100", `the process got SIGKILL${REMEDY}`],
];

for (const [name, script, message] of CASES) {
  Deno.test({
    name: `a child that ${name} is an error at once (R90)`,
    ignore: Deno.build.os === "windows",
    fn: async () => assertMatch((await startWith(script)).message, new RegExp(message)),
  });
}

/** Takes the token out of what the host sends, as no real guest could before it is started, and replies with it. */
const WITH_TOKEN = `
  token=$(head -c 4000 | tr ',' '\\n' | sed -n 's/.*"token":"\\([0-9a-f]*\\)".*/\\1/p')
  say() {
    printf 'Content-Length: %s\\r\\nToken: %s\\r\\nSequence: %s\\r\\n\\r\\n%s' "$(printf %s "$2" | wc -c | tr -d ' ')" "$token" "$1" "$2"
  }
`;

const TRAITORS: [name: string, script: string, message: string][] = [
  [
    "replies with an error",
    `say 0 '{"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"no Python here"}}'; ${LIVE}`,
    `no Python here${REMEDY}`,
  ],
  ["repeats a frame", `say 0 '{}'; say 0 '${REPLY}'; ${LIVE}`, `sequence "0" where 1 was due`],
  ["leaves a frame out", `say 1 '${REPLY}'; ${LIVE}`, `sequence "1" where 0 was due`],
  [
    "sends a valid frame and then noise",
    `say 0 '{}'; echo noise; echo; printf '\\r\\n\\r\\n'; ${LIVE}`,
    "Cannot read header",
  ],
  [
    "sends a large value that is not its",
    `printf 'Content-Length: 1\\r\\nContent-Type: application/octet-stream\\r\\nBlob: 1\\r\\nType: bytes\\r\\nOffset: 0\\r\\nTotal: 900000000000\\r\\nToken: %s\\r\\nSequence: 0\\r\\n\\r\\nx' "$token"; ${LIVE}`,
    "Cannot take value: 900000000000 bytes beside 0 in 0 values",
  ],
];

for (const [name, script, message] of TRAITORS) {
  Deno.test({
    name: `a child that knows the token and ${name} is an error at once (R90)`,
    ignore: Deno.build.os === "windows",
    fn: async () =>
      assertMatch((await startWith(WITH_TOKEN + script)).message, new RegExp(message)),
  });
}

Deno.test({
  name: "a child that answers other questions, or none, is an error when the time is up (R90)",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const scripts = [
      `echo 'still thinking' >&2; ${LIVE}`,
      `${WITH_TOKEN} say 0 '{"jsonrpc":"2.0","id":2,"result":{}}'; say 1 '{"jsonrpc":"2.0","result":{}}'; echo 'still thinking' >&2; ${LIVE}`,
    ];
    for (const script of scripts) {
      const error = await startWith(script, 1_000);
      assertEquals(
        error.message,
        "Cannot start sandbox: not ready after 1000 ms; raise startTimeoutMs, or look at: still thinking",
      );
    }
  },
});

/** A shell line that writes 200 MB to stderr. */
const FLOOD = "head -c 200000000 /dev/zero | tr '\\0' 'x' >&2";

Deno.test({
  name: "a child that floods stderr is not held up, and the host keeps only the end of it (R96)",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const rss = Deno.memoryUsage().rss;
    const seal = "Token: t\\r\\nSequence: 0\\r\\n";
    const script = `${FLOOD}; ${frame("{}", seal)}; echo 'the last words' >&2`;
    const child = spawnChild("/bin/sh", { args: ["-c", script], env: {} }, "t");
    const heard = await Array.fromAsync(child.transport.frames);
    assertEquals(heard, [{ kind: "message", text: "{}" }]);
    assertEquals((await child.exited).how, "the process left with code 0");
    while (!child.stderrTail().endsWith("the last words\n")) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    assertEquals(child.stderrTail().length, 4096);
    assertLess(Deno.memoryUsage().rss - rss, 100_000_000);
  },
});

Deno.test({
  name: "a child that floods stderr in place of starting is an error of bounded length (R96)",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const left = await startWith(`${FLOOD}; exit 3`);
    assertMatch(left.message, /the process left with code 3/);
    assertLess(left.message.length, 5_000);
    const endless = await startWith("exec 3>&1; exec yes >&2", 1_000);
    assertMatch(endless.message, /not ready after 1000 ms; .* look at: y y y$/);
  },
});
