/** Requests that make no sense: each is refused with what is wrong, before anything is started. */
import { assertEquals, assertMatch } from "@std/assert";
import { isDeeperThan } from "../lib/server/json_body.ts";
import { INPUTS, problemIn, TestServer } from "./fixtures/test_server.ts";

Deno.test("A body that is no request for a run is refused with what is wrong, and nothing is started", async () => {
  await using server = new TestServer({ rlmOptions: { maxCost: 0.5 } });
  const inputs = { context: "", query: "?" };
  const cases: [body: string, status: number, code: string, detail: string | RegExp][] = [
    ["", 400, "bad_json", /^read the body: it is not JSON \(.+\)$/],
    ['{"inputs": ', 400, "bad_json", /^read the body: it is not JSON \(.+\)$/],
    ["[".repeat(1_000_000), 400, "bad_json", "read the body: it is nested deeper than 180 levels"],
    [
      "[]",
      422,
      "bad_inputs",
      /^read the body: expected {"inputs": {…}} with a value for each input$/,
    ],
    ['{"inputs": "x"}', 422, "bad_inputs", /expected {"inputs": {…}}/],
    [
      JSON.stringify({ inputs, cap: {} }),
      422,
      "bad_inputs",
      "read the body: 'cap' is unknown; send inputs and caps",
    ],
    [
      '{"inputs": {"context": "", "qeury": "?"}}',
      422,
      "bad_inputs",
      "read inputs: 'query' is missing; give a value of type Any; 'qeury' is unknown; the signature takes context, query",
    ],
    [
      '{"inputs": {"context": "", "query": "?", "__proto__": {"x": 1}}}',
      422,
      "bad_inputs",
      "read inputs: '__proto__' is unknown; the signature takes context, query",
    ],
    [
      JSON.stringify({ inputs, caps: [] }),
      422,
      "bad_caps",
      "read caps: expected an object with a number for each cap",
    ],
    [JSON.stringify({ inputs, caps: { lm: 1 } }), 422, "bad_caps", /^read caps: 'lm' is unknown; /],
    [
      JSON.stringify({ inputs, caps: { maxCost: 5 } }),
      422,
      "bad_caps",
      "read caps: maxCost 5 is above this server's; ask for at most 0.5",
    ],
    [
      JSON.stringify({ inputs, caps: { maxCost: null } }),
      422,
      "bad_caps",
      "read caps: maxCost is not a number",
    ],
    [
      JSON.stringify({ inputs, caps: { maxIterations: 0 } }),
      422,
      "bad_caps",
      "read caps: set maxIterations: 0 is not a whole number of at least 1",
    ],
    [
      JSON.stringify({ inputs, caps: { maxSeconds: -1 } }),
      422,
      "bad_caps",
      "read caps: set maxSeconds: -1 is not a number above 0",
    ],
  ];
  for (const [body, status, code, detail] of cases) {
    const told = await problemIn(await server.send(body));
    assertEquals([told.status, told.code], [status, code], body.slice(0, 80));
    if (typeof detail === "string") assertEquals(told.detail, detail);
    else assertMatch(told.detail, detail);
  }
  const notUtf8 = await problemIn(await server.send(new Uint8Array([0x22, 0xff, 0x22])));
  assertEquals(notUtf8.detail, "read the body: it broke off, or is no UTF-8");
  assertEquals([server.sandboxes.length, server.errors], [0, []]);
});

Deno.test("A run is refused the caps of a client only above those of the server", async () => {
  const options: unknown[] = [];
  await using server = new TestServer({
    onEvent: (event) => {
      if (event.type === "run_start") {
        options.push([event.options.maxIterations, event.options.maxTokens]);
      }
    },
    rlmOptions: { maxIterations: 5 },
  });
  for (const caps of [{ maxIterations: 2, maxTokens: 100_000 }, { maxIterations: 5 }, {}]) {
    const response = await server.post(INPUTS, { caps });
    assertEquals((await response.json()).state, "done");
  }
  assertEquals(options, [[2, 100_000], [5, null], [5, null]]);
});

Deno.test("A body of another type, or packed, is refused before it is read", async () => {
  await using server = new TestServer();
  const json = JSON.stringify({ inputs: INPUTS });
  const type = await server.send(json, { "content-type": "text/plain" });
  assertEquals(type.headers.get("accept-post"), "application/json");
  assertEquals(
    (await problemIn(type)).detail,
    "read the body: 'text/plain' is not supported; send application/json",
  );
  const none = await problemIn(await server.send(new TextEncoder().encode(json), {}));
  assertEquals([none.status, none.code], [415, "unsupported_media_type"]);
  const packed = await server.send(json, {
    "content-type": "application/json",
    "content-encoding": "gzip",
  });
  assertEquals(
    (await problemIn(packed)).detail,
    "read the body: it is packed by 'gzip'; send it as it is",
  );
  const suffixed = await server.send(json, {
    "content-type": "application/task+json; charset=utf-8",
  });
  assertEquals((await suffixed.json()).state, "done");
});

Deno.test("What there is not is not found, and a method that an address does not take is refused with those that it does", async () => {
  await using server = new TestServer();
  const paths = [
    "/run",
    "/runs/",
    "/runs/x/y",
    "/runs/x/page/z",
    "//",
    "/runs/%00",
    "/../etc/passwd",
  ];
  for (const path of paths.filter((path) => path !== "/runs/" && path !== "//")) {
    const { status, code } = await problemIn(await fetch(server.at(path)));
    assertEquals([status, code], [404, "not_found"], path);
  }
  const refused: [method: string, path: string, allow: string][] = [
    ["GET", "/runs", "POST, OPTIONS"],
    ["GET", "/runs/", "POST, OPTIONS"],
    ["POST", "/", "GET, HEAD, OPTIONS"],
    ["PUT", "/runs/x", "GET, HEAD, DELETE, OPTIONS"],
    ["DELETE", "/runs/x/page", "GET, HEAD, OPTIONS"],
  ];
  for (const [method, path, allow] of refused) {
    const response = await fetch(server.at(path), { method });
    assertEquals(response.headers.get("allow"), allow);
    assertEquals((await problemIn(response)).code, "method_not_allowed", `${method} ${path}`);
  }
  const address = await server.start();
  const events = await fetch(`${address}/events`, { headers: { "last-event-id": "1e9" } });
  assertEquals(
    (await problemIn(events)).detail,
    "read Last-Event-ID: '1e9' is not the id of an event; leave it out",
  );
});

Deno.test("Depth is counted outside of texts only", () => {
  assertEquals(isDeeperThan('["[[[[", {"a": "\\"[[[["}]', 2), false);
  assertEquals(isDeeperThan('["\\\\", [[]]]', 2), true);
  assertEquals(isDeeperThan("[[],[],[[]]]", 2), true);
  assertEquals(isDeeperThan('"[[[[', 1), false);
});
