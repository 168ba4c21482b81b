// Tests of the pictures that the tavern paints, and of how much it fetches for them.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { PAINTING_PARTS, readModelFiles } from '../../../runtime/index.ts';
import { wasmPath } from '../../../scripts/build/browserBuild.ts';
import { diskSource } from '../../../scripts/node/diskSource.ts';
import { packageRoot } from '../../../scripts/node/packageRoot.ts';
import tavern from '../../tavern/tavern.json';
import { numAll, numPeople, numPortraits, openCard, picturesOf, type VisitedTavern, WAIT } from './visitedTavern.ts';

export function testPainting(visit: VisitedTavern): void {
  it('paints everybody, each from a recipe', async () => {
    const { page, playwright } = visit;
    const [first] = await page.call('portraits');
    expect(first).toMatchObject({ label: tavern.portraits[0]!.label, seed: tavern.portraits[0]!.seed });
    expect(await playwright.locator('#people nav button').count()).toBe(numAll);
    expect(await playwright.textContent('[data-measure=backend]')).toBe('wasm');
    const shown = [0, 1, numPortraits, numPeople, numAll - 1];
    const pictures = await picturesOf(playwright, shown);
    expect(new Set(pictures).size).toBe(shown.length);
    visit.firstPictures = pictures.filter((_, i) => shown[i] !== numPortraits);

    expect(await bytesBeforeFirstFace(playwright)).toBeLessThanOrEqual(13_500_000);
  });

  it('weathers walls and floor by sliders', async () => {
    const { page, playwright } = visit;
    await playwright.click('#room summary');
    await playwright.fill('[data-weathers="floor wear"]', '0.75');
    expect(await playwright.textContent('[data-weathers="floor wear"] + output')).toBe('75 %');
    const floor = async () => (await page.call('surfaces')).find(({ name }) => name === 'The floor')!.attributes;
    await expect.poll(floor, WAIT).toEqual({ wear: 0.75 });
    await playwright.fill('[data-weathers="floor moss"]', '0.5');
    await playwright.fill('[data-weathers="floor wear"]', '0.25'); // while the moss grows
    await expect.poll(floor, WAIT).toEqual({ wear: 0.25, moss: 0.5 });
    await openCard(playwright, numPeople + tavern.things.spots.length);
    expect(await playwright.textContent('#sheet legend'), 'of what has no face').toBe('What it is');
    await expect.poll(() => playwright.locator('#sheet output').allTextContents(), WAIT).toEqual(['25 %', '50 %']);
    await playwright.check('[aria-label="any moss"]');
    await expect.poll(floor, WAIT).toEqual({ wear: 0.25 });
    await expect.poll(() => playwright.inputValue('[data-weathers="floor moss"]')).toBe('0');
    expect(await playwright.locator('#room input').count()).toBe(4);
  });
}

/** The files that the browser has fetched when the first face is painted, with the shipped model in place of the one that paints faster. */
async function bytesBeforeFirstFace(page: Page): Promise<number> {
  const fetched = await page.evaluate(() => {
    const [face] = performance.getEntriesByName('first face');
    const entries = performance.getEntriesByType('resource') as PerformanceResourceTiming[];
    const before = entries.filter(({ name, startTime }) => startTime < face!.startTime && !name.includes('/models/'));
    return before.reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0);
  });
  expect(fetched).toBeGreaterThan(300_000);
  const source = diskSource(path.join(packageRoot(), 'assets', tavern.model));
  const files = Object.values(await readModelFiles(source, { parts: PAINTING_PARTS }));
  const kernels = gzipSync(await readFile(wasmPath)).length; // which a worker fetches
  return files.reduce((sum, { length }) => sum + length, fetched + kernels);
}
