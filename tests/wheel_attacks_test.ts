/** Hostile and broken wheels, each refused by the host before a sandbox is started. */
import { assertEquals, assertRejects } from "@std/assert";
import { checkRecord } from "../lib/host/packages/wheel_record.ts";
import { openWheel } from "../lib/host/packages/wheel.ts";
import { packageOfWheel } from "../lib/host/packages/wheel_name.ts";
import { deflate, sha256, wheelFiles, wheelOf, type ZipFile, zipOf } from "./fixtures/wheels.ts";

const MIB = 1024 ** 2;

/** Opens a wheel of these files, whose hash is known, so that nothing but its structure decides. */
async function open(files: readonly ZipFile[], bytes = 16 * MIB): Promise<string[]> {
  const wheel = zipOf(files);
  const opened = await openWheel(wheel, await sha256(wheel), { bytes, files: 100 });
  return opened.map(({ path }) => path);
}

async function refusal(...args: Parameters<typeof open>): Promise<string> {
  return (await assertRejects(() => open(...args), RangeError)).message;
}

/** What is wrong with a wheel that has no known hash. */
async function unpinned(wheel: Uint8Array<ArrayBuffer>): Promise<string> {
  const allowance = { bytes: 16 * MIB, files: 100 };
  return (await assertRejects(() => openWheel(wheel, null, allowance), RangeError)).message;
}

Deno.test("a file that would lie outside of the folder of packages refuses its wheel", async () => {
  for (
    const name of [
      "../x.py",
      "a/../../x.py",
      "/lib/python314.zip",
      "a//b.py",
      "./x.py",
      "a\\..\\x.py",
      "a/\0.py",
    ]
  ) {
    assertEquals(
      await refusal([{ name: "good.py", content: "" }, { name, content: "" }]),
      `${JSON.stringify(name)} in it would lie outside of its folder`,
    );
  }
});

Deno.test("a link in a wheel refuses it, wherever it leads", async () => {
  const files = [{ name: "etc", content: "/etc", mode: 0o120777 }];
  assertEquals(await refusal(files), '"etc" in it is a link');
});

Deno.test("a file that is there twice refuses its wheel: which of the two was hashed would be a matter of taste", async () => {
  const files = [{ name: "a.py", content: "1" }, { name: "a.py", content: "2" }];
  assertEquals(await refusal(files), '"a.py" is in it twice');
});

Deno.test("a zip bomb is refused by what it says it is, and by what it turns out to be", async () => {
  const packed = await deflate(new Uint8Array(32 * MIB));
  const bomb = { name: "bomb", content: packed, method: 8 };
  const tooLarge =
    "unpacked, the packages are larger than a quarter of the memory that Python may have; raise memoryMb";
  assertEquals(await refusal([{ ...bomb, size: 32 * MIB }]), tooLarge);
  for (const size of [10, 0, 16 * MIB]) {
    assertEquals(
      await refusal([{ ...bomb, size }]),
      `"bomb" in it does not have the ${size} bytes that it should`,
    );
  }
  const many = Array.from({ length: 101 }, (_, index) => ({ name: `${index}`, content: "" }));
  assertEquals(await refusal(many), "the packages have too many files");
});

Deno.test("archives of kinds that are not read are refused by name", async () => {
  const file = { name: "a.py", content: "1" };
  assertEquals(await refusal([{ ...file, flags: 1 }]), "it is encrypted");
  assertEquals(
    await refusal([{ ...file, method: 12 }]),
    "it is compressed by method 12, which is not known here",
  );
  assertEquals(await refusal([{ ...file, size: 0xffffffff }]), "it is a zip64 archive");
  assertEquals(
    await refusal([{ ...file, size: 5 }]),
    '"a.py" in it does not have the 5 bytes that it should',
  );
  assertEquals(
    await refusal([{ ...file, content: new Uint8Array(9).fill(255), method: 8 }]),
    "it is damaged",
  );
});

