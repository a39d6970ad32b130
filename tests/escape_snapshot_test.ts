/** What one sandbox was granted must not reach another by the start-up snapshot that the first leaves (R81). */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { createSandbox, type Sandbox } from "../lib/host/mod.ts";
import { toolOf } from "./fixtures/attacks.ts";
import { temporaryFolder } from "./fixtures/temporary_folder.ts";
import { folderOfWheels, TINY } from "./fixtures/wheels.ts";

/** Hands all of the interpreter's memory to the tool `take`. */
const DUMP = `import ctypes, pyodide_js
size, piece = pyodide_js._module.HEAPU8.length, 4_000_000
for at in range(0, size, piece): take(ctypes.string_at(at, min(piece, size - at)))`;

/** The ways in which a text may lie in memory or in a file. */
function forms(text: string): Uint8Array[] {
  const codes = [...text].map((char) => char.charCodeAt(0));
  return [
    new Uint8Array(codes),
    new Uint8Array(new Uint16Array(codes).buffer),
    new Uint8Array(new Uint32Array(codes).buffer),
  ];
}

/** Which of the texts are in the bytes, in any form. */
function foundIn(bytes: Uint8Array, texts: readonly string[]): string[] {
  const { buffer, byteOffset, length } = bytes;
  const haystack = new TextDecoder("latin1").decode(new Uint8Array(buffer, byteOffset, length));
  return texts.filter((text) =>
    forms(text).some((form) => haystack.includes(new TextDecoder("latin1").decode(form)))
  );
}

/** Memory of a sandbox's guest, as a tool is told it. */
class Memory {
  #pieces: Uint8Array<ArrayBuffer>[] = [];
  readonly tools = {
    take: toolOf(["bytes"], ({ bytes }) => {
      assert(bytes instanceof Uint8Array);
      this.#pieces.push(new Uint8Array(bytes));
    }),
  };

  async of(sandbox: Sandbox): Promise<Uint8Array> {
    this.#pieces = [];
    assertEquals((await sandbox.execute(DUMP)).error, null);
    return new Uint8Array(await new Blob(this.#pieces).arrayBuffer());
  }
}

/** What Python draws by each of its ways: random numbers, the system's bytes, and names that are made of either. */
async function drawn(sandbox: Sandbox): Promise<string[]> {
  const { stdout } = await sandbox.execute(`
import os, random, secrets, tempfile, uuid
draws = random.random(), os.urandom(8), secrets.token_hex(8), uuid.uuid4(), uuid.uuid1().node, tempfile.mktemp()
print(*draws, sep="\\n")`);
  return stdout.trim().split("\n");
}

/** A text that is nowhere by chance. */
function unmistakable(): string {
  return crypto.randomUUID().replaceAll("-", "");
}

/** The one file of a folder. */
async function onlyFile(folder: string): Promise<Uint8Array> {
  const [file, ...more] = await Array.fromAsync(Deno.readDir(folder));
  assertEquals(more, []);
  return await Deno.readFile(`${folder}/${file?.name}`);
}

Deno.test("a snapshot holds no granted variable, no granted file, no package and no randomness of the sandbox that left it (R81)", async () => {
  await using cache = await temporaryFolder();
  await using granted = await temporaryFolder();
  await using wheels = await folderOfWheels();
  const [secret, fileName, fileText] = [unmistakable(), unmistakable(), unmistakable()];
  const variable = `RLM_${unmistakable()}`;
  const secrets = [variable, secret, fileName, fileText];
  await Deno.writeTextFile(`${granted.path}/${fileName}`, fileText);
  Deno.env.set(variable, secret);
  const memory = new Memory();
  const options = { cacheDir: cache.path, tools: memory.tools, startTimeoutMs: 120_000 };
  const draws: string[][] = [];
  try {
    await using first = await createSandbox({
      ...options,
      env: [variable],
      read: [granted.path],
      packages: [TINY],
      packagesFrom: wheels.path,
    });
    assertEquals((await first.execute("import tiny\ntiny.answer()")).value, "42");
    const shown = await first.execute(
      `import os; os.environ["${variable}"], open("${granted.path}/${fileName}").read()`,
    );
    assertEquals(shown.value, `('${secret}', '${fileText}')`);
    draws.push(await drawn(first));
    assertEquals(foundIn(await memory.of(first), [variable, secret]), [variable, secret]);
  } finally {
    Deno.env.delete(variable);
  }
  assertEquals(foundIn(await onlyFile(cache.path), secrets), []);
  for (let guest = 0; guest < 2; guest++) {
    await using sandbox = await createSandbox(options);
    draws.push(await drawn(sandbox));
    if (guest > 0) continue;
    assertEquals(foundIn(await memory.of(sandbox), secrets), []);
    const packages = await sandbox.execute(
      "import os, sys\nos.listdir('/lib/python3.14/site-packages'), 'tiny' in sys.modules",
    );
    assertEquals(packages.value, "([], False)");
    assertEquals((await sandbox.execute("import tiny")).error?.type, "ModuleNotFoundError");
  }
  for (const [index, draw] of draws.entries()) {
    assertEquals(draw.length, 6);
    for (const other of draws.slice(index + 1)) {
      for (const [way, value] of draw.entries()) assertNotEquals(value, other[way]);
    }
  }
});
