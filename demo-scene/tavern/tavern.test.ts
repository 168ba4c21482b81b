// The demo as a person meets it: in a real Chromium, served as npm start serves it, with models that paint faster.
import type { Page } from 'playwright-core';
import { beforeAll, beforeEach, expect, it, vi } from 'vitest';
import type { SiteOptions } from '../../scripts/node/serveSite.ts';
import { demoSite } from '../../scripts/testing/demoSite.ts';
import { describeInBrowser } from '../../scripts/testing/describeInBrowser.ts';
import type { TestPage } from '../../scripts/testing/openBrowser.ts';
import { quickModels } from '../testing/quickModels.ts';
import tavern from './tavern.json';

const LIMIT_MS = 240_000;

const WAIT = { timeout: 60_000 };

vi.setConfig({ testTimeout: LIMIT_MS, hookTimeout: LIMIT_MS });

interface Person {
  name: string;
  label: string;
  seed: number;
  interpolate?: { seed: number; amount: number };
  pipeline?: string;
}

interface Console {
  portraits(): Person[];
  guests(): (Person & { state: string })[];
  things(): Person[];
  surfaces(): (Person & { widthPx?: number })[];
}

/** A person each for the tests that change one's picture; the others stay as they were painted. */
const [FIRST, VARIED, EDITED] = [0, 1, 2];
const numPortraits = tavern.portraits.length;
const CHANGED = [VARIED, numPortraits];
const numPeople = numPortraits + tavern.guests.labels.length;
const numAll = numPeople + tavern.things.spots.length + tavern.surfaces.of.length;

