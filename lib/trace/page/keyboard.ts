/** Keys: what each does, for the page and for its help. */
/// <reference lib="dom" />
import { button, element } from "./elements.ts";

/** One key, or several that do the same. */
export interface Key {
  readonly keys: readonly string[];
  readonly help: string;
  readonly run: () => void;
}

/** Listens for keys, unless somebody types in a field, and gives the dialog that explains them. */
export function listenForKeys(keys: readonly Key[]): HTMLDialogElement {
  const help = helpDialog(keys);
  const all = [...keys, { keys: ["?"], help: "this help", run: () => help.showModal() }];
  document.addEventListener("keydown", (event) => {
    const { target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || help.open) return;
    if (target instanceof HTMLInputElement) return;
    const key = all.find((each) => each.keys.includes(event.key));
    if (key === undefined) return;
    event.preventDefault();
    key.run();
  });
  return help;
}

function helpDialog(keys: readonly Key[]): HTMLDialogElement {
  const list = element("dl", {});
  for (const { keys: names, help } of [...keys, { keys: ["?"], help: "this help" }]) {
    const shown = names.map((name) => element("kbd", {}, name.replace("Arrow", "")));
    list.append(element("dt", {}, ...shown), element("dd", {}, help));
  }
  const dialog = element("dialog", { class: "help" }, element("h2", {}, "Keys"), list);
  dialog.append(button("close", { onclick: () => dialog.close() }));
  return dialog;
}
