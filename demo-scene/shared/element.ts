/** The one element of the page that fits. @throws Error when there is none */
export function element<Kind extends Element = HTMLElement>(selector: string, within: ParentNode = document): Kind {
  const found = within.querySelector<Kind>(selector);
  if (!found) throw new Error(`page: there is no ${selector}; the page and its script do not belong together`);
  return found;
}
