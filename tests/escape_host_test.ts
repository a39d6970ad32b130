/** Attacks that reach for the host's network, files, environment and storage (R14–R17, R19, R82, C137–C140). */
import { assertEquals, assertStringIncludes } from "@std/assert";
import {
  attack,
  CANARY,
  ends,
  gives,
  pair,
  prints,
  raises,
  Target,
  withstand,
} from "./fixtures/attacks.ts";
import { temporaryFolder } from "./fixtures/temporary_folder.ts";

Deno.test("Python reaches no network (R15, R16, R17, C137)", async (t) => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  let connections = 0;
  const accepting = (async () => {
    for await (const connection of listener) {
      connections++;
      connection.close();
    }
  })();
  const url = `http://127.0.0.1:${port}/`;
  await withstand(t, [
    attack(
      "R15 sockets",
      `import socket; s = socket.socket(); s.settimeout(2); s.connect(("127.0.0.1", ${port}))`,
      raises(/^(OSError|PermissionError)/),
    ),
    attack(
      "R16 urllib",
      `import urllib.request; urllib.request.urlopen("${url}", timeout=2)`,
      raises(/^(URLError|PermissionError|OSError)/),
    ),
    attack("R16 pyfetch", `from pyodide.http import pyfetch; await pyfetch("${url}")`, raises()),
    attack("R16 open_url", `from pyodide.http import open_url; open_url("${url}")`, raises()),
    attack(
      "R16 asyncio",
      `import asyncio; await asyncio.open_connection("127.0.0.1", ${port})`,
      raises(),
    ),
    ...pair(
      "E16 a server",
      [
        `import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(1); s.settimeout(1); s.accept()`,
        raises(),
      ],
      [
        "import ipaddress; ipaddress.ip_address('10.0.0.1').is_private",
        gives("True"),
      ],
    ),
    ...pair(
      "E17 a proxy in the environment",
      [
        `import os, urllib.request; os.environ["http_proxy"] = "${url}"
urllib.request.urlopen("http://example.com/", timeout=1)`,
        raises(),
      ],
      [
        "import urllib.parse; urllib.parse.urlsplit('http://a.b/c?d=1').query",
        gives("'d=1'"),
      ],
    ),
    ...pair(
      "E18 a file that is loaded when it is read",
      [
        `import pyodide_js as p; p.FS.createLazyFile("/tmp", "lazy", "${url}", True, False); print(open("/tmp/lazy").read())`,
        ends("lost", "error"),
      ],
      ["import io; io.StringIO('a\\nb').readlines()", gives("['a\\n', 'b']")],
    ),
    ...pair(
      "E19 mail, FTP and telnet",
      [
        `import smtplib, ftplib
for open_connection in (smtplib.SMTP, ftplib.FTP):
  try: open_connection("127.0.0.1", timeout=1) if open_connection is ftplib.FTP else open_connection("127.0.0.1", ${port}, timeout=1); print("connected")
  except (OSError, EOFError): print("refused")`,
        prints("refused\nrefused\n"),
      ],
      [
        "import email.message as m; e = m.EmailMessage(); e['To'] = 'a@b'; str(e)",
        gives("'To: a@b\\n\\n'"),
      ],
    ),
    ...pair(
      "E20 a browser",
      [`import webbrowser; webbrowser.open("${url}")`, ends("error", "ok")],
      ["import html; html.escape('<a>')", gives("'&lt;a&gt;'")],
    ),
  ]);
  await withstand(t, [
    ...[
      "http://169.254.169.254/",
      `http://0.0.0.0:${port}/`,
      `http://127.1:${port}/`,
      `http://2130706433:${port}/`,
      `http://[::ffff:127.0.0.1]:${port}/`,
      `http://localhost:${port}/`,
      "https://example.com:444/",
    ].map((address) =>
      attack(
        `R17 ${address.replace(String(port), "PORT")}`,
        `import urllib.request; urllib.request.urlopen("${address}", timeout=1)`,
        raises(/may not reach/),
      )
    ),
    attack(
      "R17 the bridge's own fetch",
      `import js, json
print(await js.rlm.fetch(json.dumps({"url": "${url}", "method": "GET", "headers": {}})))`,
      (cell) => assertStringIncludes(cell.stdout, "may not reach"),
    ),
  ], { net: ["example.com:443"] });
  listener.close();
  await accepting.catch(() => {});
  assertEquals(connections, 0);
});

