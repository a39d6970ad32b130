/**
 * Writes the generated sources: `sandbox/prelude.ts`, the Python that runs inside as text, `sandbox/runner.ts`,
 * the bundled programs of gateway and worker as text, and `lib/trace/viewer_page.ts`, script and style of the viewer's
 * page as text. JSR refuses to publish text imports, and a program given to a child as text needs no file that the child
 * may read.
 *
 * `deno task gen` writes; `deno task gen --check` fails when one of them is stale.
 */
import { fileURLToPath } from "node:url";
import * as esbuild from "npm:esbuild@0.28.2";
import { filesUnder } from "./files.ts";
import { templateLiteral } from "./template_literal.ts";

const SANDBOX = new URL("../../sandbox/", import.meta.url);
const TRACE = new URL("../../lib/trace/", import.meta.url);
const files = await filesUnder(SANDBOX);

/** Programs of the child process by the constant that holds them. */
const PROGRAMS = [
  { name: "GATEWAY", entry: "main.ts", about: "The program of the child's main thread" },
  { name: "WORKER", entry: "worker.ts", about: "The program of the worker that holds Python" },
];

/** `sandbox/prelude.ts`: a program that loads the modules of the package, in their order. */
async function preludeSource(): Promise<string> {
  const modules = [...partsOf(await python("prelude")), "prelude"];
  const entries = modules.map(async (module) =>
    `  ${module}: ${templateLiteral(await python(module))},\n`
  );
  return `${header("The Python that every guest starts with.")}
/** The modules of the package \`_rlm\` in the order in which they are loaded. */
const MODULES = {
${(await Promise.all(entries)).join("")}};

/** Loads the package from \`sources\`. */
const LOADER = ${templateLiteral(await python("prelude_loader"))};

/** The whole as one program; the text of a JSON string is that of a Python string too. */
export const PRELUDE: string = \`sources = \${JSON.stringify(JSON.stringify(MODULES))}\\n\${LOADER}\`;
`;
}

/** The names in `PARTS`, each of which must have its file, and each file its name. */
function partsOf(init: string): string[] {
  const [, list = ""] = /^PARTS = \(([^)]*)\)/m.exec(init) ?? [];
  const parts = [...list.matchAll(/"(\w+)"/g)].map(([, name = ""]) => name);
  const found = files.filter((file) =>
    /^prelude_\w+\.py$/.test(file) && file !== "prelude_loader.py"
  )
    .map((file) => file.replace(".py", ""));
  const different = new Set(parts).symmetricDifference(new Set(found));
  if (different.size > 0) {
    throw new Error(
      `PARTS in sandbox/prelude.py and the files differ: ${[...different].join(", ")}`,
    );
  }
  return parts;
}

/** Git may check text out with other line ends; Python and the snapshot's hash must not depend on it. */
async function python(module: string): Promise<string> {
  return (await Deno.readTextFile(new URL(`${module}.py`, SANDBOX))).replaceAll("\r\n", "\n");
}

/** `sandbox/runner.ts`: the bundle of each program of the child. */
async function runnerSource(): Promise<string> {
  const constants = PROGRAMS.map(async ({ name, entry, about }) => `
/** ${about}: \`sandbox/${entry}\` with all it imports. */
export const ${name}: string = ${templateLiteral(await bundle(entry))};
`);
  return header("The programs of the sandbox process, as text.") +
    (await Promise.all(constants)).join("");
}

/** One program with everything it imports; without comments, but with its names, for the sake of stack traces. */
async function bundle(entry: string): Promise<string> {
  const { outputFiles } = await esbuild.build({
    absWorkingDir: fileURLToPath(SANDBOX),
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: "esm",
    platform: "neutral",
    target: "esnext",
    external: ["node:*"],
    charset: "ascii",
    legalComments: "none",
    minifySyntax: true,
    minifyWhitespace: true,
    lineLimit: 120,
  });
  const [output] = outputFiles;
  if (output === undefined) throw new Error(`bundle ${entry}: esbuild wrote no file`);
  return output.text;
}

/** `lib/trace/viewer_page.ts`: what the viewer's page is made of, with the hashes that its policy names. */
async function viewerSource(): Promise<string> {
  const constants = ["script", "style"].map(async (name) => {
    const text = await pagePart(name === "script" ? "main.ts" : "style.css");
    const hash = new Uint8Array(
      await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)),
    );
    const constant = `PAGE_${name.toUpperCase()}`;
    return `
/** The ${name} of the page. */
export const ${constant}: string = ${templateLiteral(text)};

/** What the page's policy knows the ${name} by. */
export const ${constant}_HASH = "sha256-${hash.toBase64()}";
`;
  });
  return header("Script and style of the viewer's page, as text.") +
    (await Promise.all(constants)).join("");
}

/** One file of the page with everything it imports, as small as it gets, fit to stand in HTML. */
async function pagePart(entry: string): Promise<string> {
  const { outputFiles } = await esbuild.build({
    absWorkingDir: fileURLToPath(new URL("page/", TRACE)),
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: "iife",
    target: "es2024",
    // Else esbuild would spell light-dark() out for browsers that do not know it, and lose the theme's switch.
    supported: { "color-functions": true },
    charset: "ascii",
    legalComments: "none",
    minify: true,
    lineLimit: 120,
  });
  const [output] = outputFiles;
  if (output === undefined) throw new Error(`bundle ${entry}: esbuild wrote no file`);
  if (/<\/?(script|style)|<!--/i.test(output.text)) {
    throw new Error(
      `bundle ${entry}: its text would end the element it stands in, write it otherwise`,
    );
  }
  return output.text;
}

function header(about: string): string {
  return `/** ${about} Generated by \`deno task gen\`: edit what it is made from. */\n`;
}

/** Writes a generated file, or checks that it is what would be written. */
async function write(file: URL, text: string, check: boolean): Promise<void> {
  if (!check) return await Deno.writeTextFile(file, text);
  const found = await Deno.readTextFile(file).catch(() => "");
  if (found !== text) {
    const path = file.pathname.split("/").slice(-2).join("/");
    throw new Error(`${path} is stale: run deno task gen and commit the result`);
  }
}

const check = Deno.args.includes("--check");
try {
  // The prelude first: the worker's program contains it.
  await write(new URL("prelude.ts", SANDBOX), await preludeSource(), check);
  await write(new URL("runner.ts", SANDBOX), await runnerSource(), check);
  await write(new URL("viewer_page.ts", TRACE), await viewerSource(), check);
} finally {
  await esbuild.stop();
}
