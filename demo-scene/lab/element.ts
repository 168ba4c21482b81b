/** The one element of the lab's page that fits. @throws Error when there is none */
export function element<Kind extends Element = HTMLElement>(selector: string, within: ParentNode = document): Kind {
  const found = within.querySelector<Kind>(selector);
  if (!found) throw new Error(`lab: there is no ${selector}; lab.html and the script do not belong together`);
  return found;
}
