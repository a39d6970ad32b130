/** What is decided about a sandbox before anything is started. */
import { assertEquals, assertThrows } from "@std/assert";
import { SandboxStartError } from "../lib/errors.ts";
import { denoToStart } from "../lib/host/settings.ts";

Deno.test("a sandbox is started with the Deno that is named, else with the running one", () => {
  assertEquals(denoToStart(undefined, { standalone: false, path: "/bin/deno" }), "/bin/deno");
  for (const standalone of [true, false]) {
    assertEquals(denoToStart("/opt/deno", { standalone, path: "/bin/program" }), "/opt/deno");
  }
});

Deno.test("a compiled program has to name a Deno, since it would start itself as its sandbox", () => {
  const error = assertThrows(
    () => denoToStart(undefined, { standalone: true, path: "/bin/program" }),
    SandboxStartError,
  );
  const { name, message, usage, trajectory } = error;
  assertEquals({ name, message, usage, trajectory }, {
    name: "SandboxStartError",
    message:
      "Cannot start sandbox: /bin/program is a compiled program, which would start itself; set denoPath to a Deno of 2.7.12 or newer",
    usage: null,
    trajectory: [],
  });
});