describeInBrowser(
  'the tavern',
  (openPage) => {
    let site: SiteOptions;
    let page: TestPage<Console>;
    let playwright: Page;

    beforeAll(async () => {
      const demo = await demoSite();
      site = { ...demo, files: { ...demo.files, ...(await quickModels()) } };
      page = await openPage<Console>({ ...site, fewFrames: true, path: '?quality=low&arrivals=off' });
      playwright = page.playwright;
      await playwright.context().grantPermissions(['clipboard-read', 'clipboard-write']);
      await whenReady(playwright);
    });

    beforeEach(() =>
      playwright.evaluate(() => {
        document.querySelector<HTMLDialogElement>('#card')!.close();
        document.querySelector('details')!.open = false;
      }),
    );

    it('paints everybody, and again the same from the same recipe', async () => {
      const [first] = await page.call('portraits');
      expect(first).toMatchObject({ label: tavern.portraits[0]!.label, seed: tavern.portraits[0]!.seed });
      expect(await playwright.locator('#people nav button').count()).toBe(numAll);
      expect(await playwright.textContent('[data-measure=backend]')).toBe('wasm');
      const shown = [0, 1, numPortraits, numPeople, numAll - 1];
      const pictures = await picturesOf(playwright, shown);
      expect(new Set(pictures).size).toBe(shown.length);

      await playwright.evaluate(() => indexedDB.deleteDatabase('figment'));
      await page.reload();
      await whenReady(playwright);
      expect(await picturesOf(playwright, shown)).toEqual(pictures);
    });

    it('opens a card by keyboard, rerolls and copies from it, and closes it with Escape', async () => {
      await playwright.focus('summary');
      await playwright.keyboard.press('Enter');
      await playwright.keyboard.press('Tab');
      await playwright.keyboard.press('Enter');
      expect(await playwright.isVisible('#card')).toBe(true);
      expect(await playwright.textContent('[data-recipe=seed]')).toBe(String(tavern.portraits[FIRST]!.seed));
      const name = await playwright.textContent('#card-name');
      await rerollByKeyboard(playwright);
      expect(await playwright.textContent('#card-name')).not.toBe(name);
      const [portrait] = await page.call('portraits');
      const { label, seed } = portrait!;
      expect(await copiedRecipe(playwright)).toMatchObject({ model: 'portraits', label, seed });
      await playwright.keyboard.press('Escape');
      expect(await playwright.isVisible('#card')).toBe(false);

      await openCard(playwright, numPeople);
      await rerollByKeyboard(playwright);
      const [thing] = await page.call('things');
      expect(await copiedRecipe(playwright)).toMatchObject({ model: 'items', label: thing!.label, seed: thing!.seed });
      await playwright.keyboard.press('Escape');

      await openCard(playwright, numPeople + tavern.things.spots.length);
      await rerollByKeyboard(playwright);
      const [floor] = await page.call('surfaces');
      const { label: wood, seed: another, widthPx } = floor!;
      expect(await copiedRecipe(playwright)).toMatchObject({ model: 'textures', label: wood, seed: another, widthPx });
    });

    it('varies a portrait and a guest, the same way each time, and keeps them', async () => {
      for (const person of CHANGED) {
        await openCard(playwright, person);
        const plain = await shownPicture(playwright);
        await playwright.focus('[data-action=vary]');
        await playwright.keyboard.press('Enter');
        const varied = await pictureAt(playwright, '35 %');
        expect(varied).not.toBe(plain);
        await playwright.focus('#strength');
        await playwright.keyboard.press('Home');
        expect(await pictureAt(playwright, 'no')).toBe(plain);
        await playwright.fill('#strength', '0.35');
        expect(await pictureAt(playwright, '35 %')).toBe(varied);
        await playwright.click('[data-action=keep]');
        expect(await playwright.textContent('.notice')).toContain('local storage');
        await playwright.keyboard.press('Escape');
      }
      const portrait = (await page.call('portraits'))[VARIED];
      expect(portrait!.interpolate).toMatchObject({ amount: 0.35 });
    });

    it('paints a part of a picture again, and goes back', async () => {
      await openCard(playwright, EDITED);
      const name = await playwright.textContent('#card-name');
      const before = await shownPicture(playwright);
      const strength = () => playwright.textContent('output[for=edit-strength]');
      await playwright.click('[data-action=edit]');
      await expect.poll(strength, WAIT).toBe('80 %');
      await playwright.click('.presets button >> nth=0');
      expect(await strength()).toBe('100 %');
      await playwright.click('[data-edit=paint]');
      const after = await pictureAt(playwright, 'in a part, 100 %');
      const [old, made] = [before, after].map((picture) => picture.split(',').map(Number));
      const isFace = (i: number) => i >= 4 * 32 * 24 && (i >> 2) % 32 >= 8 && (i >> 2) % 32 < 24;
      expect(made!.filter((_, i) => isFace(i))).toEqual(old!.filter((_, i) => isFace(i)));
      expect(made!.filter((value, i) => !isFace(i) && Math.abs(value - old![i]!) > 10).length).toBeGreaterThan(100);
      expect(await playwright.textContent('#card-name')).toBe(name);
      await playwright.click('[data-edit=undo]');
      expect(await pictureAt(playwright, 'no')).toBe(before);
    });

    it('has portraits painted by the pipeline that is chosen, each in its place', async () => {
      expect([await pipelineOf(page), await playwright.inputValue('#pipeline')]).toEqual(['cvae+ddpm', 'cvae+ddpm']);
      const pictures = [await pictureOfFirst(playwright)];
      for (const pipeline of ['cvae', 'ddpm', 'cvae+ddpm']) {
        await playwright.selectOption('#pipeline', pipeline);
        await expect.poll(() => pipelineOf(page), WAIT).toBe(pipeline);
        await whenReady(playwright);
        pictures.push(await pictureOfFirst(playwright));
      }
      expect(new Set(pictures).size).toBe(3);
      expect(pictures[3]).toBe(pictures[0]);
    });

    it('remembers the pipeline, and keeps what was varied until it is let go', async () => {
      await playwright.selectOption('#pipeline', 'cvae');
      await expect.poll(() => pipelineOf(page), WAIT).toBe('cvae');
      await whenReady(playwright);
      const seen = async () => ({
        pipeline: await pipelineOf(page),
        portrait: (await page.call('portraits'))[VARIED],
        pictures: await picturesOf(playwright, [EDITED, ...CHANGED]),
      });
      const before = await seen();
      await page.reload();
      await whenReady(playwright);
      expect(await seen()).toEqual(before);
      await playwright.selectOption('#pipeline', 'cvae+ddpm'); // by which the portrait was kept
      await expect.poll(() => pipelineOf(page), WAIT).toBe('cvae+ddpm');
      await openCard(playwright, VARIED);
      expect(await playwright.getAttribute('[data-action=keep]', 'aria-pressed')).toBe('true');
      await playwright.click('[data-action=keep]');
      const stored = await playwright.evaluate(() => JSON.stringify(Object.entries(localStorage)));
      expect(stored).toContain('place 1');
      expect(stored).not.toContain(`frame ${VARIED + 1}`);
    });

    it('lets guests in while the door is open, and remembers whether it is', async () => {
      const numFirst = tavern.guests.labels.length;
      expect((await page.call('guests')).map(({ state }) => state)).toEqual(new Array(numFirst).fill('here'));
      const door = playwright.getByRole('button', { name: 'Open the door' });
      await door.focus();
      await playwright.keyboard.press('Enter');
      const { name, label } = await whenArrival(playwright, 'coming');
      expect(label).toBe(tavern.guests.arrivals.labels[0]);
      expect(await playwright.locator('#people nav button', { hasText: name }).count()).toBe(1);
      await whenArrival(playwright, 'here');
      await playwright.getByRole('button', { name: 'Close the door' }).click();
      await playwright.goto(playwright.url().replace('&arrivals=off', ''));
      expect(await playwright.getByRole('button', { name: 'Open the door' }).isVisible()).toBe(true);
    });

    it('says what is missing where nothing can draw', async () => {
      await playwright.addInitScript(() => {
        HTMLCanvasElement.prototype.getContext = () => null;
      });
      await playwright.reload();
      await playwright.waitForSelector('#failure', { state: 'visible' });
      expect(await playwright.textContent('#failure')).toContain('WebGL 2');
      page.takeErrors(); // Babylon reports it, too
    });

    it('leaves out who has no model, and says so', async () => {
      await playwright.goto('about:blank'); // two taverns would share the processor
      const files = Object.entries(site.files!).filter(([name]) => !name.includes(tavern.guests.model));
      const elsewhere = await openPage<Console>({
        ...site,
        files: Object.fromEntries(files),
        folders: { '/models/': 'nowhere' },
        fewFrames: true,
        path: '?quality=low&arrivals=on',
      });
      await whenReady(elsewhere.playwright);
      expect(await elsewhere.playwright.textContent('#progress')).toMatch(/^There are no characters here: .*404/);
      expect(await elsewhere.call('guests')).toEqual([]);
      const numOthers = numAll - tavern.guests.labels.length;
      expect(await elsewhere.playwright.locator('#people nav button').count()).toBe(numOthers);
      await openCard(elsewhere.playwright, numOthers - 1);
      expect(await shownPicture(elsewhere.playwright)).not.toBe('');
      // The browser notes the missing file by itself; the page has nothing to add.
      expect(elsewhere.takeErrors().filter((error) => !error.includes('status of 404'))).toEqual([]);
    });
  },
  { webgpu: false, compositing: 'cpu' },
);