Deno.test("Python sees neither the host's files nor its environment (R14, C138, C139)", async (t) => {
  await using folder = await temporaryFolder();
  const secret = `${folder.path}/secret.txt`;
  await Deno.writeTextFile(secret, CANARY);
  Deno.env.set("RLM_TEST_CANARY", CANARY);
  try {
    const missing = raises(/^FileNotFoundError/);
    await withstand(t, [
      attack("R14 os.environ", "import os; dict(os.environ)", gives("{}")),
      attack(
        "R14 getenv of the C library",
        `import ctypes; c = ctypes.CDLL(None); c.getenv.restype = ctypes.c_char_p
[c.getenv(name) for name in (b"PATH", b"DENO_DIR", b"HOME", b"RLM_TEST_CANARY")]`,
        gives("[None, None, None, None]"),
      ),
      attack("C138 the secret by its path", `open(${JSON.stringify(secret)}).read()`, missing),
      ...["/etc/passwd", "/proc/self/environ", "/proc/self/maps", "/proc/1/cmdline", "/root"].map((
        path,
      ) => attack(`C138 ${path}`, `open("${path}").read()`, missing)),
      attack(
        "C138 arguments, program, paths and configuration",
        `import sys, pyodide_js as p, os
texts = [*sys.argv, sys.executable, *sys.path, sys.prefix, os.getcwd(), p._module.thisProgram]
texts += [str(getattr(p._api.config, name, "")) for name in ("indexURL", "packageBaseUrl", "packageCacheDir", "lockFileURL")]
[t for t in texts if any(part in t for part in ("node_modules", ".cache", "deno", "npm", "${Deno.cwd()}"))]`,
        gives("[]"),
      ),
      attack("C139 a question on the terminal", "input('really? ')", raises(/^EOFError/)),
      attack("C139 reading stdin", "import sys, os; sys.stdin.read(), os.read(0, 9)", ends("ok")),
      ...pair(
        "E21 a host file through a traceback",
        [
          `exec(compile("x = 1 / 0", ${JSON.stringify(secret)}, "exec"))`,
          raises(/^ZeroDivisionError/),
        ],
        [
          `import linecache; open("/tmp/m.txt", "w").write("one\\ntwo\\n"); linecache.getline("/tmp/m.txt", 2)`,
          gives("'two\\n'"),
        ],
      ),
      ...pair(
        "E22 a host file through a link",
        [
          `import os; os.symlink(${JSON.stringify(secret)}, "/tmp/link"); open("/tmp/link").read()`,
          missing,
        ],
        [
          'import os; open("/tmp/t", "w").write("x"); os.symlink("/tmp/t", "/tmp/s"); open("/tmp/s").read()',
          gives("'x'"),
        ],
      ),
      ...pair(
        "E23 a host file through a database",
        [
          `import sqlite3; c = sqlite3.connect(":memory:"); c.execute("attach ${secret} as s")`,
          raises(/^OperationalError/),
        ],
        [
          "import sqlite3; sqlite3.connect(':memory:').execute('select 6 * 7').fetchone()",
          gives("(42,)"),
        ],
      ),
      ...pair(
        "E24 a host module",
        [
          `import sys; sys.path.insert(0, ${JSON.stringify(folder.path)}); import secret`,
          raises(/^ModuleNotFoundError/),
        ],
        [
          `open("/tmp/mine.py", "w").write("n = 5"); import sys; sys.path.insert(0, "/tmp"); import mine; mine.n`,
          gives("5"),
        ],
      ),
      ...pair(
        "E25 a host file through the C library",
        [
          `import ctypes; c = ctypes.CDLL(None); c.fopen.restype = ctypes.c_void_p; c.fopen(${
            JSON.stringify(secret)
          }.encode(), b"r")`,
          gives(null),
        ],
        [
          `import tempfile, os
with tempfile.NamedTemporaryFile("w+") as f: f.write("t"); f.seek(0); print(f.read())`,
          prints("t\n"),
        ],
      ),
      ...pair(
        "E26 the environment of later cells and of the child",
        [
          ["import os; os.environ['DENO_DIR'] = '/tmp'", "import os; os.environ.get('PATH')"],
          gives(null),
        ],
        ["import os; os.environ['MINE'] = '1'; os.getenv('MINE')", gives("'1'")],
      ),
    ]);
  } finally {
    Deno.env.delete("RLM_TEST_CANARY");
  }
});

