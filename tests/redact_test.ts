/** Secrets are taken out of texts. */
import { assertEquals } from "@std/assert";
import { endpointLabel, redactor, shownUrl } from "../lib/models/redact.ts";

Deno.test("C163: known secrets are taken out wherever they are, also URL-encoded", () => {
  const redact = redactor(["pass word+1", "pass word+1 and more", null, undefined, "", "none"]);
  assertEquals(redact("a pass word+1 b"), "a [redacted] b");
  assertEquals(redact("?k=pass%20word%2B1&x"), "?k=[redacted]&x");
  assertEquals(redact("pass word+1 and more"), "[redacted]");
  assertEquals(redact("none of this is secret"), "none of this is secret");
});

Deno.test("C163: what has the shape of a key is taken out, ours or not", () => {
  const redact = redactor([]);
  assertEquals(redact("key sk-proj-0123456789abcdef!"), "key [redacted]!");
  assertEquals(redact("AIzaSyA0123456789abcdefghijk"), "[redacted]");
  assertEquals(redact("Authorization: Bearer abcdefgh12345678"), "Authorization: [redacted]");
  assertEquals(redact("task-oriented sk-learn"), "task-oriented sk-learn");
});

Deno.test("An endpoint is shown without user, password, query and fragment", () => {
  assertEquals(endpointLabel("https://u:p@host:81/v1/?key=secret#x"), "https://host:81/v1");
  assertEquals(shownUrl("u:p@host/v1"), '"host/v1"');
  assertEquals(shownUrl("ftp://u:p@host/v1"), '"ftp://host/v1"');
  assertEquals(endpointLabel("nonsense"), "an endpoint with an unreadable URL");
});
