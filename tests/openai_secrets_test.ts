/** No key is ever shown: not in errors, not in models. */
import { assertFalse, assertStringIncludes } from "@std/assert";
import { OpenAIModel } from "../lib/models/openai.ts";
import { failWith, KEY } from "./fixtures/model_failures.ts";
import { closedBaseUrl, OpenAIServer } from "./fixtures/openai_server.ts";

Deno.test("C163: keys are in no error, even when the server repeats them", async () => {
  const echo = `Wrong key ${KEY}; other keys such as sk-proj-abcdefghijklmnop are wrong too`;
  const header = "value-of-a-secret-header";
  await using server = new OpenAIServer([
    { status: 401, error: { message: echo, param: KEY } },
    { status: 500, body: `Bearer ${KEY} ${header}` },
    { refusal: `I was asked with ${KEY}` },
    { status: 400, body: "wrong: password-in-the-url" },
  ]);
  const options = { headers: { "x-secret": header } };
  for (let i = 0; i < 3; i++) {
    const error = await failWith(server.baseUrl, options);
    assertNoSecret(error, [KEY, header]);
    if (i === 0) {
      assertStringIncludes(error.message, "Wrong key [redacted]; other keys such as [redacted]");
    }
  }
  const withPassword = server.baseUrl.replace("//", "//user:password-in-the-url@");
  const echoed = await failWith(withPassword);
  assertStringIncludes(echoed.message, "wrong: [redacted]");
  assertNoSecret(echoed, ["password-in-the-url"]);
  const gone = closedBaseUrl().replace("//", "//user:password-in-the-url@");
  assertNoSecret(await failWith(gone), ["password-in-the-url"]);
});

Deno.test("C163: a key that a long message is cut in is taken out before the cut", async () => {
  for (let before = 200; before < 310; before += 10) {
    const text = `${"x".repeat(before)} ${KEY} and more`;
    await using server = new OpenAIServer([{ status: 400, error: { message: text } }, {
      body: text,
    }]);
    for (let i = 0; i < 2; i++) {
      const { message } = await failWith(server.baseUrl);
      assertFalse(message.includes(KEY.slice(0, 6)), message);
    }
  }
});

Deno.test("C163: a model shows no key when it is printed or saved", () => {
  const model = new OpenAIModel("m", { baseUrl: "http://u:password-in-the-url@h/v1", apiKey: KEY });
  assertNoSecret(model, [KEY, "password-in-the-url"]);
});

function assertNoSecret(value: unknown, secrets: readonly string[]): void {
  const shown = [
    Deno.inspect(value, { depth: 20, showHidden: true }),
    JSON.stringify(value),
    String(value),
    value instanceof Error ? value.stack ?? "" : "",
  ];
  for (const secret of secrets) {
    for (const text of shown) assertFalse(text.includes(secret), text);
  }
}
