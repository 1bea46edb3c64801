// Elements without markup in texts: whatever a chain or a wallet says stays text.

export type Child = Node | string | null | undefined | false | readonly Child[];
type Attributes = Record<string, string | number | boolean | ((event: Event) => void) | undefined>;

/** An element; attributes that begin with `on` are listeners. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== undefined) made.setAttribute(name, String(value));
  }
  append(made, children);
  return made;
}

function append(parent: Node, children: readonly Child[]): void {
  for (const child of children) {
    if (child instanceof Node) parent.appendChild(child);
    else if (typeof child === "string") parent.appendChild(document.createTextNode(child));
    else if (child) append(parent, child);
  }
}

/** Put these in the place of what stands in an element of the page. */
export function fill(id: string, ...children: Child[]): HTMLElement {
  const place = part(id);
  place.replaceChildren();
  append(place, children);
  return place;
}

/** An element of the page by its id. */
export function part<T extends HTMLElement = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found as T;
}

/** Names with what they are, as a list. */
export const facts = (...rows: readonly (readonly [Child, Child])[]): HTMLElement =>
  el("dl", {}, rows.map(([name, said]) => [el("dt", {}, name), el("dd", {}, said)]));

export const short = (hex: string): string => `${hex.slice(0, 8)}…${hex.slice(-4)}`;

/** An address or an id, whole for whoever points at it. */
export const code = (hex: string): HTMLElement => el("code", { title: hex }, short(hex));
