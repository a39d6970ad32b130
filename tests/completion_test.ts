/** Completion in real shells: what a person types, with the Tab key, and what the shell makes of it. */
import { assertEquals, assertMatch } from "@std/assert";
import { main } from "../lib/cli/main.ts";
import { hasShell, type Shell, SHELLS } from "./fixtures/shells.ts";
import { temporaryFolder } from "./fixtures/temporary_folder.ts";
import { hasTmux, TmuxWindow } from "./fixtures/tmux.ts";

const TMUX = hasTmux();

/** A shell in a window, in a folder of its own, that has read the script. */
async function withShell(
  shell: Shell,
  run: (terminal: TmuxWindow) => Promise<void>,
): Promise<void> {
  await using folder = await temporaryFolder();
  await Deno.writeTextFile(`${folder.path}/script`, await scriptFor(shell.name));
  await Deno.mkdir(`${folder.path}/here`);
  await Deno.writeTextFile(`${folder.path}/here/two words.txt`, "");
  const env = { HOME: folder.path, XDG_CONFIG_HOME: folder.path, XDG_DATA_HOME: folder.path };
  await using terminal = await TmuxWindow.open(shell.words, { columns: 100, rows: 40, env });
  await terminal.type(
    `cd '${folder.path}/here' && source ../script`,
    "Enter",
    shell.rlm,
    "Enter",
    "rlm ready",
    "Enter",
  );
  await terminal.shows(/^<ready>$/m);
  await run(terminal);
}

/** What `rlm completion SHELL` prints. */
async function scriptFor(name: string): Promise<string> {
  let script = "";
  const stdout = (text: string) => void (script += text);
  const code = await main(["completion", name], {
    stdout,
    stderr: stdout,
    deno: Deno.version.deno,
  });
  assertEquals(code, 0, script);
  return script;
}

/** What is typed, and the words that the command then gets; zsh joins a flag and its value. */
const LINES: [keys: string[], words: string][] = [
  [
    ["rlm hist", "Tab", "--ro", "Tab", "ex", "Tab", "--verb", "Tab"],
    "<history><--role=extract><--verbose>",
  ],
  [
    ["rlm view two", "Tab", "--fo", "Tab", "graphm", "Tab"],
    "<view><two words.txt><--format=graphml>",
  ],
  [["rlm cache cl", "Tab"], "<cache><clear>"],
  [["rlm help ru", "Tab"], "<help><run>"],
  [
    ["rlm who --schema two", "Tab", "--max-se", "Tab", "9"],
    "<who><--schema=two words.txt><--max-seconds=9>",
  ],
];

for (const shell of SHELLS) {
  const isThere = TMUX && hasShell(shell);
  const title = `C164: ${shell.name} completes commands, flags, their values and files`;
  Deno.test({
    name: isThere ? title : `${title} (NOT RUN: there is no ${TMUX ? shell.name : "tmux"})`,
    ignore: !isThere,
    fn: () =>
      withShell(shell, async (terminal) => {
        for (const [keys, words] of LINES) {
          await terminal.type(...keys, "Enter");
          const printed = RegExp.escape(words).replaceAll("\\x3d", "(=|><)");
          await terminal.shows(new RegExp(`^${printed}$`, "m"), 10);
        }
        // Two candidates are listed; zsh and fish say what they mean.
        await terminal.type("rlm re", "Tab", "Tab");
        const listed = await terminal.shows(/replay.*\n?.*resume/, 10);
        if (shell.name !== "bash") assertMatch(listed, /goes on with a run where it stopped/);
      }),
  });
}
