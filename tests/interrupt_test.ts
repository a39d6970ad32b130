/** Ctrl-C: the first one asks the run to end, the second one ends the process, and afterwards neither is caught. */
import { assertEquals } from "@std/assert";
import { ROOT } from "./project_files.ts";

const MODULE = new URL("lib/cli/interrupt.ts", ROOT).href;

/** Starts a program that never ends by itself, and sends it a signal each time it prints a line. */
async function interrupt(
  program: string,
  signal: Deno.Signal,
): Promise<{ lines: string[]; status: Deno.CommandStatus }> {
  const process = new Deno.Command(Deno.execPath(), {
    args: ["eval", `import { Interrupt } from ${JSON.stringify(MODULE)};\n${program}`],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const lines: string[] = [];
  for await (const text of process.stdout.pipeThrough(new TextDecoderStream())) {
    for (const line of text.trim().split("\n")) {
      lines.push(line);
      process.kill(signal);
    }
  }
  return { lines, status: await process.status };
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(`C164: ${signal} aborts with an AbortError, another one at once is the same, a later one exits with 130`, async () => {
    const { lines, status } = await interrupt(
      `const interrupt = new Interrupt(() => {
         console.log("ending", interrupt.signal.reason.name);
         setTimeout(() => console.log("still here"), 700);
       });
       setTimeout(() => {}, 60_000);
       console.log("ready", interrupt.signal.aborted);`,
      signal,
    );
    assertEquals(lines, ["ready false", "ending AbortError", "still here"]);
    assertEquals([status.code, status.signal], [130, null]);
  });
}

Deno.test("After the run the signal is the system's again", async () => {
  const { lines, status } = await interrupt(
    `{ using interrupt = new Interrupt(() => console.log("caught")); }
     setTimeout(() => {}, 60_000);
     console.log("ready");`,
    "SIGTERM",
  );
  assertEquals([lines, status.signal], [["ready"], "SIGTERM"]);
});
