/** Files and folders that are granted for reading, as Python sees them: a real process, real files. */
import { assert, assertEquals, assertLess, assertRejects, assertStringIncludes } from "@std/assert";
import { SandboxStartError } from "../lib/errors.ts";
import { createSandbox, restoreSandbox } from "../lib/host/mod.ts";
import { FileLimits } from "../sandbox/protocol.ts";
import { GrantedFolder, testsOfGrants } from "./fixtures/granted_folder.ts";

/** Runs a program of the system that the test needs. */
async function system(program: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, { args }).output();
  assert(success, new TextDecoder().decode(stderr));
}

const test = testsOfGrants("what is granted for reading, in one sandbox");

test("a granted folder is read under its own path, with all that is in it", {
  files: {
    "data/a.csv": "x,y\n1,2\n",
    "data/deep/er/b.txt": "beta",
    "data/empty/": "",
    "data/Ünïcode 漢字 🐋.txt": "names",
    "data/zero": "",
    "other.txt": "not granted",
  },
  read: ["data"],
}, async (folder, sandbox) => {
  assertEquals(
    await folder.good(sandbox, "import csv\nlist(csv.reader(open(f'{D}/data/a.csv')))"),
    "[['x', 'y'], ['1', '2']]",
  );
  const walk =
    "import os\nsorted(os.path.relpath(os.path.join(r, n), D) for r, ds, fs in os.walk(D)" +
    " for n in ds + fs)";
  assertEquals(
    await folder.good(sandbox, walk),
    "['data', 'data/a.csv', 'data/deep', 'data/deep/er', 'data/deep/er/b.txt', 'data/empty', " +
      "'data/zero', 'data/Ünïcode 漢字 🐋.txt']",
  );
  const stat = "os.path.getsize(f'{D}/data/a.csv'), open(f'{D}/data/Ünïcode 漢字 🐋.txt').read()";
  assertEquals(await folder.good(sandbox, stat), "(8, 'names')");
});

const BIG = new Uint8Array(40_000_000).map((_, at) => (at * 31) & 255);

test("bytes, times and large files arrive as they are", {
  files: { "in/": "" },
  read: ["in"],
  prepare: async (folder) => {
    await Deno.writeFile(folder.at("in/big.bin"), BIG);
    await Deno.utime(folder.at("in/big.bin"), 1_000_000_000, 1_000_000_000);
  },
}, async (folder, sandbox) => {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", BIG)).toHex();
  const code = "import hashlib, os\np = f'{D}/in/big.bin'\n" +
    "hashlib.sha256(open(p, 'rb').read()).hexdigest(), os.path.getmtime(p)";
  assertEquals(await folder.good(sandbox, code), `('${hash}', 1000000000.0)`);
});

Deno.test("a relative path is granted as it is written, and opened as it is written", async () => {
  await using folder = await GrantedFolder.with({ "data/a.csv": "relative" });
  const before = Deno.cwd();
  Deno.chdir(folder.path);
  try {
    await using sandbox = await createSandbox({ read: ["data/a.csv"] });
    assertEquals((await sandbox.execute("open('data/a.csv').read()")).value, "'relative'");
    await using all = await createSandbox({ read: ["."] });
    assertEquals(
      (await all.execute("import os\nos.listdir(), os.getcwd()")).value,
      "(['data'], '/home/guest')",
    );
  } finally {
    Deno.chdir(before);
  }
});

test("C78: two files of the same name from two folders do not collide", {
  files: { "one/same.txt": "1", "two/same.txt": "2" },
  read: ["one/same.txt", "two"],
}, async (folder, sandbox) => {
  const code = "open(f'{D}/one/same.txt').read(), open(f'{D}/two/same.txt').read()";
  assertEquals(await folder.good(sandbox, code), "('1', '2')");
});

