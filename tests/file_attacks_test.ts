/** Attacks by way of files that are granted for writing: by guest code, by others on the host, and by a worker that lies. */
import { assert, assertEquals, assertLess, assertMatch } from "@std/assert";
import { FileSaving, type FileSource } from "../sandbox/file_saving.ts";
import type { FileChange } from "../sandbox/granted_entry.ts";
import { shown } from "../sandbox/host_path.ts";
import type { JsonValue } from "../sandbox/protocol.ts";
import { toolOf } from "./fixtures/attacks.ts";
import { GrantedFolder } from "./fixtures/granted_folder.ts";

const SETUP = "import os, shutil\nfrom pathlib import Path\nO = Path(D) / 'out'\n";

Deno.test("R25: a link that Python makes in a write grant shows nothing of the host and is not copied out", async () => {
  await using folder = await GrantedFolder.with({ "out/f": "f", "secret": "CANARY" });
  const sandbox = await folder.sandbox({ write: ["out"] });
  const targets = ["/etc/passwd", folder.at("secret"), "../secret", "/proc/self/environ", "f", "."];
  const code =
    `for i, t in enumerate(${JSON.stringify(targets)}): os.symlink(t, O / f'l{i}')\nshown = []\n` +
    "for i in range(6):\n  try: shown.append((O / f'l{i}').read_text())\n  except OSError: pass\nshown";
  const cell = await folder.run(sandbox, SETUP + code);
  assertEquals(cell.value, "['f']");
  assertEquals(cell.notes[0], `${folder.at("out/l5")} was not saved: links are not`);
  // A path that leads through one of them is the file that it is in the guest, and that is saved.
  await folder.run(sandbox, "(O / 'l4').write_text('by link')");
  assertEquals(await folder.list("out"), ["f"]);
  assertEquals(await folder.read("out/f"), "by link");
  assertEquals(await folder.read("secret"), "CANARY");
});

Deno.test("R25: a link of the host's is replaced by a file of the same name, and what it leads to stays", async () => {
  await using folder = await GrantedFolder.with({ "out/": "", "secret": "CANARY" });
  await Deno.symlink("../secret", folder.at("out/l"));
  const sandbox = await folder.sandbox({ write: ["out"] });
  await folder.run(sandbox, `${SETUP}(O / 'l').write_text('mine')`);
  assertEquals(await folder.list("out"), ["l"]);
  assertEquals([await folder.read("out/l"), await folder.read("secret")], ["mine", "CANARY"]);
});

Deno.test("R26: a sparse giant is an OSError in Python, and the host's folder stays small", async () => {
  await using folder = await GrantedFolder.with({ "out/": "" });
  const sandbox = await folder.sandbox({ write: ["out"], memoryMb: 128 });
  await folder.good(sandbox, `${SETUP}os.mkdir('/scratch')`);
  const ways = [
    "open(O / 'b', 'wb').truncate(10**10)",
    "f = open(O / 'b', 'wb'); f.seek(10**10); f.write(b'x'); f.flush()",
    "os.truncate(O / 'b', 2**62)",
    "f = open('/scratch/b', 'wb')\nwhile True: f.write(bytes(10**7))",
    "for i in range(10**6): Path(f'/scratch/{i}').write_bytes(bytes(10**7))",
  ];
  for (const code of ways) {
    const { error } = await folder.run(sandbox, SETUP + code);
    assertEquals(error?.type, "OSError", code);
    assertMatch(error?.message ?? "", /No space left on device|Value too large/);
  }
  await folder.good(sandbox, "f = None; shutil.rmtree('/scratch')");
  assertEquals(await folder.list("out"), ["b"]);
  assertEquals((await Deno.stat(folder.at("out/b"))).size, 0);
  await folder.good(sandbox, "n = (O / 'b').write_bytes(bytes(10**7))");
  assertEquals((await Deno.stat(folder.at("out/b"))).size, 10 ** 7);
});

