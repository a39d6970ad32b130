/** Packages on the host: what may be asked for, where wheels come from, and each refusal before anything is started. */
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { SandboxStartError } from "../lib/errors.ts";
import { createSandbox } from "../lib/host/mod.ts";
import { readList } from "../lib/host/packages/list.ts";
import { loadPackages } from "../lib/host/packages/load.ts";
import { temporaryFolder } from "./fixtures/temporary_folder.ts";
import { sha256, wheelOf } from "./fixtures/wheels.ts";

const NAME = "tiny-1.0-py3-none-any.whl";
const TINY = await wheelOf("tiny", { "tiny/__init__.py": "answer = 42\n", "tiny/data,1.txt": "x" });
const OTHER = await wheelOf("other", { "other.py": "import tiny\n" });
const WRONG = "0".repeat(64);
const options = { memoryMb: 64, signal: new AbortController().signal };

/** A list that knows two packages and a library. */
async function smallList() {
  const entry = async (name: string, bytes: Uint8Array<ArrayBuffer>, depends: string[]) => ({
    name,
    file_name: `${name}-1.0-py3-none-any.whl`,
    sha256: await sha256(bytes),
    depends,
  });
  return readList({
    packages: {
      tiny: await entry("tiny", TINY, []),
      Other: await entry("Other", OTHER, ["tiny"]),
      native: { ...await entry("native", TINY, ["lib"]) },
      lib: { name: "lib", file_name: "lib-1.0.zip", sha256: WRONG, depends: [] },
      "tiny-tests": { name: "tiny-tests", file_name: "tiny-tests.zip", sha256: WRONG, depends: [] },
    },
  });
}

/** Why a sandbox with these packages is not started. */
async function refusal(packages: string[], packagesFrom?: string | URL): Promise<string> {
  const error = await assertRejects(
    () => createSandbox({ packages, ...(packagesFrom === undefined ? {} : { packagesFrom }) }),
    SandboxStartError,
  );
  const { name, trajectory, usage } = error;
  assertEquals({ name, trajectory, usage }, {
    name: "SandboxStartError",
    trajectory: [],
    usage: null,
  });
  return error.message;
}

Deno.test("a package is neither a name nor a wheel: the error says what may be written", async () => {
  for (
    const entry of [
      "",
      "numpy>=2",
      "numpy[extra]",
      "../numpy",
      "numpy#sha256=00",
      "git+https://x/y",
    ]
  ) {
    assertEquals(
      await refusal([entry]),
      `Cannot load package ${
        JSON.stringify(entry)
      }: write a name, such as "numpy", or the path or URL of a wheel (.whl)`,
    );
  }
  assertEquals(
    await refusal([`${NAME}#sha256=short`]),
    `Cannot load package "${NAME}#sha256=short": after # must come sha256= and 64 hexadecimal digits`,
  );
});

Deno.test("a name that Pyodide does not list is refused with names that it has and what to do (C43)", async () => {
  assertEquals(
    await refusal(["nump"]),
    'Cannot load package "nump": Pyodide 314.0.7 lists 297 packages and not this one (it has numpy); ' +
      "for another, give its wheel: a path, or a URL with #sha256=",
  );
});

Deno.test("nothing is fetched unasked: a listed package needs a place to come from", async () => {
  const wheel = "numpy-2.4.6-cp314-cp314-pyemscripten_2026_0_wasm32.whl";
  assertEquals(
    await refusal(["numpy"]),
    `Cannot load package "${wheel}": packagesFrom is not set; give the folder or the URL that has this file`,
  );
});

Deno.test("a folder without the wheel is told by what it has", async () => {
  await using folder = await temporaryFolder();
  await Deno.writeFile(`${folder.path}/${NAME}`, TINY);
  const path = `${folder.path}/six-1.17.0-py2.py3-none-any.whl`;
  assertEquals(
    await refusal(["six"], folder.path),
    `Cannot load package ${JSON.stringify(path)}: it does not exist; its folder has ${NAME}`,
  );
  const nowhere = `${folder.path}/none/${NAME}`;
  assertEquals(
    await refusal([nowhere]),
    `Cannot load package ${JSON.stringify(nowhere)}: it does not exist, nor does its folder`,
  );
});

