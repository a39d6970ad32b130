/**
 * Writes the registry's metadata for the stand-ins in `tests/jsr`: which versions there are, and each file's checksum.
 * Run it after changing a stand-in: `deno task jsr-meta`.
 */
import { filesUnder } from "./files.ts";

const REGISTRY = new URL("../jsr/", import.meta.url);

/** Unmistakably no release of the real packages, and inside the range that deno.json asks for. */
const VERSION = "1.9999.0";

const EXPORTS: Record<string, Record<string, string>> = {
  assert: { ".": "./mod.ts" },
  cli: { ".": "./mod.ts", "./parse-args": "./parse_args.ts" },
};

/** The metadata of one package by its path under the registry, ready to write. */
async function metadataOf(name: string, exports: Record<string, string>): Promise<[URL, string][]> {
  const folder = new URL(`@std/${name}/`, REGISTRY);
  const sources = new URL(`${VERSION}/`, folder);
  const manifest: Record<string, { size: number; checksum: string }> = {};
  for (const path of await filesUnder(sources)) {
    const bytes = await Deno.readFile(new URL(path, sources));
    const digest = await crypto.subtle.digest("SHA-256", bytes);
    manifest[`/${path}`] = {
      size: bytes.length,
      checksum: `sha256-${new Uint8Array(digest).toHex()}`,
    };
  }
  const versions = { [VERSION]: {} };
  return [
    [new URL("meta.json", folder), json({ scope: "std", name, latest: VERSION, versions })],
    [new URL(`${VERSION}_meta.json`, folder), json({ manifest, exports })],
  ];
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

for (const [name, exports] of Object.entries(EXPORTS)) {
  for (const [file, text] of await metadataOf(name, exports)) {
    if (!Deno.args.includes("--check")) await Deno.writeTextFile(file, text);
    else if (await Deno.readTextFile(file) !== text) {
      throw new Error(`${file.pathname} is stale: run deno task jsr-meta and commit the result`);
    }
  }
}
