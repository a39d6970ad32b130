/** Where a download may be led: what an address that somebody typed can redirect to. */
import { assertEquals, assertThrows } from "@std/assert";
import { followRedirect } from "../lib/cli/download.ts";
import { UsageError } from "../lib/cli/usage_error.ts";

Deno.test("C80: no public server leads into a private network, and a private one may lead to its own", () => {
  const names = [
    "localhost",
    "localhost.",
    "printer.local",
    "db.internal",
    "127.0.0.1",
    "2130706433",
  ];
  const numbers = [
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
  ];
  const newer = [
    "[::1]",
    "[::]",
    "[fd00::1]",
    "[fe80::1]",
    "[::ffff:10.0.0.1]",
    "[64:ff9b::a00:1]",
  ];
  const from = new URL("https://example.org/page");
  for (const host of [...names, ...numbers, ...newer]) {
    const to = new URL(`http://${host}/x`);
    const error = assertThrows(() => followRedirect(from, to.href), UsageError);
    assertEquals(
      error.message,
      `cannot fetch ${from}: it redirects into a private network (${to.hostname}), give that address itself if you trust it`,
    );
    assertEquals(followRedirect(to, "/y").href, new URL("/y", to).href);
  }
  assertEquals(followRedirect(from, "//example.com:8080/z").href, "https://example.com:8080/z");
  assertEquals(followRedirect(new URL("http://10.0.0.1/"), from.href).href, from.href);
});
