// deno run -A examples/file_permissions.ts
import { RLM } from "@rlm/rlm";
import { cell, ScriptedModel } from "@rlm/rlm/testing";

const folder = await Deno.realPath(await Deno.makeTempDir());
await Deno.mkdir(`${folder}/in`);
await Deno.mkdir(`${folder}/out`);
await Deno.writeTextFile(`${folder}/in/prices.txt`, "tea 3\ncoffee 4\n");
await Deno.writeTextFile(`${folder}/secret.txt`, "not for the guest");

const script = new ScriptedModel([
  cell(
    "try: open(folder + '/secret.txt')\nexcept OSError as error: print('refused:', type(error).__name__)\n" +
      "print(open(folder + '/in/prices.txt').read())",
  ),
  cell("n = open(folder + '/out/sum.txt', 'w').write('7')\nSUBMIT(answer='written')"),
]);

// Python sees these folders under their own names, and nothing else of the machine.
const rlm = new RLM("folder, query -> answer", {
  lm: Deno.env.get("RLM_MODEL") ?? script,
  sandbox: { read: [`${folder}/in`], write: [`${folder}/out`] },
});
const query = "Add up the prices in in/prices.txt and write the sum to out/sum.txt.";
const { answer, trajectory } = await rlm.run({ folder, query });
console.log(trajectory[0]?.output.split("\n")[0]);
console.log(answer, await Deno.readTextFile(`${folder}/out/sum.txt`));
await Deno.remove(folder, { recursive: true });