Deno.test("R27: thousands of files are saved, too many are not and the cell says so, and Python has an end to them", async () => {
  await using folder = await GrantedFolder.with({ "out/": "" });
  const sandbox = await folder.sandbox({ write: ["out"], timeoutMs: 120_000 });
  const make = (count: number) =>
    `${SETUP}for i in range(${count}): os.close(os.open(f"{D}/out/{i}", os.O_CREAT | os.O_WRONLY))`;
  await folder.good(sandbox, make(2_000));
  assertEquals((await folder.list("out")).length, 2_000);
  const tooMany = await folder.run(sandbox, make(20_500));
  assertEquals(tooMany.notes, [
    `nothing in ${folder.at("out")} was saved: it holds more than 20,000 files and folders`,
  ]);
  const startedAt = performance.now();
  const endless = await folder.run(sandbox, make(200_000));
  assertEquals(endless.error?.type, "OSError");
  assertLess(performance.now() - startedAt, 100_000);
  assertEquals((await folder.list("out")).length, 2_000);
  await folder.good(sandbox, "for p in list(O.iterdir()): p.unlink()");
  assertEquals(await folder.list("out"), []);
});

Deno.test("R28: a folder that becomes a link while Python writes is not written through, nor deleted through", async () => {
  await using folder = await GrantedFolder.with({
    "out/sub/x": "old",
    "out/sub/y": "old",
    "elsewhere/x": "CANARY",
    "elsewhere/y": "CANARY",
  });
  const sandbox = await folder.sandbox({ write: ["out"] });
  const swap = toolOf([], async () => {
    await Deno.rename(folder.at("out/sub"), folder.at("moved"));
    await Deno.symlink("../elsewhere", folder.at("out/sub"));
  });
  const code =
    "(O / 'sub/x').write_text('new')\n(O / 'sub/z').write_text('new')\n(O / 'sub/y').unlink()\nswap()";
  const cell = await folder.run(sandbox, SETUP + code, { tools: { swap } });
  const linked = "was not saved: a link has been put on the way to it";
  assertEquals(cell.notes.toSorted(), [
    `${folder.at("out/sub/x")} ${linked}`,
    `${folder.at("out/sub/y")} was not deleted: something else was not saved`,
    `${folder.at("out/sub/z")} ${linked}`,
  ]);
  const alone = await folder.run(sandbox, "(O / 'sub/x').unlink(); (O / 'sub/z').unlink()");
  assertEquals(alone.notes.length, 2);
  assertEquals(await folder.list("elsewhere"), ["x", "y"]);
  assertEquals([await folder.read("elsewhere/x"), await folder.read("moved/x")], ["CANARY", "old"]);
  // What could not be saved is saved once it can be.
  await folder.run(sandbox, "(O / 'sub/x').write_text('late')");
  await Deno.remove(folder.at("out/sub"));
  await Deno.rename(folder.at("moved"), folder.at("out/sub"));
  await folder.good(sandbox, "pass");
  assertEquals(await folder.list("out"), ["sub/", "sub/x"]);
  assertEquals(await folder.read("out/sub/x"), "late");
});

Deno.test("R28: a single file that becomes a link or a FIFO while Python writes is left alone", async () => {
  await using folder = await GrantedFolder.with({ "one": "1", "secret": "CANARY" });
  const sandbox = await folder.sandbox({ write: ["one"] });
  const swap = toolOf([], async () => {
    await Deno.remove(folder.at("one"));
    await Deno.symlink("secret", folder.at("one"));
  });
  const cell = await folder.run(sandbox, "n = open(f'{D}/one', 'w').write('2'); swap()", {
    tools: { swap },
  });
  assertEquals(cell.notes, [`${folder.at("one")} was not saved: it is no file any more`]);
  assertEquals(await folder.read("secret"), "CANARY");
  await Deno.remove(folder.at("one"));
  await new Deno.Command("mkfifo", { args: [folder.at("one")] }).output();
  assertEquals((await folder.run(sandbox, "pass")).notes, cell.notes);
});