Deno.test("a place from which nothing can be read is refused with why", async () => {
  await using folder = await temporaryFolder();
  const file = `${folder.path}/${NAME}`;
  await Deno.writeFile(file, TINY);
  assertStringIncludes(
    await refusal([`${file}/${NAME}`]),
    `Cannot load package ${JSON.stringify(`${file}/${NAME}`)}: it `,
  );
  for (const place of ["http://[1/", "https://example.org/%zz/", "file:///%zz/"]) {
    assertEquals(
      await refusal([`${place}${NAME}#sha256=${WRONG}`]),
      `Cannot load package "${place}${NAME}": it is no URL; write % as %25`,
    );
  }
});

Deno.test("a listed wheel with another hash than the list's is refused, and so is a given one", async () => {
  await using folder = await temporaryFolder();
  const six = "six-1.17.0-py2.py3-none-any.whl";
  await Deno.writeFile(`${folder.path}/${six}`, TINY);
  const actual = await sha256(TINY);
  assertEquals(
    await refusal(["six"], folder.path),
    `Cannot load package "six": its SHA-256 is ${actual} and should be ` +
      "228c50f73aa7addf2c2ccf2979c256802a59ab69cad8152b31b9443cc8140f42; it is another file, or damaged",
  );
  assertEquals(
    await refusal([`${six}#sha256=${WRONG}`], folder.path),
    `Cannot load package "${six}": its SHA-256 is ${actual} and should be ${WRONG}; it is another file, or damaged`,
  );
});

Deno.test("names bring what they need, once; a wheel that is given takes the place of the listed one", async () => {
  await using folder = await temporaryFolder();
  const from = { packagesFrom: folder.path };
  await Deno.writeFile(`${folder.path}/tiny-1.0-py3-none-any.whl`, TINY);
  await Deno.writeFile(`${folder.path}/Other-1.0-py3-none-any.whl`, OTHER);
  const load = async (...packages: string[]) => {
    const loaded = await loadPackages({ packages, ...from }, { ...options, list: smallList });
    const files = loaded?.files.map(({ path }) => path) ?? [];
    return files.filter((path) => !path.includes(".dist-info/"));
  };
  assertEquals(await load("OTHER", "tiny"), ["other.py", "tiny/__init__.py", "tiny/data,1.txt"]);
  const own = await wheelOf("tiny", { "mine.py": "" });
  await Deno.writeFile(`${folder.path}/tiny-9.0-py3-none-any.whl`, own);
  assertEquals(await load("other", "tiny-9.0-py3-none-any.whl"), ["other.py", "mine.py"]);
  const twice = await assertRejects(
    () => load(NAME, "tiny-9.0-py3-none-any.whl"),
    SandboxStartError,
  );
  assertEquals(
    twice.message,
    `Cannot load package "tiny-9.0-py3-none-any.whl": ${NAME} is another wheel of tiny; give one of them`,
  );
  const native = await assertRejects(() => load("native"), SandboxStartError);
  assertEquals(
    native.message,
    'Cannot load package "native": it needs lib, a native library outside of any wheel, which can\'t be given',
  );
});

Deno.test("packages of which a file would be a folder, or with folders beyond number, are refused", async () => {
  await using folder = await temporaryFolder();
  const put = async (name: string, files: Record<string, string>) => {
    const path = `${folder.path}/${name}-1.0-py3-none-any.whl`;
    await Deno.writeFile(path, await wheelOf(name, files));
    return path;
  };
  const file = await put("file", { same: "" });
  const below = await put("below", { "same/inside.py": "", "same/more/inside.py": "" });
  for (const [first, last] of [[file, below], [below, file]] as const) {
    assertEquals(
      await refusal([first, last]),
      `Cannot load package ${JSON.stringify(last)}: "same" would be a file and a folder`,
    );
  }
  const levels = "/a".repeat(450);
  const names = Array.from({ length: 50 }, (_, index) => [`${index}${levels}`, ""]);
  const deep = await put("deep", Object.fromEntries(names));
  assertEquals(
    await refusal([deep]),
    `Cannot load package ${JSON.stringify(deep)}: the packages have too many folders`,
  );
});

Deno.test("packages that are larger than a quarter of the memory are refused before they are unpacked", async () => {
  await using folder = await temporaryFolder();
  const large = await wheelOf("large", { "large.bin": "x".repeat(17 * 1024 ** 2) });
  const path = `${folder.path}/large-1.0-py3-none-any.whl`;
  await Deno.writeFile(path, large);
  const error = await assertRejects(
    () => loadPackages({ packages: [path] }, options),
    SandboxStartError,
  );
  assertEquals(
    error.message,
    `Cannot load package ${
      JSON.stringify(path)
    }: unpacked, the packages are larger than a quarter of the memory that Python may have; raise memoryMb`,
  );
});
