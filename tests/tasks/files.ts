/** Walking the project's files, for the tasks; first-party, since a task can't rely on JSR. */

/** Relative paths, with forward slashes, of all files under a folder, sorted; hidden folders are left out. */
export async function filesUnder(folder: URL, prefix = ""): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir(new URL(prefix, folder))) {
    if (entry.name.startsWith(".") || entry.name === "node_modules") continue;
    const path = prefix + entry.name;
    if (entry.isDirectory) found.push(...await filesUnder(folder, `${path}/`));
    else if (entry.isFile) found.push(path);
  }
  return found.sort();
}
