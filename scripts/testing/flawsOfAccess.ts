import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

interface Axe {
  run(within: string, options: object): Promise<{ violations: { help: string; nodes: { html: string }[] }[] }>;
}

/**
 * What keeps somebody from reading or working a page: controls without a name, contrast below 4.5:1, and what else axe knows of
 * the guidelines WCAG 2.2 at level AA.
 *
 * @param within a selector; default: the whole page
 */
export async function flawsOfAccess(page: Page, within = 'body'): Promise<string[]> {
  await page.evaluate(await readFile(axe, 'utf8')); // as a script tag it would break the page's policy
  return page.evaluate(async (selector) => {
    const { axe } = globalThis as unknown as { axe: Axe };
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
    const { violations } = await axe.run(selector, { runOnly: tags, resultTypes: ['violations'] });
    return violations.map(({ help, nodes }) => `${help}: ${nodes.map(({ html }) => html.slice(0, 120)).join(', ')}`);
  }, within);
}
