/** Secrets are taken out of texts. */
import { assertEquals } from "@std/assert";
import { endpointLabel, redactor, secretsOf, shownUrl } from "../lib/models/redact.ts";

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

Deno.test("C163: user name and password of an address are secrets in every form that comes back", () => {
  const redact = redactor(
    secretsOf("https://some%40user:p%C3%A4ssword@host/v1?sig=abcdefg&v=2024-01"),
  );
  const texts = ["some@user", "some%40user", "pässword", "p%C3%A4ssword", "abcdefg"];
  for (const text of texts) assertEquals(redact(`a ${text} b`), "a [redacted] b");
  assertEquals(redact(`Basic ${btoa("some@user:p\xc3\xa4ssword")}`), "Basic [redacted]");
  assertEquals(redact("host/v1 2024-01"), "host/v1 2024-01");
  assertEquals(secretsOf("https://%zz:@host/").includes("%zz"), true);
});
