/** Attacks by way of the network: what is not granted is not reached, however it is asked for. */
import { assert, assertEquals, assertLess, assertMatch } from "@std/assert";
import { createSandbox } from "../lib/host/mod.ts";
import {
  GET,
  LoopbackServer,
  reaching,
  said,
  SilentListener,
  testsReaching,
} from "./fixtures/loopback_server.ts";
import { testsSharing } from "./fixtures/sharing.ts";

const test = testsReaching("a sandbox that may reach one host, attacked");
const testAlone = testsSharing("a sandbox without network", () => createSandbox());

testAlone("R15: no socket of Python's reaches anything, with grants or without", async (alone) => {
  using listener = new SilentListener();
  await using granted = await createSandbox({ net: [`127.0.0.1:${listener.port}`] });
  for (const sandbox of [alone, granted]) {
    const attempts = [
      "s.connect(A)",
      "s.connect_ex(A)",
      "s.bind(('127.0.0.1', 0))",
      "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', A)",
      "import _socket; _socket.socket().connect(A)",
      "import asyncio; await asyncio.open_connection(*A)",
      "import asyncio; await asyncio.start_server(print, *A)",
    ];
    for (const attempt of attempts) {
      const cell = await sandbox.execute(
        `import socket\nA = ("127.0.0.1", ${listener.port})\ns = socket.socket()\ns.settimeout(2)\n${attempt}`,
      );
      assertEquals(cell.status, "error", attempt);
      assertLess(cell.durationMs, 1_500, attempt);
    }
  }
  assertEquals(listener.connections, 0);
});

testAlone(
  "R16: without grants every client fails at once, and says which grant is missing",
  async (sandbox) => {
    using listener = new SilentListener();
    const host = `127.0.0.1:${listener.port}`;
    const why = `this sandbox has no network; whoever made it can grant net: ["${host}"]`;
    await sandbox.execute(
      `U = "http://${host}/"\nfrom pyodide.http import *\nimport http.client\n${GET}`,
    );
    const clients: [string, string][] = [
      ["get(U)", `URLError: <urlopen error ${why}>`],
      ["get(U, data=b'x')", `URLError: <urlopen error ${why}>`],
      ["await pyfetch(U)", `PermissionError: ${why}`],
      ["open_url(U)", `PermissionError: ${why}`],
      ["pyxhr.get(U)", `PermissionError: ${why}`],
      [`http.client.HTTPConnection("${host}").request("GET", "/")`, `PermissionError: ${why}`],
      [`http.client.HTTPSConnection("${host}").request("GET", "/")`, `PermissionError: ${why}`],
      [
        "get('https://example.com/x')",
        `URLError: <urlopen error ${why.replace(host, "example.com:443")}>`,
      ],
    ];
    for (const [code, message] of clients) {
      const cell = await sandbox.execute(code);
      assertEquals(said(cell), message);
      assertLess(cell.durationMs, 1_000, code);
    }
    const is = await sandbox.execute(
      "import urllib.error\nissubclass(urllib.error.URLError, OSError)",
    );
    assertEquals(is.value, "True");
    assertEquals(listener.connections, 0);
  },
);

test("R17: with a grant for one host, no spelling of another address is reached", async ({ server, sandbox }) => {
  using listener = new SilentListener();
  const { port } = listener;
  const elsewhere = [
    ...[
      `127.0.0.1:${port}`,
      `127.1:${port}`,
      `2130706433:${port}`,
      `0x7f.1:${port}`,
      `0177.1:${port}`,
    ],
    ...[`[::ffff:127.0.0.1]:${port}`, `[::ffff:127.0.0.1]:${server.port}`, `[::1]:${server.port}`],
    ...[`0.0.0.0:${server.port}`, `localhost:${server.port}`, `127.0.0.2:${server.port}`],
    ...[
      "169.254.169.254",
      "metadata.google.internal",
      "example.com",
      `127.0.0.1`,
      "[fd00:ec2::254]",
    ],
    ...[
      `${server.host}@127.0.0.1:${port}`,
      `127.0.0.1:${port}#@${server.host}`,
      `127。0。0。1:${port}`,
    ],
  ];
  const code = `from pyodide.http import pyfetch, open_url
found = []
for h in ${JSON.stringify(elsewhere)}:
    for scheme in ("http", "https"):
        try: await pyfetch(f"{scheme}://{h}/latest/meta-data"); found.append(h)
        except (PermissionError, ValueError): pass
    try: get(f"http://{h}/"); found.append(h)
    except Exception as e: pass
found`;
  const cell = await sandbox.execute(code);
  assertEquals([cell.error, cell.value], [null, "[]"]);
  assertEquals([server.seen, listener.connections], [[], 0]);
});

test("R17: other spellings of the granted address are the granted address", async ({ server, sandbox }) => {
  await sandbox.execute("from pyodide.http import pyfetch");
  for (const host of ["127.1", "2130706433", "0x7f000001", "127.0.0.1."]) {
    const cell = await sandbox.execute(`(await pyfetch("http://${host}:${server.port}/")).status`);
    assertEquals(cell.value, "200", host);
  }
  assertEquals(server.seen.map(({ headers }) => headers["host"]), Array(4).fill(server.host));
});