Deno.test({
  name: "the child's own environment holds its own settings and nothing of the caller's (R14)",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using target = await Target.open();
    const environ = await Deno.readTextFile(`/proc/${target.pid}/environ`);
    const names = environ.split("\0").filter(Boolean).map((line) => line.split("=")[0]);
    assertEquals(names.sort(), [
      "DENO_DIR",
      "DENO_NO_PACKAGE_JSON",
      "DENO_NO_UPDATE_CHECK",
      "MALLOC_MMAP_THRESHOLD_",
      "NO_COLOR",
    ]);
  },
});

Deno.test("nothing is stored from one session for the next (R19)", async () => {
  const attempts = [
    'js.localStorage.setItem("k", "v")',
    'js.caches.open("k")',
    'p.FS.mount(p.FS.filesystems.IDBFS, {}, "/home/guest"); p.FS.syncfs(False, print)',
    'open("/home/guest/left", "w").write("v")',
  ];
  await using first = await Target.open();
  await first.run(attempts.map((code) => `import js, pyodide_js as p; ${code}`));
  await using second = await Target.open();
  const cell = await second.run([
    'import os, js; os.path.exists("/home/guest/left"), hasattr(js, "localStorage"), hasattr(js, "caches")',
  ]);
  assertEquals(cell.value, "(False, False, False)");
});

Deno.test("what lies around the calling program does not change the guest (R82, C140)", async () => {
  await using folder = await temporaryFolder();
  const hostile = {
    "deno.json": '{ "imports": { "node:fs": "./x.ts" }, "unstable": ["kv"], "broken": ',
    "package.json": '{ "type": "commonjs", "dependencies": { "left-pad": "*" } }',
    "deno.lock": "nonsense",
    ".npmrc": "registry=http://127.0.0.1:9/",
  };
  for (const [name, text] of Object.entries(hostile)) {
    await Deno.writeTextFile(`${folder.path}/${name}`, text);
  }
  const variables = {
    DENO_PERMISSION_BROKER_PATH: `${folder.path}/broker.sock`,
    DENO_V8_FLAGS: "--no-disallow-code-generation-from-strings",
    DENO_DIR: folder.path,
    NODE_OPTIONS: "--require ./x.js",
    HTTP_PROXY: "http://127.0.0.1:9",
    NPM_CONFIG_REGISTRY: "http://127.0.0.1:9/",
  };
  const before = Deno.cwd();
  const kept = Object.keys(variables).map((name) => [name, Deno.env.get(name)] as const);
  for (const [name, value] of Object.entries(variables)) Deno.env.set(name, value);
  Deno.chdir(folder.path);
  try {
    await using target = await Target.open();
    const cell = await target.run(['import js, os; dict(os.environ), hasattr(js, "eval"), 6 * 7']);
    assertEquals(cell.value, "({}, False, 42)");
  } finally {
    Deno.chdir(before);
    for (const [name, value] of kept) {
      if (value === undefined) Deno.env.delete(name);
      else Deno.env.set(name, value);
    }
  }
});
