/** The score that JSR gives a package, by its own rules; each line of the sheet is a step of the test. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { ROOT } from "./project_files.ts";
import { runDeno } from "./run_deno.ts";
import { addressOf, serveStandIns } from "./stand_in_registry.ts";

/** One rule of the score. */
interface Line {
  readonly rule: string;
  readonly points: number;
  readonly most: number;
}

/** Where something is declared. */
interface Location {
  readonly filename: string;
  readonly byteIndex: number;
}

/** A symbol as `deno doc --json` gives it, as far as it is read here. */
interface DocumentedSymbol {
  readonly name: string;
  readonly declarations: readonly {
    readonly location: Location;
    readonly jsDoc?: { readonly doc?: string };
    /** What an entry point exports that another one has already is a reference. */
    readonly def?: { readonly target?: Location };
  }[];
}

/** The documentation of one entry point. */
interface EntryPoint {
  readonly module_doc?: { readonly doc?: string };
  readonly symbols: readonly DocumentedSymbol[];
}

Deno.test("JSR's score has every point that the published files can earn, and the release sees to the others", async (t) => {
  const sheet = await scoreSheet();
  for (const { rule, points, most } of sheet) {
    await t.step(`${points} of ${most}: ${rule}`, () => assertEquals(points, most));
  }
  // The rest is set on the package's page and by where it is published from.
  const releasing = await textOf("CONTRIBUTING.md");
  for (const setting of ["description", "runtimes", "provenance"]) {
    await t.step(`1 of 1, by the release: ${setting}`, () => {
      assertStringIncludes(releasing.slice(releasing.indexOf("## Releasing")), setting);
    });
  }
  assertEquals(sheet.reduce((sum, { points }) => sum + points, 3), 17);
});

/** The rules that files decide. */
async function scoreSheet(): Promise<Line[]> {
  const readme = await textOf("README.md");
  const entries = Object.entries(await entryPoints());
  const symbols = entries.flatMap(([, { symbols }]) => symbols);
  const missing = undocumented(symbols);
  const withoutDoc = entries.filter(([, { module_doc: doc }]) => !doc?.doc).map(([path]) => path);
  const documented = symbols.length - missing.length;
  await using standIns = serveStandIns();
  const publish = ["publish", "--dry-run", "--allow-dirty", "--no-check"];
  const { success, text } = await runDeno(publish, { JSR_URL: addressOf(standIns) });
  assert(entries.length > 3 && symbols.length > 100, `${entries.length}, ${symbols.length}`);
  return [
    { rule: "a README", points: readme.trim() === "" ? 0 : 2, most: 2 },
    { rule: "an example in it", points: /^```ts\b/m.test(readme) ? 1 : 0, most: 1 },
    {
      rule: `module documentation for each entry point${
        withoutDoc.length > 0 ? `, but ${withoutDoc.join(", ")}` : ""
      }`,
      points: withoutDoc.length === 0 ? 1 : 0,
      most: 1,
    },
    {
      // JSR is content with 80 %; here every symbol has to be.
      rule: `${documented} of ${symbols.length} symbols documented ${missing.join(", ")}`,
      points: missing.length === 0 ? 5 : Math.min(4, Math.floor(5 * documented / symbols.length)),
      most: 5,
    },
    {
      rule: `no slow types, which deno publish would refuse ${success ? "" : text}`,
      points: success ? 5 : 0,
      most: 5,
    },
  ];
}

/** What `deno doc` tells of each entry point, by its path. */
async function entryPoints(): Promise<Record<string, EntryPoint>> {
  const { exports }: { exports: Record<string, string> } = JSON.parse(await textOf("deno.json"));
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--json", ...Object.values(exports)],
    cwd: ROOT,
  }).output();
  assert(success, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout)).nodes;
}

/** Names of the symbols that neither have a text nor refer to one that has. */
function undocumented(symbols: readonly DocumentedSymbol[]): string[] {
  const declarations = symbols.flatMap((symbol) => symbol.declarations);
  const place = ({ filename, byteIndex }: Location) => `${filename}:${byteIndex}`;
  const documented = new Set(
    declarations.filter(({ jsDoc }) => (jsDoc?.doc ?? "").trim() !== "")
      .map(({ location }) => place(location)),
  );
  return symbols.filter(({ declarations }) =>
    !declarations.some(({ location, def }) => documented.has(place(def?.target ?? location)))
  ).map(({ name }) => name);
}

async function textOf(path: string): Promise<string> {
  return await Deno.readTextFile(new URL(path, ROOT));
}