Deno.test("C78, R21: links inside a grant work, links out of it are left out, and the first cell says so", async () => {
  await using folder = await GrantedFolder.with({
    "data/real.txt": "inside",
    "data/sub/x.txt": "x",
    "secret/key": "CANARY",
    "database/key": "CANARY",
  });
  const links: Record<string, string> = {
    "in": "real.txt",
    "sub/up": "../real.txt",
    "loop": ".",
    "dead": "nowhere",
    "absolute": folder.at("secret/key"),
    "out": "../secret",
    "sibling": "../database/key",
    "chain": "out/key",
    "system": "/etc/passwd",
    "itself": "itself",
  };
  for (const [name, target] of Object.entries(links)) {
    await Deno.symlink(target, folder.at(`data/${name}`));
  }
  const sandbox = await folder.sandbox({ read: ["data"] });
  const look =
    "import os\n[open(f'{D}/data/{n}').read() for n in ('in', 'sub/up', 'loop/sub/x.txt')]";
  const cell = await folder.run(sandbox, look);
  assertEquals(cell.value, "['inside', 'inside', 'x']");
  assertEquals(cell.notes.length, 6);
  const why = "was left out: it is a link that leads out of what is granted, or nowhere";
  for (const note of cell.notes.slice(0, 5)) assertStringIncludes(note, why);
  assertEquals(cell.notes[5], "… and 2 more of this kind");
  const outside = "sorted(os.listdir(f'{D}/data')), os.listdir(D)";
  assertEquals(
    await folder.good(sandbox, outside),
    "(['in', 'loop', 'real.txt', 'sub'], ['data'])",
  );
});

Deno.test("R22: a FIFO, a socket and a device are left out, and nothing waits for them", async () => {
  await using folder = await GrantedFolder.with({ "data/a.txt": "a" });
  await system("mkfifo", folder.at("data/fifo"));
  using _socket = Deno.listen({ transport: "unix", path: folder.at("data/socket") });
  const startedAt = performance.now();
  const sandbox = await folder.sandbox({ read: ["data"] });
  assertLess(performance.now() - startedAt, 20_000);
  const cell = await folder.run(sandbox, "import os\nos.listdir(f'{D}/data')");
  assertEquals(cell.value, "['a.txt']");
  assertEquals(cell.notes.toSorted(), [
    `${folder.at("data/fifo")} was left out: it is no file`,
    `${folder.at("data/socket")} was left out: it is no file`,
  ]);
  const error = await assertRejects(
    () => folder.sandbox({ read: ["data/fifo"] }),
    SandboxStartError,
  );
  assertEquals(
    error.message,
    `Cannot grant read of ${
      JSON.stringify(folder.at("data/fifo"))
    }: it is neither a file nor a folder`,
  );
});

test("R23: writing to what is granted for reading is a PermissionError, and the session goes on", {
  files: { "data/a.txt": "a", "data/sub/b.txt": "b" },
  read: ["data"],
}, async (folder, sandbox) => {
  const attempts = [
    "open(f'{D}/data/a.txt', 'w')",
    "open(f'{D}/data/a.txt', 'a')",
    "open(f'{D}/data/a.txt', 'r+')",
    "open(f'{D}/data/new.txt', 'x')",
    "os.remove(f'{D}/data/a.txt')",
    "os.rename(f'{D}/data/a.txt', f'{D}/data/c.txt')",
    "os.rename(f'{D}/data/a.txt', '/tmp/a.txt')",
    "os.mkdir(f'{D}/data/n')",
    "os.rmdir(f'{D}/data/sub')",
    "os.symlink('/tmp', f'{D}/data/l')",
    "os.truncate(f'{D}/data/a.txt', 0)",
  ];
  for (const attempt of attempts) {
    const { error } = await folder.run(sandbox, `import os\n${attempt}`);
    assertEquals(error?.type, "PermissionError", attempt);
  }
  assertEquals(await folder.good(sandbox, "1 + 1, open(f'{D}/data/a.txt').read()"), "(2, 'a')");
  assertEquals(await folder.list("data"), ["a.txt", "sub/", "sub/b.txt"]);
});

