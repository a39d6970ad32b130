/** `rlm cache`: where start-up snapshots and downloaded packages are and how large, and `rlm cache clear` to remove them. */
import { defaultCacheFolder, pyodideFolder } from "../host/pyodide_files.ts";
import { clearCached, listCached } from "../host/snapshot.ts";
import { ExitCode } from "./exit_code.ts";
import type { Subcommand } from "./subcommand.ts";
import { plural } from "./tally.ts";
import { UsageError } from "./usage_error.ts";

/** The subcommand. */
export const CACHE: Subcommand = {
  name: "cache",
  usage: "[clear]",
  about: [
    "Lists the start-up snapshots of the sandbox (memory of a ready Python, one file",
    "for each version) and downloaded packages. `rlm cache clear` removes them; the",
    "next start makes a snapshot anew, which takes seconds.",
  ],
  flags: [],
  words: ["clear"],
  exitCodes: ["Exit codes: 0 done, 1 a file could not be removed, 2 usage"],
  async run({ rest }, { stdout }) {
    const [action = "list", second] = rest;
    if ((action !== "list" && action !== "clear") || second !== undefined) {
      throw new UsageError(`rlm cache ${rest.join(" ")}: write rlm cache or rlm cache clear`);
    }
    const folder = defaultCacheFolder(pyodideFolder());
    const files = action === "clear" ? await clearCached(folder) : await listCached(folder);
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    const what = `${plural(files.length, "file")}, ${(bytes / 1e6).toFixed(1)} MB`;
    stdout(`${folder}: ${action === "clear" ? "removed " : ""}${what}\n`);
    for (const { name, bytes } of files) stdout(`  ${name}  ${(bytes / 1e6).toFixed(1)} MB\n`);
    return ExitCode.ok;
  },
};
