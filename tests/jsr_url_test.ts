/** The tasks work where JSR can be reached and where it can't. */
import { assert, assertEquals, assertLess } from "@std/assert";
import { reachable, STAND_INS } from "./tasks/jsr_url.ts";
import { runDeno } from "./run_deno.ts";
import { addressOf, serveStandIns } from "./stand_in_registry.ts";

/** A server on loopback that answers each request with the handler. */
function serve(handler: () => Response | Promise<Response>): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, handler);
}

Deno.test("a registry that answers is used", async () => {
  await using server = serveStandIns();
  assertEquals(await reachable(addressOf(server), 5_000), addressOf(server));
});

Deno.test("a registry that answers with an error is replaced by the stand-ins", async () => {
  await using server = serve(() => new Response("blocked", { status: 403 }));
  assertEquals(await reachable(addressOf(server), 5_000), STAND_INS);
});

Deno.test("a registry that does not answer in time is replaced by the stand-ins", async () => {
  const end = Promise.withResolvers<Response>();
  await using server = serve(() => end.promise);
  const start = performance.now();
  assertEquals(await reachable(addressOf(server), 100), STAND_INS);
  assertLess(performance.now() - start, 2_000);
  end.resolve(new Response());
});

Deno.test("a registry that refuses connections is replaced by the stand-ins", async () => {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const { port } = listener.addr;
  listener.close();
  assertEquals(await reachable(`http://127.0.0.1:${port}/`, 5_000), STAND_INS);
});

Deno.test("a task that finds JSR_URL set asks nobody and keeps it", async () => {
  const args = ["run", "--no-config", "--allow-env=JSR_URL", "tests/tasks/jsr_url.ts"];
  const { text } = await runDeno(args, { JSR_URL: "http://127.0.0.1:1/" });
  assertEquals(text, "http://127.0.0.1:1/");
});

Deno.test("the test task downloads, checks and runs what a registry over HTTP serves", async () => {
  await using server = serveStandIns();
  const cache = await Deno.makeTempDir();
  try {
    const env = { JSR_URL: addressOf(server), DENO_DIR: cache, NO_COLOR: "1" };
    const { success, text } = await runDeno(["task", "test", "tests/standin_cli_test.ts"], env);
    assert(success, text);
    assert(text.includes(`Download ${addressOf(server)}@std/cli/meta.json`), text);
    assert(text.includes("0 failed"), text);
  } finally {
    await Deno.remove(cache, { recursive: true });
  }
});