test("R24: after chmod Python writes to its own copy, and the host's file stays as it is", {
  files: { "data/a.txt": "a", "data/b.txt": "b" },
  read: ["data"],
  write: [],
}, async (folder, sandbox) => {
  const code = "import os\nos.chmod(f'{D}/data', 0o777)\nos.chmod(f'{D}/data/a.txt', 0o777)\n" +
    "open(f'{D}/data/a.txt', 'w').write('x')\nos.remove(f'{D}/data/b.txt')\n" +
    "open(f'{D}/data/a.txt').read()";
  assertEquals(await folder.good(sandbox, code), "'x'");
  assertEquals(await folder.read("data/a.txt"), "a");
  assertEquals(await folder.list("data"), ["a.txt", "b.txt"]);
});

test("R32: a folder whose name begins like a granted one is not seen", {
  files: { "d/ro/f": "yes", "d/ro2/f": "CANARY" },
  read: ["d/ro"],
}, async (folder, sandbox) => {
  assertEquals(await folder.good(sandbox, "import os\nos.listdir(f'{D}/d')"), "['ro']");
  const { error } = await folder.run(sandbox, "open(f'{D}/d/ro2/f')");
  assertEquals(error?.type, "FileNotFoundError");
});

test("C79: Python has the files as they were when the sandbox started", {
  files: { "data/a.txt": "before", "data/b.txt": "b" },
  read: ["data"],
}, async (folder, sandbox) => {
  await folder.write("data/a.txt", "after");
  await Deno.remove(folder.at("data/b.txt"));
  const code = "open(f'{D}/data/a.txt').read(), open(f'{D}/data/b.txt').read()";
  assertEquals(await folder.good(sandbox, code), "('before', 'b')");
});

Deno.test("a guest that is restored, from a crash or a checkpoint, gets its files anew from the disk", async () => {
  await using folder = await GrantedFolder.with({ "data/a.txt": "first" });
  const sandbox = await folder.sandbox({ read: ["data"] });
  await folder.good(sandbox, "kept = open(f'{D}/data/a.txt').read()");
  const saved = await sandbox.checkpoint();
  await folder.write("data/a.txt", "second");
  assertEquals((await folder.run(sandbox, "import os\nos.abort()")).status, "lost");
  const both = "kept, open(f'{D}/data/a.txt').read()";
  assertEquals((await folder.run(sandbox, both)).value, "('first', 'second')");
  await using again = await restoreSandbox(saved, { read: [folder.at("data")] });
  assertEquals((await folder.run(again, both)).value, "('first', 'second')");
  await using without = await restoreSandbox(saved);
  assertEquals((await folder.run(without, both)).error?.type, "FileNotFoundError");
});

Deno.test("too many files, too many bytes and too many folders inside each other are clear errors at the start", async () => {
  await using folder = await GrantedFolder.with({ "many/": "", "big/": "", "deep/": "" });
  await system(
    "sh",
    "-c",
    `cd "$1/many" && seq 1 ${FileLimits.entries + 1} | xargs touch`,
    "",
    folder.path,
  );
  const refusal = async (path: string): Promise<string> => {
    const start = folder.sandbox({ read: [path], memoryMb: 128 });
    const error = await assertRejects(() => start, SandboxStartError);
    return error.message.replace(`Cannot grant read of ${JSON.stringify(folder.at(path))}: `, "");
  };
  assertEquals(
    await refusal("many"),
    "more than 20,000 files and folders are granted; name those that are needed",
  );
  for (const name of ["a", "b"]) {
    await Deno.truncate(await touched(folder, `big/${name}`), 40 * 1024 ** 2);
  }
  assertEquals(
    await refusal("big"),
    "the granted files together are larger than half of the memory that Python may have; grant fewer, or raise memoryMb",
  );
  await Deno.mkdir(folder.at(`deep/${"d/".repeat(FileLimits.depth + 1)}`), { recursive: true });
  assertEquals(await refusal("deep"), "it has more than 100 folders inside each other");
});

async function touched(folder: GrantedFolder, path: string): Promise<string> {
  await folder.write(path, "");
  return folder.at(path);
}
