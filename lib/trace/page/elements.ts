/** Makes elements; text from a journal reaches the page through here alone, and only ever as text. */
/// <reference lib="dom" />

/** What an element is made with: attributes, and a function for clicks. */
export interface Properties {
  readonly class?: string;
  readonly id?: string;
  readonly title?: string;
  readonly role?: string;
  readonly type?: string;
  readonly label?: string;
  readonly hidden?: boolean;
  readonly open?: boolean;
  readonly onclick?: () => void;
}

/** Makes an element of HTML with children; strings become text. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Properties = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  const { label, onclick, hidden, open, ...attributes } = properties;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  if (label !== undefined) made.setAttribute("aria-label", label);
  if (hidden === true) made.hidden = true;
  if (open === true) made.setAttribute("open", "");
  if (onclick !== undefined) made.addEventListener("click", onclick);
  made.append(...children);
  return made;
}

/** A button that does what its label says. */
export function button(
  text: string,
  properties: Properties & { readonly onclick: () => void },
): HTMLButtonElement {
  return element("button", { type: "button", ...properties }, text);
}
