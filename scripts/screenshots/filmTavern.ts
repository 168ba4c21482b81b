// Twenty seconds of the tavern, frame by frame: the page's clock stands still while a frame is drawn, however slow that is.
import type { Page } from 'playwright-core';
import { writeFileAtomic } from '../node/atomicWrite.ts';
import { encodeFilm, FRAMES_PER_SECOND } from './encodeFilm.ts';

const DURATION_S = 20;
const MAX_BYTES = 5_000_000;

/** What happens, by the second at which it does. */
const SCRIPT: Readonly<Record<number, (page: Page) => Promise<void>>> = {
  6: (page) => click(page, '#people nav button:nth-of-type(2)'),
  8: (page) => click(page, '#card [data-action=reroll]'),
  14: (page) => click(page, '#card [data-action=close]'),
};

/** Films a tavern that is ready, as a GIF that plays for ever. */
export async function filmTavern(page: Page, file: string): Promise<void> {
  const { width, height } = page.viewportSize()!;
  await page.clock.install();
  await page.clock.pauseAt(Date.now() + 1000);
  const frames: Buffer[] = [];
  for (let i = 0; i < DURATION_S * FRAMES_PER_SECOND; i++) {
    const second = i / FRAMES_PER_SECOND;
    await SCRIPT[second]?.(page);
    await lookAround(page, second / DURATION_S, width, height);
    await page.clock.fastForward(1000 / FRAMES_PER_SECOND);
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