Deno.test("R29: what a cell wrote before it lost the guest is not saved, and Python gets the old content back", async () => {
  await using folder = await GrantedFolder.with({ "out/f": "old" });
  const sandbox = await folder.sandbox({ write: ["out"] });
  await folder.run(sandbox, "kept = 1");
  const crash = `${SETUP}(O / 'f').write_text('new'); (O / 'g').touch()\nos.abort()`;
  assertEquals((await folder.run(sandbox, crash)).status, "lost");
  assertEquals([await folder.list("out"), await folder.read("out/f")], [["f"], "old"]);
  const cell = await folder.run(
    sandbox,
    "import os\nopen(f'{D}/out/f').read(), os.listdir(f'{D}/out')",
  );
  assertEquals(cell.value, "('old', ['f'])");
});

Deno.test("a hard link to a file outside is cut by saving: the other name keeps its content", async () => {
  await using folder = await GrantedFolder.with({ "out/": "", "precious": "CANARY" });
  await Deno.link(folder.at("precious"), folder.at("out/hard"));
  const sandbox = await folder.sandbox({ write: ["out"] });
  await folder.good(sandbox, `${SETUP}(O / 'hard').write_text('mine')`);
  assertEquals([await folder.read("out/hard"), await folder.read("precious")], ["mine", "CANARY"]);
});

Deno.test("names that mean something elsewhere are only names, and those that the host can't take are told", async () => {
  await using folder = await GrantedFolder.with({ "out/": "" });
  const sandbox = await folder.sandbox({ write: ["out"] });
  const names = [
    ...[
      "__proto__",
      "constructor",
      "toString",
      "-rf",
      "~",
      "$HOME",
      "a b",
      "'\"`;|&",
      "C:\\x",
      "%2e%2e",
    ],
    ...["\u00e9", "e\u0301", "...", ".rlm-x", "\u202egpj", "*", "a,b"],
  ];
  const write = `for n in ${
    JSON.stringify(names)
  }: (O / n).write_text(n)\n(O / '__proto__d').mkdir()`;
  await folder.good(sandbox, SETUP + write);
  const expected = [...names, "__proto__d/"].sort();
  assertEquals(await folder.list("out"), expected);
  const long = await folder.run(sandbox, "(O / ('n' * 300)).touch(); (O / 'fine').touch()");
  assertEquals(long.notes, [
    `${
      shown(`${folder.at("out")}/${"n".repeat(300)}`)
    } was not saved: the host refused it (ENAMETOOLONG)`,
  ]);
  assertEquals(await folder.list("out"), [...expected, "fine"].sort());
});

Deno.test("folders inside each other are saved as deep as they can be, and the rest is told", async () => {
  await using folder = await GrantedFolder.with({ "out/": "" });
  const sandbox = await folder.sandbox({ write: ["out"] });
  await folder.good(
    sandbox,
    `${SETUP}p = O / 'x/' / ('d/' * 90); p.mkdir(parents=True); (p / 'f').touch()`,
  );
  assertEquals((await folder.list("out")).length, 92);
  const deep = "os.chdir(O)\nfor i in range(150): os.mkdir('y'); os.chdir('y')\nos.chdir('/tmp')";
  const cell = await folder.run(sandbox, deep);
  assertEquals([cell.error, cell.notes.length], [null, 1]);
  assertMatch(cell.notes[0] ?? "", /\/y was not saved: it is the 100th folder inside another$/);
});

Deno.test("a write grant that Python turned into something else is left as it is on the host", async () => {
  await using folder = await GrantedFolder.with({ "out/f": "f", "one": "1" });
  const sandbox = await folder.sandbox({ write: ["out", "one"] });
  const turn =
    "os.rename(O, '/tmp/o'); os.symlink('/tmp', O); os.remove(f'{D}/one'); os.mkdir(f'{D}/one')";
  const cell = await folder.run(sandbox, SETUP + turn);
  assertEquals(cell.notes.toSorted(), [
    `nothing in ${folder.at("one")} was saved: it is no longer a file`,
    `nothing in ${folder.at("out")} was saved: it is no longer a folder`,
  ]);
  assertEquals([await folder.list("out"), await folder.read("one")], [["f"], "1"]);
});

