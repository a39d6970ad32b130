/** Attacks that reach for other processes (R05, R06). */
import { assertEquals } from "@std/assert";
import {
  attack,
  gives,
  loses,
  pair,
  prints,
  raises,
  Target,
  withstand,
} from "./fixtures/attacks.ts";

Deno.test("Python starts no process and runs no program (R05, R06)", async (t) => {
  const refused = raises(/^OSError: no other program can be started here/);
  await withstand(t, [
    attack(
      "R05 emscripten-script",
      `import ctypes
f = ctypes.CDLL(None).emscripten_run_script_string
f.restype = ctypes.c_char_p; f.argtypes = [ctypes.c_char_p]
print(f(b"typeof Deno"))`,
      loses(/Code generation from strings disallowed/),
    ),
    attack("R06 os.system", 'import os; os.system("id")', refused),
    attack("R06 os.popen", 'import os; os.popen("id").read()', refused),
    attack("R06 subprocess", 'import subprocess; subprocess.run(["id"])', refused),
    attack("R06 fork", "import os; os.fork()", refused),
    attack("R06 execv", 'import os; os.execv("/bin/sh", ["sh"])', refused),
    attack("R06 the real system", 'import posix; posix.system("id")', gives("-1")),
    attack("R06 the real fork", "import posix; posix.fork()", raises(/not implemented/)),
    attack(
      "R06 system of the C library",
      'import ctypes; ctypes.CDLL(None).system(b"id")',
      gives("-1"),
    ),
    ...pair(
      "E09 processes by asyncio",
      [
        'import asyncio; await asyncio.create_subprocess_exec("id")',
        raises(/^NotImplementedError/),
      ],
      [
        "import asyncio\nasync def n(i): return i\nawait asyncio.gather(n(1), n(2))",
        gives("[1, 2]"),
      ],
    ),
    ...pair(
      "E10 processes by unpickling",
      [
        `import os, pickle
class Evil:
  def __reduce__(self): return os.system, ("id",)
pickle.loads(pickle.dumps(Evil()))`,
        refused,
      ],
      ["import pickle; pickle.loads(pickle.dumps({'a': (1, 2)}))", gives("{'a': (1, 2)}")],
    ),
    ...pair(
      "E11 processes by the class tree",
      [
        `found = [c for c in object.__subclasses__() if c.__name__ == "_wrap_close"]
import os
os._wrap_close.__init__.__globals__["system"]("id")`,
        refused,
      ],
      ["[c.__name__ for c in bool.__mro__]", gives("['bool', 'int', 'object']")],
    ),
    ...pair(
      "E12 terminals",
      ['import pty; pty.spawn("id")', raises(/^OSError/)],
      ["import shutil; shutil.get_terminal_size().columns > 0", gives("True")],
    ),
    ...pair(
      "E13 processes by multiprocessing",
      ["import multiprocessing as m; m.Process(target=print).start()", raises(/_multiprocessing/)],
      [
        `from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor() as pool: print(list(pool.map(lambda n: n * n, range(4))))`,
        prints("[0, 1, 4, 9]\n"),
      ],
    ),
    ...pair(
      "E14 a library of one's own",
      [
        'open("/tmp/x.so", "wb").write(b"\\0asm\\1\\0\\0\\0"); import ctypes; ctypes.CDLL("/tmp/x.so")',
        raises(/^OSError/),
      ],
      ["import ctypes; ctypes.c_int32(2**31).value", gives("-2147483648")],
    ),
    ...pair(
      "E15 signals to other processes",
      ["import os; os.kill(os.getppid(), 9)", raises(/^PermissionError/)],
      ["import os; os.getpid() > 0", gives("True")],
    ),
  ]);
});

Deno.test("no attack leaves a process or a thread behind (R06, R18)", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  await using target = await Target.open();
  // Of realms, by their name: those for Deno's own work come and go as it likes.
  const realms = async () => {
    const tasks = await Array.fromAsync(Deno.readDir(`/proc/${target.pid}/task`));
    const names = tasks.map(({ name }) =>
      Deno.readTextFile(`/proc/${target.pid}/task/${name}/comm`).catch(() => "")
    );
    return (await Promise.all(names)).filter((name) => name.startsWith("worker-")).length;
  };
  const children = async () =>
    (await Deno.readTextFile(`/proc/${target.pid}/task/${target.pid}/children`)).trim();
  await target.run(["1"]);
  assertEquals(await realms(), 1);
  for (const code of ["posix.system('id')", "js.Worker.new('x')", "posix.fork()"]) {
    await target.run([`import posix, js\n${code}`]);
  }
  assertEquals(await children(), "");
  assertEquals(await realms(), 1);
});
