/** Packages in a sandbox: pure and native ones work, come from files that the host gave, and reach no other sandbox. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { createSandbox, restoreSandbox, SandboxPool } from "../lib/host/mod.ts";
import { SandboxSession } from "../lib/host/session.ts";
import { readSettings } from "../lib/host/settings.ts";
import { folderOfWheels, TINY } from "./fixtures/wheels.ts";

/** A real wheel from PyPI with native code, built for the guest's Python: https://pypi.org/project/librt/0.16.0/ (MIT). */
const LIBRT =
  `${import.meta.dirname}/fixtures/librt-0.16.0-cp314-cp314-pyemscripten_2026_0_wasm32.whl`;
const LIBRT_HASH = "1b384b90ab79a7bc30b566895809a636e0666f21f3cf12b54823d025b7e83839";

/** What a package may bring to be run unasked, or in the place of something else. */
const HOSTILE = {
  "tiny.pth": "import builtins; builtins.stolen = 1\n",
  "sitecustomize.py": "import builtins; builtins.stolen = 2\n",
  "usercustomize.py": "import builtins; builtins.stolen = 3\n",
  "json/__init__.py": "import builtins; builtins.stolen = 4\n",
  "_rlm/__init__.py": "import builtins; builtins.stolen = 5\n",
  "broken.cpython-314-wasm32-emscripten.so": "no program",
  "_pyodide_core.py": "import builtins; builtins.stolen = 6\n",
};

Deno.test("pure and native packages are imported, nothing of them runs unasked or in another's place, and nothing else is there (C43)", async () => {
  await using folder = await folderOfWheels(HOSTILE);
  await using sandbox = await createSandbox({
    packages: [TINY, `${LIBRT}#sha256=${LIBRT_HASH}`],
    packagesFrom: folder.path,
  });
  const value = async (code: string) => {
    const { value, error } = await sandbox.execute(code);
    return error === null ? value : `${error.type}: ${error.message}`;
  };
  assertEquals(await value("import tiny\ntiny.answer()"), "42");
  assertEquals(
    await value(
      "import importlib.resources as r\nr.files('tiny').joinpath('data.txt').read_text()",
    ),
    "'a text'",
  );
  assertEquals(await value("import librt.base64\nlibrt.base64.b64encode(b'abc')"), "b'YWJj'");
  assertEquals(await value("import importlib.metadata as m\nm.version('librt')"), "'0.16.0'");
  assertEquals(
    await value("import numpy"),
    "ModuleNotFoundError: No module named 'numpy'\nHint: only these can be imported: the standard library, broken, json, librt, sitecustomize, tiny, usercustomize; " +
      "others have to be given by whoever runs this (option packages)",
  );
  assertStringIncludes(
    await value("open(tiny.__file__, 'w')") ?? "",
    "PermissionError: ",
  );
  assertEquals(
    await value("import json, _rlm, builtins\njson.loads('[1]'), hasattr(builtins, 'stolen')"),
    "([1], False)",
  );
  assertStringIncludes(
    await value("import broken") ?? "",
    "ImportError: could not load dynamic lib",
  );
  const failed = await sandbox.execute("tiny.parts.fail()");
  assertStringIncludes(failed.error?.traceback ?? "", 'tiny/parts.py", line 5, in fail\n');
});

Deno.test("a checkpoint with pure packages is restored where they are given again, and lacks only files where they are not", async () => {
  await using folder = await folderOfWheels();
  const packages = { packages: [TINY], packagesFrom: folder.path };
  await using sandbox = await createSandbox(packages);
  assertEquals((await sandbox.execute("import tiny\nkept = tiny.answer")).error, null);
  const saved = await sandbox.checkpoint();
  {
    await using again = await restoreSandbox(saved, packages);
    assertEquals(
      (await again.execute("import tiny.late\nkept(), tiny.late.loaded")).value,
      "(42, True)",
    );
  }
  await using bare = await restoreSandbox(saved);
  assertEquals((await bare.execute("kept()")).value, "42");
  assertEquals((await bare.execute("import tiny.late")).error?.type, "ModuleNotFoundError");
});

Deno.test("all sandboxes of a pool have its packages, which are read once", async () => {
  await using folder = await folderOfWheels();
  await using pool = new SandboxPool({ size: 1, packages: [TINY], packagesFrom: folder.path });
  await pool.ready;
  await Deno.remove(`${folder.path}/${TINY}`);
  for (let lease = 0; lease < 2; lease++) {
    await using sandbox = await pool.lease();
    assertEquals((await sandbox.execute("import tiny\ntiny.answer()")).value, "42");
  }
});

Deno.test("with native code loaded, a checkpoint has what can be pickled or defined again, and says what is gone", async () => {
  const packages = { packages: [LIBRT] };
  await using sandbox = await createSandbox(packages);
  await sandbox.bind({ context: "whale ".repeat(400_000), table: { rows: [1, 2] } });
  const setup = `
import collections, dataclasses, enum, librt.base64
from librt.base64 import b64encode
Point = collections.namedtuple("Point", "x y")
class Colour(enum.Enum):
    RED = 1
@dataclasses.dataclass
class Row:
    point: Point
    colour: Colour = Colour.RED
    def total(self): return add(self.point.x, self.point.y)
def add(a, b=1): return a + b
twice = lambda n: n * 2
rows = [Row(Point(1, 2)), Row(Point(3, 4))]
first = rows[0]
numbers = (n for n in range(3))
class Stubborn:
    def __reduce__(self): raise ValueError("no")
stubborn = Stubborn()`;
  assertEquals((await sandbox.execute(setup)).error, null);
  const saved = await sandbox.checkpoint();
  await using again = await restoreSandbox(saved, packages);
  const cell = await again.execute(
    "[row.total() for row in rows], first is rows[0], first.colour is Colour.RED, twice(4), add(1), len(context), table, b64encode(b'abc')",
  );
  assertEquals(
    cell.value,
    "([3, 7], True, True, 8, 2, 2400000, {'rows': [1, 2]}, b'YWJj')",
  );
  assertEquals(cell.notes, [
    "The sandbox was restored; as native code of a package had been loaded, only variables that can be saved by themselves are back: " +
    "collections, dataclasses, enum, librt, Point, Colour, Row, add, twice, Stubborn, context, table, b64encode, rows, first; " +
    "gone: numbers, stubborn",
  ]);
  assertEquals((await again.execute("Row(Point(5, 6)).total()")).value, "11");
  assertEquals((await again.execute("1")).notes, []);
  await using bare = await restoreSandbox(saved);
  const [note] = (await bare.execute("1")).notes;
  assertStringIncludes(note ?? "", "gone: context, table, librt, b64encode, rows");
});

Deno.test("a guest that is killed with native code loaded has its variables again, and says so (C143)", async () => {
  await using sandbox = await SandboxSession.start(await readSettings({ packages: [LIBRT] }), {});
  await sandbox.execute("import librt.time\nkept = [1]\nlost = (n for n in [1])");
  await sandbox.checkpoint();
  const cell = await sandbox.execute("print('on')\nimport time\nwhile True: time.sleep(0.01)", {
    onOutput: () => Deno.kill(sandbox.pid, "SIGKILL"),
  });
  assertEquals([cell.status, cell.restored], [
    "lost",
    { from: "variables", back: ["librt", "kept"], gone: ["lost"] },
  ]);
  assertEquals((await sandbox.execute("kept, librt.time.time() > 0")).value, "([1], True)");
});
