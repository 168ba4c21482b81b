// The demo as a person meets it: in a real Chromium, served as npm start serves it, with a model that paints faster.
import type { Page } from 'playwright-core';
import { beforeAll, expect, it, vi } from 'vitest';
import { describeInBrowser } from '../plugin/testing/describeInBrowser.ts';
import { tinyModelFolder } from '../runtime/testing/tinyModel.ts';
import { buildDemoSite } from '../scripts/demoSite.ts';
import type { SiteOptions } from '../scripts/io/serveSite.ts';
import tavern from './tavern.json';

const LIMIT_MS = 240_000;

vi.setConfig({ testTimeout: LIMIT_MS, hookTimeout: LIMIT_MS });

interface Console {
  portraits(): { name: string; label: string; seed: number }[];
}

describeInBrowser(
  'the tavern',
  (openPage) => {
    let site: SiteOptions;

    beforeAll(async () => {
      const demo = await buildDemoSite();
      site = { ...demo, files: { ...demo.files, ...(await quickModel()) } };
    });

    const enter = () => openPage<Console>({ ...site, path: '?quality=low' });

    it('paints everybody, and again the same from the same recipe', async () => {
      const page = await enter();
      const { playwright } = page;
      const [first] = await page.call('portraits');
      expect(first).toMatchObject({ label: tavern.portraits[0]!.label, seed: tavern.portraits[0]!.seed });
      await whenReady(playwright);
      const numPeople = tavern.portraits.length + tavern.guests.labels.length;
      expect(await playwright.locator('#people button').count()).toBe(numPeople);
      expect(await playwright.textContent('[data-measure=backend]')).toBe('wasm');
      const pictures = await picturesOf(playwright, [0, 1, tavern.portraits.length]);
      expect(new Set(pictures).size).toBe(3);

      await playwright.evaluate(() => indexedDB.deleteDatabase('figment'));
      await page.reload();
      await whenReady(playwright);
      expect(await picturesOf(playwright, [0, 1, tavern.portraits.length])).toEqual(pictures);
    });

    it('opens a card by keyboard, rerolls and copies from it, and closes it with Escape', async () => {
      const page = await enter();
      const { playwright } = page;
      await whenReady(playwright);
      await playwright.focus('summary');
      await playwright.keyboard.press('Enter');
      await playwright.keyboard.press('Tab');
      await playwright.keyboard.press('Enter');
      expect(await playwright.isVisible('#card')).toBe(true);
      expect(await playwright.textContent('[data-recipe=seed]')).toBe(String(tavern.portraits[0]!.seed));
      const before = await shownPicture(playwright);
      const plateBefore = await playwright.textContent('#card-name');

      await playwright.focus('[data-action=reroll]');
      await playwright.keyboard.press('Enter');
      await playwright.waitForFunction((seed) => {
        const isPainting = document.querySelector('#card')!.hasAttribute('data-painting');
        return !isPainting && document.querySelector('[data-recipe=seed]')!.textContent !== seed;
      }, String(tavern.portraits[0]!.seed));
      expect(await shownPicture(playwright)).not.toBe(before);
      expect(await playwright.textContent('#card-name')).not.toBe(plateBefore);

      await playwright.context().grantPermissions(['clipboard-read', 'clipboard-write']);
      await playwright.click('[data-action=copy]');
      await playwright.waitForFunction(() => document.querySelector('.notice')!.textContent !== '');
      const copied = JSON.parse(await playwright.evaluate(() => navigator.clipboard.readText()));
      const [now] = await page.call('portraits');
      expect(copied).toMatchObject({ model: 'portraits', label: now!.label, seed: now!.seed });

      await playwright.keyboard.press('Escape');
      expect(await playwright.isVisible('#card')).toBe(false);
    });

    it('says what is missing where nothing can draw', async () => {
      const page = await enter();
      const { playwright } = page;
      await playwright.addInitScript(() => {
        HTMLCanvasElement.prototype.getContext = () => null;
      });
      await playwright.reload();
      await playwright.waitForSelector('#failure', { state: 'visible' });
      expect(await playwright.textContent('#failure')).toContain('WebGL 2');
      page.takeErrors(); // Babylon reports it, too
    });
  },
  { webgpu: false },
);

/** In the place of the portraits: the same labels and size, but a few thousand weights. */
async function quickModel(): Promise<Record<string, Uint8Array>> {
  const labels = [...new Set([...tavern.portraits.map(({ label }) => label), ...tavern.guests.labels])];
  const files = Object.entries(await tinyModelFolder({ labels, sizePx: 32 }));
  return Object.fromEntries(files.map(([name, bytes]) => [`/${tavern.model}${name}`, bytes]));
}

function whenReady(page: Page): Promise<unknown> {
  return page.waitForFunction(() => document.body.dataset.state === 'ready', undefined, { polling: 250 });
}

/** The pictures of some people, by opening their cards. */
async function picturesOf(page: Page, people: readonly number[]): Promise<string[]> {
  const pictures: string[] = [];
  await page.evaluate(() => document.querySelector('details')!.toggleAttribute('open', true));
  for (const person of people) {
    await page.locator('#people button').nth(person).click();
    pictures.push(await shownPicture(page));
    await page.keyboard.press('Escape');
  }
  return pictures;
}

/** The card's canvas as text, once something is on it. */
async function shownPicture(page: Page): Promise<string> {
  const handle = await page.waitForFunction(
    () => {
      const canvas = document.querySelector<HTMLCanvasElement>('#card-picture')!;
      const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
      return data.some((value) => value > 0) && data.join();
    },
    undefined,
    { polling: 100 },
  );
  return (await handle.jsonValue()) as string;
}
