/** What cells do to files that are granted for writing, as it is found on the host's disk when the cell has ended. */
import { assertEquals, assertLess } from "@std/assert";
import { HardDeadline } from "../lib/host/hard_deadline.ts";
import type { Cell } from "../lib/host/mod.ts";
import { GrantedFolder, testsOfGrants } from "./fixtures/granted_folder.ts";
import { toolOf } from "./fixtures/attacks.ts";

const SETUP = "import os, shutil\nfrom pathlib import Path\nO = Path(D) / 'out'\n";

const test = testsOfGrants("what is granted for writing, in one sandbox");

test("what a cell creates, changes, renames and deletes is on the disk when it has ended", {
  files: {
    "out/change": "old",
    "out/delete": "x",
    "out/rename": "moved",
    "out/dir/inner/f": "f",
    "out/keep": "kept",
  },
  write: ["out"],
  prepare: async (folder) => {
    await Deno.utime(folder.at("out/keep"), 1_000_000_000, 1_000_000_000);
  },
}, async (folder, sandbox) => {
  await folder.good(
    sandbox,
    SETUP +
      "(O / 'change').write_text('new')\n(O / 'delete').unlink()\n(O / 'rename').rename(O / 'renamed')\n" +
      "(O / 'dir').rename(O / 'folder')\n(O / 'a/b/c').mkdir(parents=True)\n(O / 'a/b/c/d').write_bytes(b'\\0\\xff')\n" +
      "(O / 'empty').mkdir()\n(O / 'zero').touch()\n(O / 'Ünïcode 漢字 🐋\\n').write_text('name')",
  );
  assertEquals(await folder.list("out"), [
    ...["a/", "a/b/", "a/b/c/", "a/b/c/d", "change", "empty/", "folder/", "folder/inner/"],
    ...["folder/inner/f", "keep", "renamed", "zero", "Ünïcode 漢字 🐋\n"],
  ]);
  assertEquals(await folder.read("out/change"), "new");
  assertEquals(await folder.read("out/renamed"), "moved");
  assertEquals(await folder.read("out/folder/inner/f"), "f");
  assertEquals(await Deno.readFile(folder.at("out/a/b/c/d")), new Uint8Array([0, 255]));
  // What was not touched was not written.
  assertEquals((await Deno.stat(folder.at("out/keep"))).mtime, new Date(1_000_000_000_000));
});

test("each cell saves its own changes, also one that fails, submits or runs out of time", {
  files: { "out/f": "0" },
  write: ["out"],
}, async (folder, sandbox) => {
  const cells: [string, Cell["status"]][] = [
    ["1 / 0", "error"],
    ["SUBMIT(1)", "submitted"],
    ["while True: pass", "timeout"],
    ["pass", "ok"],
  ];
  for (const [code, status] of cells) {
    const write = `${SETUP}(O / 'f').write_text('${status}')\n${code}`;
    assertEquals((await folder.run(sandbox, write, { timeoutMs: 300 })).status, status);
    assertEquals(await folder.read("out/f"), status);
  }
});

test(
  "every way of writing is seen: in place, by another handle, by mmap, truncated, and with the time set back",
  { files: { "out/f": "0123456789" }, write: ["out"] },
  async (folder, sandbox) => {
    const ways: [string, string][] = [
      ["open(p, 'r+').write('A')", "A123456789"],
      ["fd = os.open(p, os.O_WRONLY); os.pwrite(fd, b'B', 1)", "AB23456789"],
      ["os.pwrite(fd, b'C', 2); os.close(fd); os.utime(p, (0, 0))", "ABC3456789"],
      [
        "import mmap\nwith open(p, 'r+b') as f, mmap.mmap(f.fileno(), 0) as m:\n  m[3] = ord('D')\n  m.flush()",
        "ABCD456789",
      ],
      ["os.truncate(p, 5)", "ABCD4"],
      ["os.truncate(p, 0); os.truncate(p, 5)", "\0\0\0\0\0"],
      ["shutil.copy(p, p + '2'); os.replace(p + '2', p); open(p, 'a').write('E')", "\0\0\0\0\0E"],
    ];
    for (const [code, text] of ways) {
      await folder.good(sandbox, `${SETUP}p = str(O / 'f')\n${code}`);
      assertEquals(await folder.read("out/f"), text, code);
    }
    assertEquals(await folder.list("out"), ["f"]);
  },
);

test("a handle that stays open writes in the cell that flushes it", {
  files: { "out/": "" },
  write: ["out"],
}, async (folder, sandbox) => {
  await folder.good(sandbox, `${SETUP}f = open(O / 'log', 'w'); n = f.write('one'); f.flush()`);
  assertEquals(await folder.read("out/log"), "one");
  await folder.good(sandbox, "n = f.write(' two'); f.close()");
  assertEquals(await folder.read("out/log"), "one two");
});

