/** The network as it is granted to Python: real processes, real servers on loopback. */
import { assertEquals, assertLess, assertStringIncludes } from "@std/assert";
import { createSandbox } from "../lib/host/mod.ts";
import { NetLimits } from "../sandbox/protocol.ts";
import { GET, LoopbackServer, said, testsReaching } from "./fixtures/loopback_server.ts";

const test = testsReaching("a sandbox that may reach one host");

test("urllib reaches a granted host: methods, headers, body, status, large answers", async ({ server, sandbox }) => {
  const cell = await sandbox.execute(`
r = urllib.request.Request(U + "/p?q=1#f", data=b"\\x00body", method="PUT", headers={"X-A": "ä"})
a = urllib.request.urlopen(r)
a.status, a.read(), a.headers.get_all("x-twice"), a.headers["set-cookie"], a.geturl() == r.full_url`);
  assertEquals(cell.value, `(200, b'PUT /p \\x00body', ['1', '2'], 'a=b', True)`);
  const [seen] = server.seen;
  assertEquals(seen?.path, "/p?q=1");
  assertEquals(seen?.headers["host"], server.host);
  const large = await sandbox.execute("b = get(U + '/bytes?n=20000000'); len(b), set(b)");
  assertEquals(large.value, "(20000000, {65})");
  const status = await sandbox.execute("get(U + '/status')");
  assertEquals(said(status), "HTTPError: HTTP Error 418: I'm a teapot");
});

test("http.client keeps its connection, writes chunks and reads heads as ever", async ({ server, sandbox }) => {
  const cell = await sandbox.execute(`
import http.client
c = http.client.HTTPConnection("127.0.0.1", ${server.port})
out = []
for i in range(3):
    c.request("POST", f"/{i}", body=iter([b"one", b"", b"two" * i]))
    out.append(c.getresponse().read())
c.request("HEAD", "/bytes?n=7")
h = c.getresponse()
out, h.status, h.read(), h.getheader("content-length")`);
  assertEquals(
    cell.value,
    "([b'POST /0 one', b'POST /1 onetwo', b'POST /2 onetwotwo'], 200, b'', '7')",
  );
});

test("pyodide.http reaches a granted host: pyfetch, open_url and pyxhr", async ({ sandbox }) => {
  const cell = await sandbox.execute(`
from pyodide.http import pyfetch, open_url, pyxhr, FetchResponse, BodyUsedError
r = await pyfetch(U + "/redirect?to=/end", method="POST", body="b", headers={"Authorization": "s"})
kept = r.clone()
out = [r.ok, r.status, r.redirected, r.url[len(U):], isinstance(r, FetchResponse), await r.text(), await kept.bytes()]
try: await r.bytes()
except BodyUsedError: out.append("used")
m = await pyfetch(U + "/redirect?to=/end", redirect="manual")
out += [m.status, m.headers["location"], open_url(U + "/o").read(), pyxhr.post(U + "/x", json={"a": 1}).text]
out`);
  assertEquals(
    cell.value,
    "[True, 200, True, '/end', True, 'GET /end ', b'GET /end ', 'used', 302, '/end', 'GET /o ', 'POST /x {\"a\": 1}']",
  );
});

test("requests of several threads are open together", async ({ server, sandbox }) => {
  const cell = await sandbox.execute(`
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor() as pool: answers = list(pool.map(lambda i: get(U + f"/{i}"), range(20)))
answers == [f"GET /{i} ".encode() for i in range(20)]`);
  assertEquals(cell.value, "True");
  const late = await sandbox.execute(
    "import asyncio\nawait asyncio.gather(*[asyncio.to_thread(get, U + '/hang', timeout=0.3) for _ in range(8)])",
  );
  assertEquals(said(late), `URLError: <urlopen error ${server.host} did not answer within 300 ms>`);
  assertLess(late.durationMs, 2_000);
});

test("a redirect is followed within the grant and refused out of it, and has an end", async ({ server, sandbox }) => {
  await using other = new LoopbackServer();
  const to = (target: string) => `U + "/redirect?to=" + urllib.parse.quote("${target}")`;
  assertEquals(
    (await sandbox.execute(`import urllib.parse\nget(${to("/end")})`)).value,
    "b'GET /end '",
  );
  const refused = `this sandbox may not reach ${other.host}, only ${server.host}`;
  const out = to(`http://${other.host}/CANARY`);
  assertEquals(said(await sandbox.execute(`get(${out})`)), `URLError: <urlopen error ${refused}>`);
  await sandbox.execute("from pyodide.http import pyfetch");
  assertEquals(said(await sandbox.execute(`await pyfetch(${out})`)), `PermissionError: ${refused}`);
  for (const target of ["file:///etc/passwd", "ftp://127.0.0.1/", "data:,x", "javascript:1"]) {
    assertEquals((await sandbox.execute(`get(${to(target)})`)).status, "error");
    assertEquals((await sandbox.execute(`await pyfetch(${to(target)})`)).status, "error");
  }
  assertEquals(
    said(await sandbox.execute("await pyfetch(U + '/loop')")),
    `OSError: too many redirects: http://${server.host}/loop`,
  );
  assertEquals((await sandbox.execute("get(U + '/loop')")).error?.type, "HTTPError");
  assertEquals(other.seen, []);
});

test("an answer that is too large, never ends or breaks off is an OSError, and the session goes on", async ({ server, sandbox }) => {
  const large = await sandbox.execute(`get(U + "/bytes?n=${NetLimits.responseBytes + 1}")`);
  assertEquals(
    said(large),
    "URLError: <urlopen error the response is larger than 64 MB; ask for a part of it>",
  );
  const hang = await sandbox.execute("get(U + '/hang', timeout=0.2)");
  assertEquals(said(hang), `URLError: <urlopen error ${server.host} did not answer within 200 ms>`);
  const overdue = await sandbox.execute("kept = 1\nget(U + '/hang')", { timeoutMs: 300 });
  assertEquals(overdue.status, "timeout");
  assertLess(overdue.durationMs, 5_000);
  assertEquals((await sandbox.execute("kept, get(U + '/x')")).value, "(1, b'GET /x ')");
});

Deno.test("a broken answer is an OSError: cut short, no HTTP, no TLS, nobody there", async () => {
  using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const answers = ["HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc", "garbage\r\n\r\n", ""];
  const serving = (async () => {
    for await (const connection of listener) {
      const said = new Uint8Array(1_000);
      await connection.read(said);
      await connection.write(new TextEncoder().encode(answers.shift() ?? ""));
      connection.close();
    }
  })();
  const { port } = listener.addr;
  await using sandbox = await createSandbox({ net: [`127.0.0.1:${port}`, "127.0.0.1:1"] });
  const urls = [
    ...Array(3).fill(`http://127.0.0.1:${port}/`),
    `https://127.0.0.1:${port}/`,
    "http://127.0.0.1:1/",
  ];
  for (const url of urls) {
    const { error } = await sandbox.execute(`${GET}get("${url}")`);
    assertEquals(error?.type, "URLError", url);
    assertStringIncludes(error?.message ?? "", "127.0.0.1:");
  }
  listener.close();
  await serving.catch(() => {});
});
