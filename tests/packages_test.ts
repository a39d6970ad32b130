/** Packages in a sandbox: pure and native ones work, come from files that the host gave, and reach no other sandbox. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { SandboxError } from "../lib/errors.ts";
import { createSandbox, restoreSandbox, SandboxPool } from "../lib/host/mod.ts";
import { temporaryFolder } from "./fixtures/temporary_folder.ts";
import { wheelOf } from "./fixtures/wheels.ts";

/** A real wheel from PyPI with native code, built for the guest's Python: https://pypi.org/project/librt/0.16.0/ (MIT). */
const LIBRT =
  `${import.meta.dirname}/fixtures/librt-0.16.0-cp314-cp314-pyemscripten_2026_0_wasm32.whl`;
const LIBRT_HASH = "1b384b90ab79a7bc30b566895809a636e0666f21f3cf12b54823d025b7e83839";
const TINY = "tiny-1.0-py3-none-any.whl";

/** A folder with a pure wheel. */
async function folderOfWheels() {
  const folder = await temporaryFolder();
  const wheel = await wheelOf("tiny", {
    "tiny/__init__.py": "from .parts import answer\n",
    "tiny/parts.py": "def answer():\n    return 42\n\ndef fail():\n    raise ValueError('here')\n",
    "tiny/late.py": "loaded = True\n",
    "tiny/data.txt": "a text",
  });
  await Deno.writeFile(`${folder.path}/${TINY}`, wheel);
  return folder;
}

Deno.test("pure and native packages are imported, and nothing else is there (C43)", async () => {
  await using folder = await folderOfWheels();
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
    "ModuleNotFoundError: No module named 'numpy'\nHint: only these can be imported: the standard library, librt, tiny; " +
      "others have to be given by whoever runs this (option packages)",
  );
  assertStringIncludes(
    await value("open(tiny.__file__, 'w')") ?? "",
    "PermissionError: ",
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

Deno.test("packages of one sandbox are not in the start-up snapshot that it leaves for others", async () => {
  await using folder = await folderOfWheels();
  await using cache = await temporaryFolder();
  const shared = { cacheDir: cache.path };
  {
    await using first = await createSandbox({
      ...shared,
      packages: [TINY],
      packagesFrom: folder.path,
    });
    assertEquals((await first.execute("import tiny\ntiny.answer()")).value, "42");
  }
  await using second = await createSandbox(shared);
  const cell = await second.execute(
    "import os, sys\nos.listdir('/lib/python3.14/site-packages'), 'tiny' in sys.modules",
  );
  assertEquals(cell.value, "([], False)");
  assertEquals((await second.execute("import tiny")).error?.type, "ModuleNotFoundError");
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

Deno.test("a memory that native code points into is not saved", async () => {
  await using sandbox = await createSandbox({ packages: [LIBRT] });
  assert((await sandbox.checkpoint()).length > 0);
  assertEquals((await sandbox.execute("import librt.time")).error, null);
  const error = await assertRejects(() => sandbox.checkpoint(), SandboxError);
  assertEquals(
    error.message,
    "Cannot save sandbox: native code of a package is loaded into its memory",
  );
});
