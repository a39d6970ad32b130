/** Lists the files of a folder or a pattern: ignore rules honoured, nothing outside the folder, stable order. */
import { dirname, join, matchesGlob, relative } from "node:path";
import ignore from "ignore";

/** A file that was found. */
export interface FoundFile {
  /** Where it is read from. */
  readonly path: string;
  readonly bytes: number;
}

/** What a walk took, and what it left out and why. */
export interface Listing {
  readonly files: readonly FoundFile[];
  readonly skipped: readonly { readonly path: string; readonly why: string }[];
}

/** Folders that hold no text a person would ask about. */
const ALWAYS_SKIPPED = new Set([".git", ".hg", ".svn", "node_modules", "__pycache__"]);

/** The `.gitignore` of one folder. */
interface IgnoreFile {
  readonly folder: string;
  readonly rules: ReturnType<typeof ignore>;
}

/** Lists a folder: its files, those of its folders, without what `.gitignore` files exclude. */
export async function listFolder(folder: string): Promise<Listing> {
  const walk: Walk = { root: await Deno.realPath(folder), files: [], skipped: [] };
  await walkFolder(walk, folder, await ignoreFilesAbove(walk.root, folder));
  return walk;
}

/** Lists the files that a pattern with wildcards names; ignore rules hold here too. */
export async function listGlob(pattern: string): Promise<Listing> {
  const parts = pattern.split("/");
  const fixed = parts.slice(0, parts.findIndex((part) => isGlob(part)));
  const folder = fixed.length === 0 ? "." : fixed.join("/") || "/";
  const all = await listFolder(folder);
  const wanted = pattern.replace(/^\.\//, "");
  const matches = ({ path }: { path: string }) => matchesGlob(path.replace(/^\.\//, ""), wanted);
  return { files: all.files.filter(matches), skipped: all.skipped.filter(matches) };
}

/** Whether a source is a pattern rather than a path. */
export function isGlob(source: string): boolean {
  return /[*?[\]{}]/.test(source);
}

/** A walk under way. */
interface Walk {
  readonly root: string;
  readonly files: FoundFile[];
  readonly skipped: { path: string; why: string }[];
}

/** Visits one folder and those below it, in the order of their names. */
async function walkFolder(walk: Walk, folder: string, above: readonly IgnoreFile[]): Promise<void> {
  const own = await readIgnoreFile(folder, folder);
  const ignores = own === null ? above : [...above, own];
  const entries = await Array.fromAsync(Deno.readDir(folder));
  entries.sort((a, b) => a.name < b.name ? -1 : 1);
  for (const entry of entries) {
    if (ALWAYS_SKIPPED.has(entry.name)) continue;
    const path = folder === "." ? entry.name : join(folder, entry.name);
    if (isIgnored(ignores, path, entry.isDirectory)) continue;
    if (entry.isDirectory) await walkFolder(walk, path, ignores);
    else await takeFile(walk, path, entry.isSymlink);
  }
}

/** Takes one file; a link may only lead to a file inside the folder that was asked for. */
async function takeFile(walk: Walk, path: string, isLink: boolean): Promise<void> {
  try {
    if (isLink && !isInside(walk.root, await Deno.realPath(path))) {
      walk.skipped.push({ path, why: "a link that leads outside" });
      return;
    }
    const info = await Deno.stat(path);
    if (info.isFile) walk.files.push({ path, bytes: info.size });
    else walk.skipped.push({ path, why: info.isDirectory ? "a link to a folder" : "not a file" });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    walk.skipped.push({ path, why: "a link that leads nowhere" });
  }
}

/** Whether a real path lies in a real folder. */
function isInside(folder: string, path: string): boolean {
  return path === folder || !relative(folder, path).startsWith("..");
}

/** The last rule that speaks of a path decides, as in git; inner files speak after outer ones. */
function isIgnored(ignores: readonly IgnoreFile[], path: string, isFolder: boolean): boolean {
  let ignored = false;
  for (const { folder, rules } of ignores) {
    const result = rules.test(
      `${relative(folder, path).replaceAll("\\", "/")}${isFolder ? "/" : ""}`,
    );
    ignored = result.ignored || (ignored && !result.unignored);
  }
  return ignored;
}

/** The ignore files between a repository's top and the folder, outermost first; none outside a repository. */
async function ignoreFilesAbove(root: string, folder: string): Promise<IgnoreFile[]> {
  const found: IgnoreFile[] = [];
  for (let above = root; !await exists(join(above, ".git")); above = dirname(above)) {
    const parent = dirname(above);
    if (parent === above) return [];
    const file = await readIgnoreFile(parent, join(folder, relative(root, parent)));
    if (file !== null) found.unshift(file);
  }
  return found;
}

/** Reads the ignore file in `at`; its rules are for paths below `folder`, which is `at` as the user would write it. */
async function readIgnoreFile(at: string, folder: string): Promise<IgnoreFile | null> {
  try {
    const text = await Deno.readTextFile(join(at, ".gitignore"));
    return { folder, rules: ignore().add(text) };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** Whether there is anything at a path. */
async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