/** The pipeline of all portraits. */
async function pipelineOf(page: TestPage<Console>): Promise<string> {
  const pipelines = (await page.call('portraits')).map(({ pipeline }) => pipeline);
  return new Set(pipelines).size === 1 ? (pipelines[0] ?? 'ddpm') : 'several';
}

function whenReady(page: Page): Promise<unknown> {
  return page.waitForFunction(() => document.body.dataset.state === 'ready', undefined, { polling: 250 });
}

/** Waits until the first who comes later is doing something. */
async function whenArrival(page: Page, state: string): Promise<Person> {
  const asked: [number, string] = [tavern.guests.arrivals.seed, state];
  const guest = await page.waitForFunction(
    ([seed, expected]) => {
      const { guests } = (globalThis as unknown as { page: Console }).page;
      return guests().find((candidate) => candidate.seed === seed && candidate.state === expected);
    },
    asked,
    { polling: 250 },
  );
  return (await guest.jsonValue())!;
}

async function openCard(page: Page, person: number): Promise<void> {
  await page.evaluate(() => document.querySelector('details')!.toggleAttribute('open', true));
  await page.locator('#people nav button').nth(person).click();
}

/** Rerolls who or what is on the card: another picture and seed. */
async function rerollByKeyboard(page: Page): Promise<void> {
  const before = await shownPicture(page);
  const seed = await page.textContent('[data-recipe=seed]');
  await page.focus('[data-action=reroll]');
  await page.keyboard.press('Enter');
  await page.waitForFunction((old) => {
    const isPainting = document.querySelector('#card')!.hasAttribute('data-painting');
    return !isPainting && document.querySelector('[data-recipe=seed]')!.textContent !== old;
  }, seed);
  expect(await shownPicture(page)).not.toBe(before);
}

async function copiedRecipe(page: Page): Promise<unknown> {
  await page.click('[data-action=copy]');
  await page.waitForFunction(() => document.querySelector('.notice')!.textContent !== '');
  return JSON.parse(await page.evaluate(() => navigator.clipboard.readText()));
}

/** The picture once it is painted, when the card tells this of its variation. */
async function pictureAt(page: Page, varied: string): Promise<string> {
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

async function pictureOfFirst(page: Page): Promise<string> {
  await openCard(page, 0);
  const picture = await shownPicture(page);
  await page.keyboard.press('Escape');
  return picture;
}

/** The pictures of some people, by opening their cards. */
async function picturesOf(page: Page, people: readonly number[]): Promise<string[]> {
  const pictures: string[] = [];
  for (const person of people) {
    await openCard(page, person);
    pictures.push(await shownPicture(page));
    await page.keyboard.press('Escape');
  }
  return pictures;
}

/** The card's canvas as text, once it shows the picture of all that the card says. */
async function shownPicture(page: Page): Promise<string> {
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