test("files and folders may take each other's places, and a name may change its case", {
  files: {
    "out/a": "file",
    "out/b/c/d": "deep",
    "out/n": "n",
  },
  write: ["out"],
}, async (folder, sandbox) => {
  await folder.good(
    sandbox,
    `${SETUP}(O / 'a').unlink(); (O / 'a/x').mkdir(parents=True); (O / 'a/x/y').write_text('in')\n` +
      "shutil.rmtree(O / 'b'); (O / 'b').write_text('flat')\nos.rename(O / 'n', O / 'N')",
  );
  assertEquals(await folder.list("out"), ["N", "a/", "a/x/", "a/x/y", "b"]);
  assertEquals(await folder.read("out/b"), "flat");
  await folder.good(sandbox, "shutil.rmtree(O); O.mkdir(); (O / 'only').touch()");
  assertEquals(await folder.list("out"), ["only"]);
});

test(
  "a single file is granted for writing: it is changed, replaced, deleted and made again, and nothing beside it",
  { files: { "one.txt": "1", "CANARY": "x" }, write: ["one.txt"] },
  async (folder, sandbox) => {
    await folder.good(sandbox, `${SETUP}p = f'{D}/one.txt'\nopen(p, 'a').write('2')`);
    assertEquals(await folder.read("one.txt"), "12");
    await folder.good(
      sandbox,
      "open(p + '.new', 'w').write('replaced'); os.replace(p + '.new', p)",
    );
    assertEquals(await folder.read("one.txt"), "replaced");
    await folder.good(sandbox, "os.remove(p); open(f'{D}/beside', 'w').write('y')");
    assertEquals(await folder.list("."), ["CANARY"]);
    await folder.good(sandbox, "open(p, 'w').write('again')");
    assertEquals(await folder.read("one.txt"), "again");
  },
);

test("a file keeps its mode and its owner's rights; modes and times that Python sets stay inside", {
  files: { "out/run.sh": "echo", "out/other": "" },
  write: ["out"],
  prepare: async (folder) => {
    await Deno.chmod(folder.at("out/run.sh"), 0o750);
  },
}, async (folder, sandbox) => {
  await folder.good(
    sandbox,
    `${SETUP}(O / 'run.sh').write_text('echo hi')\nos.chmod(O / 'other', 0o777); os.chmod(O, 0o000)`,
  );
  const mode = async (path: string) => ((await Deno.stat(folder.at(path))).mode ?? 0) & 0o777;
  assertEquals(await mode("out/run.sh"), 0o750);
  assertEquals(await mode("out/other") & 0o111, 0);
  assertEquals(await folder.read("out/run.sh"), "echo hi");
});

test("read and write grants inside each other: each place has the access of the nearest grant", {
  files: {
    "data/in.txt": "in",
    "data/out/x": "x",
    "data/out/fixed/y": "y",
  },
  read: ["data", "data/out/fixed"],
  write: ["data/out"],
}, async (folder, sandbox) => {
  const attempt = (path: string) =>
    folder.run(sandbox, `n = open(f'{D}/data/${path}', 'w').write('!')`);
  assertEquals((await attempt("in.txt")).error?.type, "PermissionError");
  assertEquals((await attempt("out/fixed/y")).error?.type, "PermissionError");
  assertEquals((await attempt("out/x")).error, null);
  await folder.run(
    sandbox,
    "import os\np = f'{D}/data/out/fixed'\nos.chmod(p, 0o777)\nopen(p + '/z', 'w')",
  );
  assertEquals(await folder.list("data"), ["in.txt", "out/", "out/fixed/", "out/fixed/y", "out/x"]);
  assertEquals(await folder.read("data/out/x"), "!");
});

Deno.test("the host's clock stands still while files are saved, whether the soft deadline has passed or not", async () => {
  const killed: string[] = [];
  const clock = (name: string) =>
    new HardDeadline({ softMs: 30, graceMs: 30 }, () => killed.push(name));
  using early = clock("saves before its deadline");
  using late = clock("saves after its deadline");
  using _other = clock("does not save");
  late.expired();
  for (const saves of [early, late]) saves.saving();
  await new Promise((resolve) => setTimeout(resolve, 300));
  assertEquals([...new Set(killed)], ["does not save"]);
});

Deno.test("a write grant costs a cell that writes nothing next to nothing", async () => {
  await using folder = await GrantedFolder.with({ "out/": "" });
  for (let i = 0; i < 2_000; i++) await Deno.writeTextFile(folder.at(`out/${i}`), "");
  const sandbox = await folder.sandbox({ write: ["out"] });
  await sandbox.execute("pass");
  const startedAt = performance.now();
  for (let i = 0; i < 50; i++) await sandbox.execute("pass");
  const each = (performance.now() - startedAt) / 50;
  assertLess(each, 250);
});

test("tools see nothing of a cell's files before it has ended, and all of them after", {
  files: { "out/": "" },
  write: ["out"],
}, async (folder, sandbox) => {
  let during: string[] = [];
  const look = toolOf([], async () => {
    during = await folder.list("out");
  });
  const cell = await folder.run(sandbox, `${SETUP}(O / 'f').touch(); look()`, { tools: { look } });
  assertEquals(cell.error, null);
  assertEquals(during, []);
  assertEquals(await folder.list("out"), ["f"]);
});
