/** What the child asks of Deno, by Deno's own record: what it starts from, and after that only what was granted (R20). */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { createSandbox } from "../lib/host/mod.ts";
import { childCommand } from "../lib/host/permissions.ts";
import { PYODIDE_FILES } from "../lib/host/pyodide_files.ts";
import { readSettings } from "../lib/host/settings.ts";
import { executeParams, type Message, RawChild } from "./fixtures/raw_child.ts";
import { temporaryFolder } from "./fixtures/temporary_folder.ts";

/** Everything that a program tries first when it looks for a way out. */
const TRIES = `
import os, shutil, socket, subprocess, urllib.request, pathlib

def try_out(what, way):
    try:
        print(what, "gave", repr(way())[:60])
    except BaseException as error:
        print(what, "raised", type(error).__name__)

try_out("a file", lambda: open("/etc/passwd").read())
try_out("memory", lambda: open("/proc/self/mem", "rb").read(1))
try_out("a new file", lambda: open("/etc/new", "w").write("x"))
try_out("a folder", lambda: os.listdir("/root"))
try_out("a link", lambda: os.symlink("/etc/passwd", "/tmp/link") or open("/tmp/link").read())
try_out("removal", lambda: shutil.rmtree("/etc"))
try_out("home", lambda: list(pathlib.Path.home().iterdir()))
try_out("a variable", lambda: os.environ["PATH"])
try_out("a user", lambda: (os.getuid(), os.getlogin()))
try_out("the system", lambda: os.uname())
try_out("a shell", lambda: os.system("id"))
try_out("a program", lambda: subprocess.run(["id"]))
try_out("a fork", lambda: os.fork())
try_out("a signal", lambda: os.kill(os.getppid(), 9))
try_out("a socket", lambda: socket.create_connection(("127.0.0.1", 80)).send(b"x"))
try_out("a server", lambda: socket.create_server(("127.0.0.1", 0)))
try_out("a name", lambda: socket.getaddrinfo("localhost", 80))
try_out("a page", lambda: urllib.request.urlopen("http://127.0.0.1/"))
try_out("a library", lambda: __import__("ctypes").CDLL("libc.so.6"))
try_out("a module", lambda: __import__("pyodide_js").loadPackage("numpy"))

import js, pyodide_js as p, ctypes
from pyodide.code import eval_code
from pyodide.ffi import to_js
from pyodide.http import open_url

make = lambda start: start.constructor.constructor.new("return globalThis")()
try_out("Deno", lambda: js.Deno.readTextFileSync("/etc/passwd"))
try_out("a script", lambda: eval_code("from pyodide.code import run_js; run_js('1')"))
try_out("code from a text", lambda: js.eval("globalThis"))
try_out("a constructor", lambda: make(p._api.config))
try_out("Node", lambda: js.process.getBuiltinModule("node:vm"))
try_out("an import", lambda: js.eval("import('https://raw.githubusercontent.com/o/r/x.js')"))
try_out("a package", lambda: js.eval("import('npm:left-pad')"))
try_out("the host's files", lambda: p.FS.mount(p.FS.filesystems.NODEFS, to_js({"root": "/"}), "/mnt"))
try_out("a folder of Node's", lambda: p.mountNodeFS("/x", "/etc"))
try_out("a binary file", lambda: p._api.loadBinaryFile("/etc/passwd"))
try_out("the C library's file", lambda: ctypes.CDLL(None).fopen(b"/etc/passwd", b"r"))
try_out("the C library's variable", lambda: ctypes.CDLL(None).getenv(b"PATH"))
try_out("a page by Pyodide", lambda: open_url("http://127.0.0.1/"))
try_out("a worker", lambda: js.Worker.new("data:text/javascript,1"))
try_out("storage", lambda: js.localStorage.setItem("k", "v"))
"done"
`;

/** One entry of the record. */
interface Asked {
  readonly permission: string;
  readonly value: string;
}

/** Reads the record that Deno has written so far. */
async function recorded(path: string): Promise<Asked[]> {
  const lines = (await Deno.readTextFile(path)).split("\n").filter((line) => line !== "");
  return lines.map((line) => {
    const { permission, value } = Object(JSON.parse(line));
    return { permission: String(permission), value: String(value) };
  });
}

/** Sends a request and passes over everything until its answer. */
async function answer(child: RawChild, id: number, method: string, params: Message) {
  await child.send({ jsonrpc: "2.0", id, method, params });
  for (;;) {
    const frame = await child.nextFrame();
    assert(frame !== null, `the child ended in ${method}`);
    if (frame.kind !== "message") continue;
    const message = Object(JSON.parse(frame.text));
    if (message.id === id) return message.result;
  }
}

Deno.test("Deno's record holds what was refused too, so an empty one means that nothing was asked", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/record.jsonl`;
  const program = "try { Deno.readTextFileSync('/etc/passwd'); } catch { console.log('refused'); }";
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-config", "--no-prompt", "--deny-read", `data:text/javascript,${program}`],
    env: { DENO_AUDIT_PERMISSIONS: path },
  }).output();
  assertEquals(new TextDecoder().decode(stdout), "refused\n");
  assertEquals((await recorded(path)).map(({ permission }) => permission), ["read"]);
});

Deno.test("the child asks for what it starts from, then for nothing but the snapshot of a checkpoint, whatever Python tries (R01–R20)", async () => {
  // Leaves the snapshot, where there is none.
  await (await createSandbox()).close();
  await using folder = await temporaryFolder();
  const path = `${folder.path}/record.jsonl`;
  const settings = await readSettings({});
  const { pyodide, snapshot } = settings;
  assert(snapshot !== null);
  await using child = await RawChild.ready({}, { variables: { DENO_AUDIT_PERMISSIONS: path } });
  const atStart = await recorded(path);
  const expected = [...PYODIDE_FILES.map((name) => pyodide + name), snapshot];
  // Deno asks twice for a file that is opened to be read piece by piece.
  const asked = new Set(atStart.map(({ value }) => value));
  assertEquals([...asked].toSorted(), expected.toSorted());
  const flag = childCommand({ ...settings, program: "" }).args.find((arg) =>
    arg.startsWith("--allow-read=")
  );
  assertEquals(flag?.slice("--allow-read=".length).split(",").toSorted(), expected.toSorted());

  const cell = await answer(child, 1, "execute", executeParams(TRIES));
  assertEquals([cell.status, cell.value], ["ok", "'done'"]);
  const bound = await answer(child, 2, "bind", { values: { text: "x".repeat(10_000) } });
  assertEquals(bound, { names: ["text"] });
  assertEquals((await recorded(path)).slice(atStart.length), []);

  const saved = await answer(child, 3, "checkpoint", { form: "difference" });
  assertMatch(saved.base, /^[0-9a-f]{64}$/);
  assertEquals(await answer(child, 4, "shutdown", {}), null);
  assertEquals(await child.exited, 0);
  const later = (await recorded(path)).slice(atStart.length);
  assertEquals(
    new Set(later.map(({ permission, value }) => `${permission} ${value}`)),
    new Set([`read ${snapshot}`]),
  );
});
