/** Error answers of all shapes are read, and nothing else is touched. */
import { assertEquals, assertLess } from "@std/assert";
import { readableError } from "../lib/models/openai_error_body.ts";
import { readableResponse } from "../lib/models/openai_response.ts";

const BODIES: readonly (readonly [string, string, Readonly<Record<string, unknown>>])[] = [
  ["OpenAI's own shape", '{"error":{"message":"m","code":"c"}}', { message: "m", code: "c" }],
  ["Gemini's list", '[{"error":{"message":"m","code":400}}]', { message: "m", code: 400 }],
  ["an error that is a text", '{"error":"m"}', { message: "m" }],
  ["an older vLLM's flat shape", '{"object":"error","message":"m"}', {
    object: "error",
    message: "m",
  }],
  ["FastAPI's text", '{"detail":"Not Found"}', { message: "Not Found" }],
  [
    "FastAPI's list",
    '{"detail":[{"type":"missing","loc":["body","a","b"],"msg":"Field required"}]}',
    { message: "a.b: Field required", type: "missing", param: "a.b" },
  ],
  ["plain text", "upstream\n connect error", { message: "upstream connect error" }],
  ["a page", "<html><script>x()</script><b>502</b> Bad", { message: "502 Bad" }],
  ["a page that was cut within a script", "<b>502</b> Bad<script>x(", { message: "502 Bad" }],
  ["a text with signs that open no tag", "1 < 2 and <b>3</b>", { message: "1 < 2 and 3" }],
  ["nothing", "", { message: "" }],
  ["a bare value", "17", { message: "17" }],
];

for (const [title, body, error] of BODIES) {
  Deno.test(`An error body of ${title} is read`, () => assertEquals(readableError(body), error));
}

Deno.test("An error body of tags without an end is read in time that grows with its length alone", () => {
  const start = performance.now();
  for (const tag of ["<", "<script>", "<style></script>"]) readableError(tag.repeat(200_000));
  assertLess(performance.now() - start, 5_000);
});

Deno.test("An endless error body is read only at its start", async () => {
  const piece = new TextEncoder().encode("x".repeat(32_768));
  let stopped = false;
  const serve = () =>
    new Response(
      new ReadableStream({
        pull: (controller) => controller.enqueue(piece),
        cancel: () => void (stopped = true),
      }),
      { status: 500 },
    );
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, serve);
  const response = await readableResponse(await fetch(`http://127.0.0.1:${server.addr.port}/`));
  const { error } = await response.json();
  assertEquals(response.status, 500);
  assertEquals(error.message.length < 500_000, true);
  for (let i = 0; i < 100 && !stopped; i++) await new Promise((resolve) => setTimeout(resolve, 20));
  assertEquals(stopped, true);
});

Deno.test("A good answer is passed on untouched", async () => {
  const serve = () => new Response("fine", { headers: { "x-a": "b" } });
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, serve);
  const response = await readableResponse(await fetch(`http://127.0.0.1:${server.addr.port}/`));
  assertEquals([await response.text(), response.headers.get("x-a")], ["fine", "b"]);
});
