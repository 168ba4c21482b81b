// Tests of what the tavern keeps from one visit to the next, and of guests who come and go.
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import tavern from '../../tavern/tavern.json';
import {
  CHANGED,
  EDITED,
  GUEST,
  openCard,
  type Person,
  picturesOf,
  shownPicture,
  type TavernConsole,
  VARIED,
  type VisitedTavern,
  WAIT,
  whenReady,
} from './visitedTavern.ts';

export function testVisits(visit: VisitedTavern): void {
  it('has portraits painted by the pipeline that is chosen, each in its place', async () => {
    const { page, playwright } = visit;
    expect([await pipelineOf(page), await playwright.inputValue('#pipeline')]).toEqual(['ddpm', 'ddpm']);
    const pictures = [await pictureOfFirst(playwright)];
    for (const pipeline of ['cvae', 'cvae+ddpm', 'ddpm']) {
      await choosePipeline(playwright, pipeline);
      await expect.poll(() => pipelineOf(page), WAIT).toBe(pipeline);
      await whenReady(playwright);
      pictures.push(await pictureOfFirst(playwright));
    }
    expect(new Set(pictures).size).toBe(3);
    expect(pictures[3]).toBe(pictures[0]);
  });

  it('lets guests in while the door is open, and nobody out who is kept', async () => {
    const { page, playwright } = visit;
    await openCard(playwright, GUEST); // whose sheet was changed after it had been kept
    expect(await isKept(playwright)).toBe('false');
    await playwright.click('[data-action=keep]');
    await expect.poll(() => isKept(playwright)).toBe('true');
    await playwright.keyboard.press('Escape');
    const [kept] = await page.call('guests');
    const numFirst = tavern.guests.labels.length;
    expect((await page.call('guests')).map(({ state }) => state)).toEqual(new Array(numFirst).fill('here'));
    const door = playwright.getByRole('button', { name: 'Open the door' });
    await door.focus();
    await playwright.keyboard.press('Enter');
    const [{ name, label }] = await Promise.all([whenArrival(playwright, 'coming'), hurry(playwright)]);
    expect(label).toBe(tavern.guests.arrivals.labels[0]);
    expect(await playwright.locator('#people nav button', { hasText: name }).count()).toBe(1);
    await whenArrival(playwright, 'here');
    await playwright.getByRole('button', { name: 'Close the door' }).click();
    expect((await page.call('guests'))[0], 'who has been there longest would be the first to go').toEqual(kept);
  });

  it('is the same again, and without a network: pipeline, door and what was varied; until it is let go', async () => {
    const { page, playwright } = visit;
    for (const person of CHANGED) await beKept(playwright, person);
    await leaveDoorClosed(playwright);
    await choosePipeline(playwright, 'cvae');
    await expect.poll(() => pipelineOf(page), WAIT).toBe('cvae');
    await whenReady(playwright);
    const seen = async () => ({
      pipeline: await pipelineOf(page),
      portrait: (await page.call('portraits'))[VARIED],
      pictures: await picturesOf(playwright, [EDITED, ...CHANGED]),
    });
    const before = await seen();
    await playwright.waitForSelector('[data-kept]', { state: 'attached' });
    await page.endServer();
    await playwright.evaluate(() => indexedDB.deleteDatabase('figment')); // all must be painted again
    await playwright.goto(playwright.url().replace('&arrivals=off', '')); // the door is as it was left
    await whenReady(playwright);
    expect(await playwright.getByRole('button', { name: 'Open the door' }).isVisible()).toBe(true);
    expect(await seen()).toEqual(before);
    page.takeErrors(); // the browser reports that the list does not come
    await choosePipeline(playwright, 'ddpm'); // by which the portrait was kept
    await expect.poll(() => pipelineOf(page), WAIT).toBe('ddpm');
    await openCard(playwright, VARIED);
    expect(await isKept(playwright)).toBe('true');
    await playwright.click('[data-action=keep]');
    const stored = await playwright.evaluate(() => JSON.stringify(Object.entries(localStorage)));
    expect(stored).toContain('place 1');
    expect(stored).not.toContain(`frame ${VARIED + 1}`);
  });

  it('is loaded again for another quality, though its address has a fragment', async () => {
    const { page, playwright } = visit;
    await playwright.evaluate(() => {
      history.replaceState(null, '', '?arrivals=off#room');
      document.querySelector('#settings')!.toggleAttribute('open', true);
    });
    await Promise.all([playwright.waitForEvent('load'), playwright.selectOption('#quality', 'auto')]);
    expect(await playwright.inputValue('#quality')).toBe('auto');
    await playwright.evaluate(() => {
      Storage.prototype.setItem = () => {
        throw new DOMException('site data is blocked', 'SecurityError');
      };
      document.querySelector('#settings')!.toggleAttribute('open', true);
    });
    await Promise.all([playwright.waitForEvent('load'), playwright.selectOption('#quality', 'low')]);
    expect(await playwright.inputValue('#quality'), 'which the browser does not remember').toBe('low');
    page.takeErrors(); // the browser reports that the list does not come
  });

  it('says what is missing where nothing can draw', async () => {
    const { page, playwright } = visit;
    await playwright.addInitScript(() => {
      HTMLCanvasElement.prototype.getContext = () => null;
    });
    await playwright.reload();
    await playwright.waitForSelector('#failure', { state: 'visible' });
    expect(await playwright.textContent('#failure')).toContain('WebGL 2');
    page.takeErrors(); // Babylon reports it, too
  });
}

