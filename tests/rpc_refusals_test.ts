/** Messages that are none: each gets one reply with the right code, and the session goes on. */
import { assertEquals } from "@std/assert";
import { ErrorCode, type JsonValue } from "../sandbox/protocol.ts";
import { assertAlive, underAttack } from "./fixtures/under_attack.ts";

const PARSE_ERROR = {
  code: ErrorCode.parseError,
  message: "Cannot parse message: not JSON in UTF-8",
};
const NOT_RPC = {
  code: ErrorCode.invalidRequest,
  message: "Cannot read message: not JSON-RPC 2.0",
};
const NO_METHOD = { code: ErrorCode.invalidRequest, message: "Cannot read message: no method" };
const BAD_ID = { code: ErrorCode.invalidRequest, message: "Cannot read request: bad id" };
const BAD_PARAMS = { code: ErrorCode.invalidParams, message: "Cannot read request: bad params" };

/** What is sent, and the one reply that it gets. */
const REFUSED: [name: string, sent: string, id: JsonValue, error: JsonValue][] = [
  ["a half message (C132, R83)", `{"jsonrpc":"2.0","id":1,"met`, null, PARSE_ERROR],
  ["an empty message (R87)", "", null, PARSE_ERROR],
  ["words", "Traceback (most recent call last):", null, PARSE_ERROR],
  ["two messages in one body", `{"jsonrpc":"2.0"}{"jsonrpc":"2.0"}`, null, PARSE_ERROR],
  ["NaN for an id", `{"jsonrpc":"2.0","id":NaN,"method":"echo"}`, null, PARSE_ERROR],
  ["null (R87)", "null", null, NOT_RPC],
  ["a number (R87)", "17", null, NOT_RPC],
  ["a text", `"echo"`, null, NOT_RPC],
  ["an empty batch (C133)", "[]", null, NOT_RPC],
  ["a batch (C133, R87)", `[{"jsonrpc":"2.0","id":1,"method":"echo"}]`, null, NOT_RPC],
  ["no version", `{"id":1,"method":"echo"}`, null, NOT_RPC],
  ["version 1.0 (C133)", `{"jsonrpc":"1.0","id":1,"method":"echo"}`, null, NOT_RPC],
  ["a version that is a number", `{"jsonrpc":2.0,"id":1,"method":"echo"}`, null, NOT_RPC],
  ["a version of its prototype's", `{"__proto__":{"jsonrpc":"2.0"}}`, null, NOT_RPC],
  ["no method", `{"jsonrpc":"2.0","id":1}`, 1, NO_METHOD],
  ["nothing but a version", `{"jsonrpc":"2.0"}`, null, NO_METHOD],
  ["a method that is a number", `{"jsonrpc":"2.0","id":"x","method":5}`, "x", NO_METHOD],
  ["a method that is an object", `{"jsonrpc":"2.0","id":2,"method":{"a":1}}`, 2, NO_METHOD],
  ["an id of null", `{"jsonrpc":"2.0","id":null,"method":"echo"}`, null, BAD_ID],
  ["an id of true", `{"jsonrpc":"2.0","id":true,"method":"echo"}`, null, BAD_ID],
  ["an id that is an object", `{"jsonrpc":"2.0","id":{"a":1},"method":"echo"}`, null, BAD_ID],
  ["an endless id", `{"jsonrpc":"2.0","id":1e999,"method":"echo"}`, null, BAD_ID],
  ["a huge id", `{"jsonrpc":"2.0","id":"${"i".repeat(201)}","method":"echo"}`, null, BAD_ID],
  [
    "params of a text (C133)",
    `{"jsonrpc":"2.0","id":3,"method":"echo","params":"x"}`,
    3,
    BAD_PARAMS,
  ],
  ["params of a number", `{"jsonrpc":"2.0","id":3,"method":"echo","params":0}`, 3, BAD_PARAMS],
  ["params of false", `{"jsonrpc":"2.0","id":3,"method":"echo","params":false}`, 3, BAD_PARAMS],
];

for (const [name, sent, id, error] of REFUSED) {
  Deno.test(`refused with one reply, and the session goes on: ${name}`, async () => {
    const attacked = underAttack();
    attacked.far.say(sent);
    const reply = await attacked.far.hear();
    assertEquals(reply, { jsonrpc: "2.0", id, error });
    assertEquals(attacked.calls, []);
    await assertAlive(attacked);
  });
}

Deno.test("a message that is not UTF-8 gets a parse error, and the session goes on (R85)", async () => {
  const attacked = underAttack();
  attacked.far.say({ kind: "garbled" });
  assertEquals(await attacked.far.hear(), { jsonrpc: "2.0", id: null, error: PARSE_ERROR });
  await assertAlive(attacked);
});
