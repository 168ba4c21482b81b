// A tavern that tests visit: how many are in it, what they look like, and what a visitor does with them.
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import type { TestPage } from '../../../scripts/testing/openBrowser.ts';
import tavern from '../../tavern/tavern.json';

/** How long a picture may take, in milliseconds. */
export const WAIT = { timeout: 60_000 };

export interface Person {
  name: string;
  label: string;
  seed: number;
  attributes?: Record<string, string | number>;
  interpolate?: { seed: number; amount: number };
  pipeline?: string;
}

export interface TavernConsole {
  portraits(): Person[];
  guests(): (Person & { state: string; face: Person | null })[];
  things(): Person[];
  surfaces(): (Person & { widthPx?: number })[];
  lights(): { name: string; position: number[] }[];
}

/** The tavern that all its tests share. */
export interface VisitedTavern {
  page: TestPage<TavernConsole>;
  playwright: Page;
  /** Pictures of two portraits, a thing and a surface, as they are painted first. */
  firstPictures: string[];
}

/** A person each for the tests that change one's picture; the others stay as they were painted. */
export const [FIRST, VARIED, EDITED] = [0, 1, 2];
export const numPortraits = tavern.portraits.length;
export const numPeople = numPortraits + tavern.guests.labels.length;
export const numAll = numPeople + tavern.things.spots.length + tavern.surfaces.of.length;
/** The place of the first guest among all people: guests come after the portraits. */
export const GUEST = numPortraits;
/** A portrait and a guest, whose pictures are varied and kept. */
export const CHANGED = [VARIED, GUEST];

export function whenReady(page: Page): Promise<unknown> {
  return page.waitForFunction(() => document.body.dataset.state === 'ready', undefined, { polling: 250 });
}

export async function openCard(page: Page, person: number): Promise<void> {
  await page.evaluate(() => document.querySelector('details')!.toggleAttribute('open', true));
  await page.locator('#people nav button').nth(person).click();
}

/** Rerolls who or what is on the card: another picture and seed. */
export async function rerollByKeyboard(page: Page): Promise<void> {
  const before = await shownPicture(page);
  const seed = await page.textContent('[data-recipe=seed]');
  await page.focus('[data-action=reroll]');
  await page.keyboard.press('Enter');
  await page.waitForFunction((old) => {
    const isPainting = document.querySelector('#card')!.hasAttribute('data-painting');
    return !isPainting && document.querySelector('[data-recipe=seed]')!.textContent !== old;
  }, seed);
  expect(await shownPicture(page)).not.toBe(before);
  await page.waitForFunction(() => document.querySelector('#card [data-spoken]')!.textContent === 'Painted.');
}

/** The picture once it is painted, when the card tells this of its variation. */
export async function pictureAt(page: Page, varied: string): Promise<string> {
  await page.waitForFunction(
    (expected) => {
      const isPainting = document.querySelector('#card')!.hasAttribute('data-painting');
      const told = document.querySelector('[data-recipe=varied]')!.textContent!;
      return !isPainting && told.startsWith(expected);
    },
    varied,
    { polling: 100 },
  );
  return shownPicture(page);
}

/** The pictures of some people, by opening their cards. */
export async function picturesOf(page: Page, people: readonly number[]): Promise<string[]> {
  const pictures: string[] = [];
  for (const person of people) {
    await openCard(page, person);
    pictures.push(await shownPicture(page));
    await page.keyboard.press('Escape');
  }
  return pictures;
}

/** The card's canvas as text, once it shows the picture of all that the card says. */
export async function shownPicture(page: Page): Promise<string> {
  const handle = await page.waitForFunction(
    () => {
      const canvas = document.querySelector<HTMLCanvasElement>('#card-picture')!;
      const isPainting = document.querySelector('#card')!.hasAttribute('data-painting');
      if (canvas.ariaBusy !== 'false' || isPainting) return false;
      return canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height).data.join();
    },
    undefined,
    { polling: 50, ...WAIT },
  );
  return (await handle.jsonValue()) as string;
}
