/** Who gets in: names of the server, origins of pages, CORS, and what `authorize` says. */
import { assertEquals, assertFalse, assertStringIncludes } from "@std/assert";
import { INPUTS, TestServer } from "./fixtures/test_server.ts";

/** Sends a request by hand, since fetch sets Host by itself; gives status and the whole response. */
async function byHand(
  server: TestServer,
  lines: string[],
): Promise<[status: number, text: string]> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  const request = ["GET / HTTP/1.1", "Connection: close", ...lines, "", ""].join("\r\n");
  await connection.write(new TextEncoder().encode(request));
  const text = await new Response(connection.readable).text();
  return [Number(text.split(" ")[1]), text];
}

Deno.test("Names that are not the server's are refused, since a foreign page could make them lead here", async () => {
  await using server = new TestServer({ hosts: ["RLM.example.org", "żółw.example"] });
  const { port } = server;
  const taken = [
    `127.0.0.1:${port}`,
    `localhost:${port}`,
    "[::1]:80",
    "rlm.example.org",
    "xn--w-uga1v8h.example",
    "a.localhost",
  ];
  for (const host of taken) assertEquals((await byHand(server, [`Host: ${host}`]))[0], 200, host);
  for (
    const host of [
      "evil.example",
      "localhost.evil.example",
      "127.0.0.1.evil.example",
      "rlm.example.org.",
    ]
  ) {
    const [status, text] = await byHand(server, [`Host: ${host}`]);
    assertEquals(status, 421, host);
    assertStringIncludes(text, `serve ${host}: it is not a name of this server; add it to hosts`);
  }
  for (const host of ["a b", "localhost:99999"]) {
    assertEquals((await byHand(server, [`Host: ${host}`]))[0], 400, host);
  }
  assertEquals(server.errors, []);
  // The page's own origin is that of the name that it was loaded by.
  const [rebound] = await byHand(server, ["Host: evil.example", "Origin: http://evil.example"]);
  assertEquals(rebound, 421);
});

Deno.test("A page of another origin can do nothing, and reads no response", async () => {
  await using server = new TestServer();
  for (const origin of ["https://evil.example", "null", `http://localhost:${server.port + 1}`]) {
    const response = await server.post(INPUTS, { headers: { origin } });
    assertEquals([response.status, (await response.json()).code], [403, "foreign_origin"], origin);
    assertFalse(response.headers.has("access-control-allow-origin"));
  }
  const part = await fetch(server.at("/"), {
    headers: { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" },
  });
  assertEquals([part.status, (await part.json()).code], [403, "foreign_origin"]);
  const link = await fetch(server.at("/"), {
    headers: { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" },
  });
  await link.body?.cancel();
  assertEquals(link.status, 200);
  const own = await server.post(INPUTS, { headers: { origin: server.at("") } });
  assertEquals((await own.json()).state, "done");
  assertEquals(server.sandboxes.length, 1);
});

Deno.test("A page of an origin that is listed may call and read", async () => {
  const origin = "https://app.example.org";
  await using server = new TestServer({ origins: [origin] });
  const preflight = await fetch(server.at("/runs"), {
    method: "OPTIONS",
    headers: { origin, "access-control-request-method": "POST" },
  });
  assertEquals([preflight.status, preflight.headers.get("allow")], [204, "POST, OPTIONS"]);
  assertEquals(preflight.headers.get("access-control-allow-origin"), origin);
  assertEquals(preflight.headers.get("access-control-allow-methods"), "GET, POST, DELETE");
  const response = await server.post(INPUTS, { headers: { origin } });
  assertEquals((await response.json()).state, "done");
  assertEquals(response.headers.get("access-control-allow-origin"), origin);
  assertEquals(response.headers.get("vary"), "Origin");
  const foreign = await fetch(server.at("/runs"), {
    method: "OPTIONS",
    headers: { origin: "https://evil.example" },
  });
  assertEquals([foreign.status, foreign.headers.get("access-control-allow-origin")], [403, null]);
  await foreign.body?.cancel();
});

Deno.test("Whoever is not let in gets nothing, and whoever is sees own runs only", async () => {
  const users = new Map([["Bearer a", "ada"], ["Bearer b", "bob"]]);
  await using server = new TestServer({
    authorize: ({ headers }) => users.get(headers.get("authorization") ?? "") ?? false,
  });
  const refused = await server.post();
  assertEquals([refused.status, refused.headers.get("www-authenticate")], [401, "Bearer"]);
  assertEquals(
    (await refused.json()).detail,
    "authorize the request: it was refused; send credentials",
  );
  const ada = { authorization: "Bearer a" };
  const { id } = await (await server.post(INPUTS, { headers: ada })).json();
  for (const path of ["", "/events", "/page"]) {
    const statuses = [];
    for (const authorization of ["Bearer a", "Bearer b", ""]) {
      const response = await fetch(server.at(`/runs/${id}${path}`), { headers: { authorization } });
      await response.body?.cancel();
      statuses.push(response.status);
    }
    assertEquals(statuses, [200, 404, 401], path);
  }
  const bobs = { method: "DELETE", headers: { authorization: "Bearer b" } };
  assertEquals((await (await fetch(server.at(`/runs/${id}`), bobs)).json()).code, "not_found");
});

Deno.test("Whoever has an empty name is nobody", async () => {
  await using server = new TestServer({ authorize: () => "" });
  assertEquals((await (await server.post()).json()).code, "unauthorized");
});

Deno.test("An authorize that fails lets nobody in, and only the operator learns why", async () => {
  const failure = new Error("the database at /srv/users.db is gone");
  await using server = new TestServer({ authorize: () => Promise.reject(failure) });
  const response = await server.post();
  assertEquals([response.status, (await response.json()).detail], [
    500,
    "answer the request: something failed inside the server",
  ]);
  assertEquals(server.errors, [failure]);
  assertEquals(server.sandboxes.length, 0);
});
