// deno run -A examples/code_base.ts [FOLDER]
import { RLM } from "@rlm/rlm";
import { cell, ScriptedModel } from "@rlm/rlm/testing";

const script = new ScriptedModel([
  cell("import re\nprint(len(files), sum(len(text) for text in files.values()))"),
  cell(
    "classes = {(path, name) for path, text in files.items()\n" +
      "  for name in re.findall(r'^export class (\\w+Error)\\b', text, re.M)}\n" +
      "SUBMIT(classes=[f'{path}: {name}' for path, name in sorted(classes)])",
  ),
]);
const lm = Deno.env.get("RLM_MODEL") ?? script;

/** The TypeScript files below a folder, by path. */
async function readFiles(folder: string, path = ""): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for await (const { name, isDirectory } of Deno.readDir(`${folder}/${path}`)) {
    if (isDirectory) Object.assign(files, await readFiles(folder, `${path}${name}/`));
    else if (name.endsWith(".ts")) {
      files[path + name] = await Deno.readTextFile(`${folder}/${path}${name}`);
    }
  }
  return files;
}

const files = await readFiles(Deno.args[0] ?? "lib");
const rlm = new RLM("files: dict[str, str], query -> classes: list[str]", { lm });
const { classes } = await rlm.run({ files, query: "Which error classes are exported, and where?" });
for (const line of classes) console.log(line);
