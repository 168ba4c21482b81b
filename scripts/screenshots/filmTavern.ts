// Twenty seconds of the tavern, frame by frame: the page's clock stands still while a frame is drawn, however slow that is.
import type { Page } from 'playwright-core';
import { writeFileAtomic } from '../node/atomicWrite.ts';
import { encodeFilm, FRAME_MS } from './encodeFilm.ts';

const DURATION_S = 20;
const MAX_BYTES = 5_000_000;

/** The clicks of the film: at which second each happens, and on which element. */
const SCRIPT: readonly (readonly [atS: number, selector: string])[] = [
  [5, '#people nav button:nth-of-type(2)'],
  [7, '#card [data-action=reroll]'],
  [10.5, '#card [data-action=talk]'],
  [14.5, '#card [data-action=close]'],
];

/** Films a tavern that is ready, as a GIF that plays for ever. */
export async function filmTavern(page: Page, file: string): Promise<void> {
  const { width, height } = page.viewportSize()!;
  await page.clock.install();
  await page.clock.pauseAt(Date.now() + 1000);
  const frames: Buffer[] = [];
  const coming = [...SCRIPT];
  for (let timeS = 0; timeS < DURATION_S; timeS += FRAME_MS / 1000) {
    while (coming.length > 0 && coming[0]![0] <= timeS) await click(page, coming.shift()![1]);
    await lookAround(page, timeS / DURATION_S, width, height);
    await page.clock.fastForward(FRAME_MS);
    frames.push(await page.screenshot());
  }
  await writeFileAtomic(file, await encodeFilm(frames, MAX_BYTES));
}

/** A control that is not there is passed over: the film shows what the tavern has. */
async function click(page: Page, selector: string): Promise<void> {
  await page.evaluate((wanted) => document.querySelector<HTMLElement>(wanted)?.click(), selector);
}

/** Drags the room to and fro once. @param share of the film that has passed */
async function lookAround(page: Page, share: number, width: number, height: number): Promise<void> {
  const x = width * (0.5 + 0.12 * Math.sin(2 * Math.PI * share));
  if (share === 0) {
    await page.mouse.move(x, height * 0.6);
    await page.mouse.down();
  }
  await page.mouse.move(x, height * 0.6);
}