/** Saves what a worker claims into `out` of a folder; the worker answers each read with `bytes`. */
async function claim(
  folder: GrantedFolder,
  claims: JsonValue,
  bytes = new Uint8Array([88]),
): Promise<string[]> {
  const source: FileSource = {
    changes: () => Promise.resolve(claims),
    read: () => Promise.resolve(bytes),
    saved: () => Promise.resolve(null),
  };
  const grant = { hostPath: folder.at("out"), guestPath: "/out", access: "write" } as const;
  const roots = [{ path: "/out", kind: "folder", except: ["/out/fixed"] }] as const;
  return await new FileSaving(source, [grant], { roots, bytes: 1_000 }).save(() => {});
}

function change(path: string, more: Partial<FileChange> = {}): FileChange {
  return { root: 0, path, kind: "file", size: 1, ...more };
}

Deno.test("what a worker complains of is told only where it is text", async () => {
  await using folder = await GrantedFolder.with({ "out/f": "f" });
  const problems = ["first", { toString: 1, valueOf: 1 }, null, ["x"], 7, "last"];
  assertEquals(await claim(folder, { changes: [], problems }), ["first", "last"]);
});

Deno.test("a worker that lies about paths reaches nothing but what is granted", async () => {
  await using folder = await GrantedFolder.with({
    "out/f": "f",
    "out/fixed/g": "g",
    "x": "CANARY",
  });
  const paths = [
    ...["../x", "a/../../x", "/etc/x", "", ".", "..", "a//b", "./f", "a/", "nul\0", "\ud800"],
    ...["fixed/g", "fixed", "x".repeat(5_000), folder.at("x")],
  ];
  for (const path of paths) {
    for (const kind of ["file", "folder", "gone"] as const) {
      const notes = await claim(folder, { changes: [change(path, { kind })], problems: [] });
      assertEquals(notes.length, 1, path);
      assert(notes[0]?.endsWith("was not saved: it is not granted"), notes[0]);
    }
  }
  for (const root of [-1, 1, 0.5, NaN]) {
    assertEquals(
      (await claim(folder, { changes: [change("n", { root })], problems: [] })).length,
      1,
    );
  }
  assertEquals(await folder.list("."), ["out/", "out/f", "out/fixed/", "out/fixed/g", "x"]);
  assertEquals([await folder.read("x"), await folder.read("out/fixed/g")], ["CANARY", "g"]);
});

Deno.test("a worker that lies about sizes or shapes fills no disk and loses no file", async () => {
  await using folder = await GrantedFolder.with({ "out/f": "old" });
  const shapes: JsonValue[] = [
    null,
    [],
    "x",
    { changes: null, problems: [] },
    { changes: [], problems: 1 },
    { changes: Array(50_000).fill(null), problems: [] },
    { changes: [null, 1, [], { path: "f" }, { ...change("f"), kind: "x" }], problems: [] },
    { changes: [change("f", { size: -1 }), change("f", { size: 1e300 })], problems: [] },
    { changes: [change("f", { size: 1_001 })], problems: [] },
    { changes: [change("f", { size: 5 })], problems: [] },
    { changes: [change("f/g")], problems: [] },
  ];
  for (const shape of shapes) await claim(folder, shape);
  await claim(folder, { changes: [change("f", { size: 2 })], problems: [] }, new Uint8Array(0));
  await claim(folder, { changes: [change("f", { size: 2 })], problems: [] }, new Uint8Array(900));
  assertEquals([await folder.list("."), await folder.read("out/f")], [["out/", "out/f"], "old"]);
  assertEquals(await claim(folder, { changes: [change("f")], problems: ["p".repeat(9_999)] }), [
    "p".repeat(500),
  ]);
  assertEquals(await folder.read("out/f"), "X");
});