test("a granted host is reached by http and https alone: no file, no web socket, no other scheme", async ({ server, sandbox }) => {
  const schemes = ["ws", "wss", "ftp", "ftps", "gopher", "ssh", "telnet"];
  const addresses = schemes.map((scheme) => `${scheme}://${server.host}/`);
  const code = `from pyodide.http import pyfetch, open_url
import http.client
found = []
for address in ${
    JSON.stringify([...addresses, "file:///etc/passwd", "blob:null/1", "about:blank"])
  }:
    try: found.append(get(address))
    except OSError: pass
    try: found.append(await (await pyfetch(address)).bytes())
    except (OSError, ValueError): pass
    try: found.append(open_url(address).read())
    except (OSError, ValueError): pass
found`;
  const cell = await sandbox.execute(code);
  assertEquals([cell.error, cell.value], [null, "[]"]);
  assertEquals(server.seen, []);
  const upgrade = `c = http.client.HTTPConnection("127.0.0.1", ${server.port})
c.request("GET", "/", headers={"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Key": "x", "Sec-WebSocket-Version": "13"})
c.getresponse().read()`;
  assertEquals((await sandbox.execute(upgrade)).value, "b'GET / '");
  assertEquals([server.seen[0]?.headers["connection"], server.seen[0]?.headers["upgrade"]], [
    "close",
    undefined,
  ]);
});

const NAME = Deno.hostname();
const NAMES_LOOPBACK = await namesLoopback(NAME);

/** Whether this machine's own name leads to loopback, as it does on many. */
async function namesLoopback(name: string): Promise<boolean> {
  const { lookup } = await import("node:dns/promises");
  return await lookup(name).then(({ address }) => /^127\./.test(address), () => false);
}

Deno.test({
  name:
    "R17: a granted name that leads to a private address is refused, unless that is granted too",
  ignore: !NAMES_LOOPBACK,
  fn: async () => {
    await using server = new LoopbackServer();
    await using sandbox = await createSandbox({ net: [`${NAME}:${server.port}`] });
    const cell = await sandbox.execute(`${GET}get("http://${NAME}:${server.port}/")`);
    assertMatch(said(cell), /^URLError: /);
    assertEquals(server.seen, []);
    await using both = await createSandbox({
      net: [`${NAME}:${server.port}`, `localhost:${server.port}`],
    });
    const reached = await both.execute(`${GET}get("http://${NAME}:${server.port}/")`);
    assertEquals(reached.value, "b'GET / '");
  },
});

Deno.test("a redirect to another granted host does not take secrets along", async () => {
  await using server = new LoopbackServer();
  await using other = new LoopbackServer();
  await using sandbox = await reaching(server, other.host);
  const cell = await sandbox.execute(`from pyodide.http import pyfetch
import urllib.parse
secret = {"Authorization": "CANARY", "Cookie": "CANARY", "X-Mine": "yes"}
await (await pyfetch(U + "/redirect?to=" + urllib.parse.quote("http://${other.host}/end"), headers=secret)).text()`);
  assertEquals(cell.value, "'GET /end '");
  const [seen] = other.seen;
  assertEquals(seen?.headers["x-mine"], "yes");
  assert(!JSON.stringify(seen).includes("CANARY"));
});

test("nothing of the host goes along, and no header that could split or misdirect a request", async ({ server, sandbox }) => {
  const cell = await sandbox.execute(`from pyodide.http import pyfetch
await (await pyfetch(U + "/", headers={"Host": "evil", "Connection": "upgrade", "Proxy-Authorization": "x", "Content-Length": "99"})).text()`);
  assertEquals(cell.error, null);
  assertEquals(server.seen[0]?.headers, { host: server.host, connection: "close" });
  const bad = [
    `headers={"X": "a\\r\\nY: b"}`,
    `headers={"X\\r\\nY": "b"}`,
    `headers={"X": "\\ud800"}`,
    `headers={"X": "a" * 70_000}`,
    `method="CONNECT"`,
    `method="TRACE"`,
    `method="GET /x HTTP/1.1\\r\\nHost: evil\\r\\n\\r\\nGET"`,
    `method="POST", body=bytes(9_000_000)`,
  ];
  for (const options of bad) {
    assertEquals(
      (await sandbox.execute(`await pyfetch(U + "/", ${options})`)).error?.type,
      "ValueError",
      options,
    );
  }
  const split = await sandbox.execute(`await (await pyfetch(U + "/a b\\r\\nX: y")).text()`);
  assertEquals(split.value, "'GET /a%20bX:%20y '");
  assertEquals(server.seen.length, 2);
});

test("code that outlives its cell reaches nothing", async ({ server, sandbox }) => {
  await sandbox.execute(`
import asyncio
from pyodide.http import pyfetch
async def later():
    while True:
        await asyncio.sleep(0.05)
        await pyfetch(U + "/CANARY")
task = asyncio.ensure_future(later())`);
  await new Promise((resolve) => setTimeout(resolve, 300));
  assertEquals(server.seen, []);
  assertEquals((await sandbox.execute("get(U + '/now')")).value, "b'GET /now '");
});
