/** What `-c` names becomes variables: files, folders, patterns, addresses, gzip, encodings, caps. */
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import type { ContextArgument } from "../lib/cli/arguments.ts";
import { loadContexts, type LoadedContext } from "../lib/cli/context.ts";
import { UsageError } from "../lib/cli/usage_error.ts";

const MAX_BYTES = 1_000_000;

/** Runs a test in a folder with these files; paths in it are as a user would type them. */
async function inFolder(
  files: Record<string, string | Uint8Array>,
  run: () => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const before = Deno.cwd();
  try {
    for (const [path, content] of Object.entries(files)) {
      await Deno.mkdir(new URL(`file://${folder}/${path}/..`), { recursive: true });
      const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
      await Deno.writeFile(`${folder}/${path}`, bytes);
    }
    Deno.chdir(folder);
    await run();
  } finally {
    Deno.chdir(before);
    await Deno.remove(folder, { recursive: true });
  }
}

function load(...sources: (string | ContextArgument)[]): Promise<LoadedContext[]> {
  const read = sources.map((source) =>
    typeof source === "string" ? { name: null, source } : source
  );
  return loadContexts(read, { maxBytes: MAX_BYTES });
}

async function refusal(...sources: (string | ContextArgument)[]): Promise<string> {
  return (await assertRejects(() => load(...sources), UsageError)).message;
}

async function gzip(text: string): Promise<Uint8Array> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Serves one answer for each path on loopback. */
async function withServer(
  routes: Record<string, () => Response>,
  run: (origin: string) => Promise<void>,
): Promise<void> {
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => {
    return routes[new URL(request.url).pathname]?.() ??
      new Response("nothing here", { status: 404 });
  });
  try {
    await run(`http://127.0.0.1:${server.addr.port}`);
  } finally {
    await server.shutdown();
  }
}

Deno.test("One file is a text, byte for byte", () =>
  inFolder({ "a.txt": "héllo\r\n🎈" }, async () => {
    assertEquals(await load("a.txt"), [
      { name: "context", value: "héllo\r\n🎈", files: 1, characters: 8, notes: [] },
    ]);
  }));

Deno.test("C78: several files are a dict by path, so equal base names do not collide", () =>
  inFolder({ "a/x.txt": "1", "b/x.txt": "2", "c.txt": "3" }, async () => {
    const [context, named] = await load("a/x.txt", "b/x.txt", { name: "notes", source: "c.txt" });
    assertEquals(context?.value, { "a/x.txt": "1", "b/x.txt": "2" });
    assertEquals(named, { name: "notes", value: "3", files: 1, characters: 1, notes: [] });
  }));

Deno.test("C78: a folder honours nested ignore rules, skips what is not text, and says so", () =>
  inFolder({
    ".gitignore": "*.log\n/build/\n",
    "a.txt": "a",
    "b.log": "no",
    "build/c.txt": "no",
    "sub/.gitignore": "!keep.log\nsecret.txt\n",
    "sub/keep.log": "kept",
    "sub/secret.txt": "no",
    "sub/build/d.txt": "d",
    "sub/picture.png": new Uint8Array([0x89, 0x50, 0, 1]),
    "node_modules/m.js": "no",
  }, async () => {
    const [context] = await load(".");
    assertEquals(context?.value, {
      ".gitignore": "*.log\n/build/\n",
      "a.txt": "a",
      "sub/.gitignore": "!keep.log\nsecret.txt\n",
      "sub/build/d.txt": "d",
      "sub/keep.log": "kept",
    });
    assertEquals(context?.notes, ["sub/picture.png: left out, not text"]);
  }));

Deno.test("C78: ignore rules of the repository hold in a folder below its top", () =>
  inFolder({
    ".git/HEAD": "",
    ".gitignore": "*.log\n/src/no.txt\n",
    "src/a.txt": "a",
    "src/b.log": "b",
    "src/no.txt": "n",
  }, async () => {
    assertEquals((await load("src"))[0]?.value, { "src/a.txt": "a" });
  }));

Deno.test("C78: links inside a folder are followed, those that lead out of it are not", () =>
  inFolder({ "in/a.txt": "a", "out.txt": "secret" }, async () => {
    await Deno.symlink("a.txt", "in/b.txt");
    await Deno.symlink("../out.txt", "in/c.txt");
    await Deno.symlink("gone", "in/d.txt");
    await Deno.symlink("..", "in/e");
    const [context] = await load("in");
    assertEquals(context?.value, { "in/a.txt": "a", "in/b.txt": "a" });
    assertEquals(context?.notes, [
      "in/c.txt: left out, a link that leads outside",
      "in/d.txt: left out, a link that leads nowhere",
      "in/e: left out, a link that leads outside",
    ]);
  }));

Deno.test("A pattern takes the files that match, also below folders", () =>
  inFolder({ "src/a.ts": "a", "src/x/b.ts": "b", "src/x/c.md": "c", "d.ts": "d" }, async () => {
    assertEquals((await load("src/**/*.ts"))[0]?.value, { "src/a.ts": "a", "src/x/b.ts": "b" });
    assertEquals((await load("*.ts"))[0]?.value, { "d.ts": "d" });
    assertEquals(await refusal("*.py"), "no text file matches *.py: check the pattern");
  }));

Deno.test("Gzip is unpacked, also in a folder, and damaged gzip is named", async () => {
  const packed = await gzip("unpacked");
  await inFolder({ "a.gz": packed, "b.gz": packed.slice(0, 12) }, async () => {
    assertEquals((await load("a.gz"))[0], {
      name: "context",
      value: "unpacked",
      files: 1,
      characters: 8,
      notes: ["a.gz: unpacked from gzip"],
    });
    assertEquals(
      await refusal("b.gz"),
      "cannot read b.gz: its gzip data is damaged, check it with gzip -t",
    );
    assertEquals((await load("."))[0]?.value, { "a.gz": "unpacked" });
  });
});