Deno.test("whatever is cut off or changed in a wheel, it is refused with a reason and nothing else happens", async () => {
  const wheel = await wheelOf("tiny", { "tiny.py": "answer = 42\n" });
  for (let length = 0; length < wheel.length; length += 7) {
    assertEquals(
      await unpinned(wheel.slice(0, length)),
      "it is no zip archive, or only the beginning of one",
    );
  }
  let refused = 0;
  for (let at = 0; at < wheel.length; at++) {
    const changed = wheel.slice();
    changed[at] = (changed[at] ?? 0) ^ 0xff;
    const allowance = { bytes: 16 * MIB, files: 100 };
    const error = await openWheel(changed, null, allowance).then(() => null, (reason) => reason);
    if (error !== null && !(error instanceof RangeError)) throw error;
    refused += error === null ? 0 : 1;
  }
  // What is left are times, checksums and other figures that nobody reads.
  assertEquals(refused > wheel.length / 2, true);
});

Deno.test("a wheel without a known hash is held to its own list: no file more, none less, none changed", async () => {
  const files = await wheelFiles("tiny", { "tiny.py": "answer = 42\n" });
  const without = (name: string) => zipOf(files.filter((file) => !file.name.endsWith(name)));
  assertEquals(await unpinned(without("RECORD")), "it has no RECORD, and no #sha256= is given");
  assertEquals(await unpinned(without("tiny.py")), '"tiny.py" of its RECORD is not in it');
  const more = zipOf([...files, { name: "sneaked.py", content: "" }]);
  assertEquals(await unpinned(more), 'its RECORD does not list "sneaked.py"');
  const changed = zipOf(
    files.map((file) => file.name === "tiny.py" ? { ...file, content: "answer = 43\n" } : file),
  );
  assertEquals(await unpinned(changed), '"tiny.py" in it is not the file that its RECORD tells');
  const weak = [{ path: "a.py", bytes: new Uint8Array(0) }, {
    path: "a-1.dist-info/RECORD",
    bytes: new TextEncoder().encode("a.py,md5=1B2M2Y8AsgTpgAmY7PhCfg,0\n"),
  }];
  const error = await assertRejects(() => checkRecord(weak), RangeError);
  assertEquals(error.message, '"a.py" in it is not the file that its RECORD tells');
});

Deno.test("what a wheel would install elsewhere is left out", async () => {
  const contents = [
    "a.data/purelib/pure.py",
    "a.data/platlib/native.so",
    "a.data/scripts/run",
    "a.data/data/etc/x",
  ];
  const files = contents.map((name) => ({ name, content: "" }));
  assertEquals(await open(files), ["pure.py", "native.so"]);
});

Deno.test("a wheel for another system or another Python is refused by its name", () => {
  const refused = (fileName: string): string => {
    try {
      return packageOfWheel(fileName);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return error.message;
    }
  };
  const system = "the guest takes any or pyemscripten_2026_0_wasm32";
  assertEquals(
    refused("numpy-2.0-cp314-cp314-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"),
    `it is built for manylinux_2_17_x86_64, manylinux2014_x86_64; ${system}`,
  );
  assertEquals(
    refused("x-1-cp313-cp313-pyemscripten_2025_0_wasm32.whl"),
    `it is built for pyemscripten_2025_0_wasm32; ${system}`,
  );
  for (
    const tags of [
      "cp313-cp313",
      "py2-none",
      "cp315-abi3",
      "cp314-cp314t",
      "py315-none",
      "cp312-none",
    ]
  ) {
    const [python, abi] = tags.split("-");
    assertEquals(
      refused(`x-1-${tags}-pyemscripten_2026_0_wasm32.whl`),
      `it is built for ${python} and ${abi}; the guest has Python 3.14`,
    );
  }
  for (
    const tags of [
      "py3-none-any",
      "py2.py3-none-any",
      "cp313-abi3-pyemscripten_2026_0_wasm32",
      "7-py314-none-any",
    ]
  ) {
    assertEquals(refused(`Foo.Bar_x-1.0-${tags}.whl`), "foo-bar-x");
  }
  for (const name of ["x.whl", "x-1-any.whl", "x--py3-none-any.whl", "a-b-c-d-e-f-g.whl"]) {
    assertEquals(
      refused(name),
      "its name is not that of a wheel: name-version-python-abi-platform.whl",
    );
  }
});