function isKept(page: Page): Promise<string | null> {
  return page.getAttribute('[data-action=keep]', 'aria-pressed');
}

/** Keeps the picture of somebody that is not kept yet. */
async function beKept(page: Page, person: number): Promise<void> {
  await openCard(page, person);
  await shownPicture(page);
  if ((await isKept(page)) === 'false') await page.click('[data-action=keep]');
  await expect.poll(() => isKept(page)).toBe('true');
  await page.keyboard.press('Escape');
}

/** Opens and closes the door, which is remembered for the next visit. */
async function leaveDoorClosed(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Open the door' }).click();
  await page.getByRole('button', { name: 'Close the door' }).click();
}

async function choosePipeline(page: Page, pipeline: string): Promise<void> {
  await page.evaluate(() => document.querySelector('#settings')!.toggleAttribute('open', true));
  await page.selectOption('#pipeline', pipeline);
}

/** The pipeline of all portraits. */
async function pipelineOf(page: VisitedTavern['page']): Promise<string> {
  const pipelines = (await page.call('portraits')).map(({ pipeline }) => pipeline);
  return new Set(pipelines).size === 1 ? (pipelines[0] ?? 'ddpm') : 'several';
}

/** Lets the page's clock run faster from now on: who is to come comes sooner, and walks fast. */
function hurry(page: Page): Promise<void> {
  return page.evaluate(() => {
    const now = performance.now.bind(performance);
    const since = now();
    performance.now = () => since + 6 * (now() - since);
  });
}

/** Waits until the first who comes later is doing something, however short it lasts. */
async function whenArrival(page: Page, state: string): Promise<Person> {
  const asked: [number, string] = [tavern.guests.arrivals.seed, state];
  const guest = await page.waitForFunction(
    ([seed, expected]) => {
      const { guests } = (globalThis as unknown as { page: TavernConsole }).page;
      return guests().find((candidate) => candidate.seed === seed && candidate.state === expected);
    },
    asked,
    { polling: 'raf' },
  );
  return (await guest.jsonValue())!;
}

async function pictureOfFirst(page: Page): Promise<string> {
  await openCard(page, 0);
  const picture = await shownPicture(page);
  await page.keyboard.press('Escape');
  return picture;
}