Deno.test("A small gzip file cannot unpack to more than the cap", async () => {
  await inFolder({ "bomb.gz": await gzip("0".repeat(MAX_BYTES + 1)) }, async () => {
    assertEquals(
      await refusal("bomb.gz"),
      "cannot take bomb.gz: more than 1 MB, give less or raise --max-context-mb",
    );
  });
});

Deno.test("C73: the decoding rule is UTF-8 and marks first, then bytes where there is a NUL, then Windows-1252", () =>
  inFolder({
    "bom.txt": new Uint8Array([0xef, 0xbb, 0xbf, 0x61]),
    "utf16.txt": new Uint8Array([0xff, 0xfe, 0x61, 0, 0xe9, 0]),
    "latin.txt": new Uint8Array([0x63, 0x61, 0x66, 0xe9, 0x20, 0x80]),
    "data.bin": new Uint8Array([1, 0, 0xff]),
  }, async () => {
    const one = async (path: string) => {
      const [context] = await load(path);
      return [context?.value, ...context?.notes ?? []];
    };
    assertEquals(await one("bom.txt"), ["a"]);
    assertEquals(await one("utf16.txt"), ["aé", "utf16.txt: read as UTF-16"]);
    assertEquals(await one("latin.txt"), ["café €", "latin.txt: not UTF-8, read as Windows-1252"]);
    assertEquals(await one("data.bin"), [
      new Uint8Array([1, 0, 0xff]),
      "data.bin: not text, bound as bytes",
    ]);
    assertEquals(
      await refusal("data.bin", "bom.txt"),
      "cannot mix data.bin with text: it is binary, give it a name, as in -c data=data.bin",
    );
  }));

Deno.test("CSV and JSON stay text, as they are", () =>
  inFolder({ "a.csv": "x,y\n1,2\n", "b.json": '{"k": 1}' }, async () => {
    const loaded = await load({ name: "table", source: "a.csv" }, {
      name: "data",
      source: "b.json",
    });
    assertEquals(loaded.map(({ value }) => value), ["x,y\n1,2\n", '{"k": 1}']);
  }));

Deno.test("Sources that cannot be used are refused by name, with the remedy", () =>
  inFolder(
    { "empty.txt": "", "dir/x.bin": new Uint8Array([0]), "p.pdf": "%PDF-1.7", "a": "a" },
    async () => {
      assertEquals(
        await refusal("missing.txt"),
        "cannot read missing.txt: no such file or folder, check the path",
      );
      assertEquals(await refusal("empty.txt"), "empty.txt is empty: give a source with text in it");
      assertEquals(
        await refusal("dir"),
        "no text file in dir: give another folder (files that .gitignore names are left out)",
      );
      assertEquals(
        await refusal("ftp://x/y"),
        "--context ftp://x/y: only http and https addresses can be read",
      );
      assertStringIncludes(
        await refusal("p.pdf"),
        "cannot read p.pdf: the PDF is damaged (",
      );
      assertEquals(
        await refusal({ name: "n", source: "a" }, { name: "n", source: "dir" }),
        "--context n=…: the name is given twice, give each source its own",
      );
      assertEquals(
        await refusal("-", "-"),
        "--context -: given twice, standard input can be read once",
      );
    },
  ));

Deno.test("The cap holds for one file, for a folder, and for all sources together", () =>
  inFolder({
    "half.txt": "x".repeat(600_000),
    "d/1": "x".repeat(600_000),
    "d/2": "y".repeat(600_000),
  }, async () => {
    const tooMuch = (source: string) =>
      `cannot take ${source}: more than 1 MB, give less or raise --max-context-mb`;
    assertEquals(await refusal("d"), tooMuch("d"));
    assertStringIncludes(await refusal("half.txt", "d/1"), "cannot take d/1: more than 0.4 MB");
  }));

Deno.test("C79: the run keeps what was read, whatever happens to the file later", () =>
  inFolder({ "a.txt": "before" }, async () => {
    const [context] = await load("a.txt");
    await Deno.writeTextFile("a.txt", "after");
    assertEquals(context?.value, "before");
  }));

Deno.test("C80: an address is read, through redirects, up to the cap", () =>
  withServer({
    "/a": () => new Response("text", { headers: { "content-type": "text/plain" } }),
    "/r": () => new Response(null, { status: 302, headers: { location: "/a" } }),
    "/loop": () => new Response(null, { status: 302, headers: { location: "/loop" } }),
    "/big": () => new Response("x".repeat(MAX_BYTES + 1)),
    "/file": () => new Response(null, { status: 302, headers: { location: "file:///etc/passwd" } }),
  }, async (origin) => {
    assertEquals((await load(`${origin}/r`))[0]?.value, "text");
    assertEquals(
      await refusal(`${origin}/none`),
      `cannot fetch ${origin}/none: the server answered 404, check the address`,
    );
    assertEquals(
      await refusal(`${origin}/loop`),
      `cannot fetch ${origin}/loop: more than 5 redirects, give the final address`,
    );
    assertEquals(
      await refusal(`${origin}/file`),
      `cannot fetch ${origin}/file: it redirects to file:///etc/passwd, give an http address`,
    );
    assertStringIncludes(await refusal(`${origin}/big`), "more than 1 MB");
  }));

Deno.test("C80: an address where nobody answers is named", async () => {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const url = `http://127.0.0.1:${listener.addr.port}/x`;
  listener.close();
  assertEquals(
    await refusal(url),
    `cannot fetch ${url}: no connection, check the address and the network`,
  );
});
