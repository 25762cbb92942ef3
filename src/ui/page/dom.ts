type Child = Node | string | undefined;
type Listener = (event: Event) => void;
/** Attributes by name; `true` is an empty one, `false` and `undefined` none. A function listens: `{click: ...}`. */
type Attributes = Record<string, string | number | boolean | undefined | Listener>;

/**
 * An element, its attributes and listeners, its children. Texts are texts: nothing of a run's files is ever read as
 * HTML.
 */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name, value);
    else set(element, name, value);
  }
  element.append(...children.filter((child) => child !== undefined));
  return element;
}

/** Writes an attribute, or takes it away. */
export function set(element: Element, name: string, value: string | number | boolean | undefined): void {
  if (value === undefined || value === false) element.removeAttribute(name);
  else if (value === true) element.setAttribute(name, '');
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, String(value));
}

/** Writes a text where it differs, so that what reads the page aloud is not told of what has not changed. */
export function write(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** The children of `parent`, one a key in this order; those that are there stay as they are, with their focus. */
export function keyed<T extends Element>(parent: Element, keys: readonly string[], make: (key: string) => T): T[] {
  const old = new Map([...parent.children].map((child) => [child.getAttribute('data-key'), child as T]));
  const children = keys.map((key) => {
    const child = old.get(key) ?? make(key);
    child.setAttribute('data-key', key);
    old.delete(key);
    return child;
  });
  for (const gone of old.values()) gone.remove();
  children.forEach((child, i) => {
    if (parent.children[i] !== child) parent.insertBefore(child, parent.children[i] ?? null);
  });
  return children;
}

let ids = 0;

/** A section with a heading that names it. */
export function section(title: string, ...children: Child[]): HTMLElement {
  const id = `section-${ids++}`;
  return h('section', {'aria-labelledby': id}, h('h2', {id}, title), ...children);
}
