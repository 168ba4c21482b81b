// The demo as a person meets it: in a real Chromium, served as npm start serves it, with models that paint faster.
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { wasmPath } from '../../scripts/build/browserBuild.ts';
import { packageRoot } from '../../scripts/node/packageRoot.ts';
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
  attributes?: Record<string, string | number>;
  interpolate?: { seed: number; amount: number };
  pipeline?: string;
}

interface Console {
  portraits(): Person[];
  guests(): (Person & { state: string; face: Person | null })[];
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
    /** Pictures of two portraits, a thing and a surface, as they are painted first. */
    let firstPictures: string[];

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
        for (const drawer of document.querySelectorAll<HTMLDetailsElement>('#controls details')) drawer.open = false;
        document.querySelector<HTMLDetailsElement>('.recipe')!.open = true;
      }),
    );

    it('paints everybody, each from a recipe', async () => {
      const [first] = await page.call('portraits');
      expect(first).toMatchObject({ label: tavern.portraits[0]!.label, seed: tavern.portraits[0]!.seed });
      expect(await playwright.locator('#people nav button').count()).toBe(numAll);
      expect(await playwright.textContent('[data-measure=backend]')).toBe('wasm');
      const shown = [0, 1, numPortraits, numPeople, numAll - 1];
      const pictures = await picturesOf(playwright, shown);
      expect(new Set(pictures).size).toBe(shown.length);
      firstPictures = pictures.filter((_, i) => shown[i] !== numPortraits);

      expect(await bytesBeforeFirstFace(playwright)).toBeLessThanOrEqual(15_000_000);
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

    it('changes one line of a character sheet, and the rest of the person stays; a guest has a face', async () => {
      await openCard(playwright, FIRST);
      const before = (await page.call('portraits'))[FIRST]!;
      const plain = await shownPicture(playwright);
      await choose(playwright, 'hair_colour', 'grey');
      const grey = await shownPicture(playwright);
      const after = (await page.call('portraits'))[FIRST]!;
      expect(after).toMatchObject({ name: before.name, label: before.label, seed: before.seed });
      expect(after.attributes).toEqual({ ...before.attributes, hair_colour: 'grey' });
      expect(grey).not.toBe(plain);
      await choose(playwright, 'gender', 'male');
      const [given, byname] = before.name.split(' ');
      const { name } = (await page.call('portraits'))[FIRST]!;
      expect(name.split(' ')[0]).not.toBe(given);
      expect(name.split(' ')[1]).toBe(byname);
      await choose(playwright, 'gender', 'female');
      await choose(playwright, 'hair_colour', 'any');
      expect(await shownPicture(playwright)).toBe(plain);
      await playwright.keyboard.press('Escape');

      await openCard(playwright, numPortraits);
      const guest = (await page.call('guests'))[0]!;
      expect(await playwright.inputValue('[data-attribute=kind]')).toBe(guest.face!.label);
      await choose(playwright, 'role', 'mage');
      await choose(playwright, 'hair_colour', 'red');
      const changed = (await page.call('guests'))[0]!;
      expect([changed.label, changed.face!.attributes]).toEqual([
        'mage',
        { ...guest.face!.attributes, hair_colour: 'red' },
      ]);
      expect(await playwright.isVisible('#card-figure')).toBe(true);
    });

    it('lets somebody speak: a line with faces that change, and the same face afterwards', async () => {
      await openCard(playwright, FIRST);
      const before = (await page.call('portraits'))[FIRST]!;
      const calm = await shownPicture(playwright);
      await playwright.click('[data-action=talk]');
      await playwright.waitForFunction(() => document.querySelector('.unspoken')?.textContent !== '');
      await expect.poll(() => shownPicture(playwright), WAIT).not.toBe(calm);
      expect((await page.call('portraits'))[FIRST], 'its recipe stays').toEqual(before);
      expect(await playwright.textContent('[data-spoken]')).toMatch(/^“.+”$/);
      await playwright.click('[data-action=close]');
      await openCard(playwright, FIRST);
      await expect.poll(() => shownPicture(playwright), WAIT).toBe(calm);
    });

    it('weathers walls and floor by sliders', async () => {
      await playwright.click('#room summary');
      await playwright.fill('[data-weathers="floor wear"]', '0.75');
      const floor = async () => (await page.call('surfaces')).find(({ name }) => name === 'The floor')!.attributes;
      await expect.poll(floor, WAIT).toEqual({ wear: 0.75 });
      await playwright.fill('[data-weathers="floor moss"]', '0.5');
      await expect.poll(floor, WAIT).toEqual({ wear: 0.75, moss: 0.5 });
      expect(await playwright.locator('#room input').count()).toBe(4);
    });

    it('fits every screen: nothing covers anything or runs off, and all of it is named and can be read', async () => {
      // The last is a window of 1280 × 720 at 200 %.
      for (const [width, height] of [
        [1280, 720],
        [844, 390],
        [390, 844],
        [640, 360],
      ] as const) {
        await playwright.setViewportSize({ width, height });
        const screen = `${width} × ${height}`;
        expect(await overlapsOf(playwright, PIECES), screen).toEqual([]);
        expect(await playwright.locator('main').evaluate(({ clientHeight }) => clientHeight), screen).toBeGreaterThan(
          height / 2,
        );
        for (const drawer of ['people', 'room', 'settings', 'measures']) {
          await playwright.click(`#${drawer} summary`);
          expect(
            await overlapsOf(playwright, [`#${drawer} .drawer`, '#controls > * > summary', 'body > header']),
            `${drawer}, ${screen}`,
          ).toEqual([]);
          await playwright.keyboard.press('Escape');
          expect(await playwright.locator('.drawer:visible').count()).toBe(0);
        }
        await openCard(playwright, numPortraits);
        await shownPicture(playwright);
        expect(await overlapsOf(playwright, ['#card'], true), `card, ${screen}`).toEqual([]);
        expect(await dimTexts(playwright), screen).toEqual([]);
        expect(await playwright.locator('#card').evaluate((card) => card.scrollWidth - card.clientWidth)).toBe(0);
        await playwright.keyboard.press('Escape');
        await playwright.evaluate(() => document.querySelector('details')!.toggleAttribute('open', false));
      }
      expect(
        await playwright.evaluate(() => {
          const controls = document.querySelectorAll<HTMLElement>(
            'button, select, input, summary, canvas, a, [role=status]',
          );
          const named = (control: HTMLElement) =>
            control.textContent!.trim() ||
            control.ariaLabel ||
            control.closest('label')?.textContent?.trim() ||
            control.role === 'status';
          return [...controls].filter((control) => !named(control)).map(({ outerHTML }) => outerHTML);
        }),
      ).toEqual([]);
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

    it('lets guests in while the door is open', async () => {
      const numFirst = tavern.guests.labels.length;
      expect((await page.call('guests')).map(({ state }) => state)).toEqual(new Array(numFirst).fill('here'));
      const door = playwright.getByRole('button', { name: 'Open the door' });
      await door.focus();
      await playwright.keyboard.press('Enter');
      await hurry(playwright);
      const { name, label } = await whenArrival(playwright, 'coming');
      expect(label).toBe(tavern.guests.arrivals.labels[0]);
      expect(await playwright.locator('#people nav button', { hasText: name }).count()).toBe(1);
      await whenArrival(playwright, 'here');
      await playwright.getByRole('button', { name: 'Close the door' }).click();
    });

    it('remembers pipeline, door and what was varied, and paints it again the same; until it is let go', async () => {
      await choosePipeline(playwright, 'cvae');
      await expect.poll(() => pipelineOf(page), WAIT).toBe('cvae');
      await whenReady(playwright);
      const seen = async () => ({
        pipeline: await pipelineOf(page),
        portrait: (await page.call('portraits'))[VARIED],
        pictures: await picturesOf(playwright, [EDITED, ...CHANGED]),
      });
      const before = await seen();
      await playwright.evaluate(() => indexedDB.deleteDatabase('figment')); // all must be painted again
      await playwright.goto(playwright.url().replace('&arrivals=off', '')); // the door is as it was left
      await whenReady(playwright);
      expect(await playwright.getByRole('button', { name: 'Open the door' }).isVisible()).toBe(true);
      expect(await seen()).toEqual(before);
      await choosePipeline(playwright, 'ddpm'); // by which the portrait was kept
      await expect.poll(() => pipelineOf(page), WAIT).toBe('ddpm');
      await openCard(playwright, VARIED);
      expect(await playwright.getAttribute('[data-action=keep]', 'aria-pressed')).toBe('true');
      await playwright.click('[data-action=keep]');
      const stored = await playwright.evaluate(() => JSON.stringify(Object.entries(localStorage)));
      expect(stored).toContain('place 1');
      expect(stored).not.toContain(`frame ${VARIED + 1}`);
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

    it('leaves out who has no model, and says so; paints the others the same as in another browser', async () => {
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
      const others = [0, 1, numPortraits, numOthers - 1];
      expect(await picturesOf(elsewhere.playwright, others), 'the same recipes').toEqual(firstPictures);
      // The browser notes the missing file by itself; the page has nothing to add.
      expect(elsewhere.takeErrors().filter((error) => !error.includes('status of 404'))).toEqual([]);
    });
  },
  { webgpu: false, compositing: 'cpu' },
);

async function choosePipeline(page: Page, pipeline: string): Promise<void> {
  await page.evaluate(() => document.querySelector('#settings')!.toggleAttribute('open', true));
  await page.selectOption('#pipeline', pipeline);
}

/** The pipeline of all portraits. */
async function pipelineOf(page: TestPage<Console>): Promise<string> {
  const pipelines = (await page.call('portraits')).map(({ pipeline }) => pipeline);
  return new Set(pipelines).size === 1 ? (pipelines[0] ?? 'ddpm') : 'several';
}

function whenReady(page: Page): Promise<unknown> {
  return page.waitForFunction(() => document.body.dataset.state === 'ready', undefined, { polling: 250 });
}

/** Lets the page's clock run faster from now on: who is to come comes sooner, and walks fast. */
function hurry(page: Page): Promise<void> {
  return page.evaluate(() => {
    const now = performance.now.bind(performance);
    const since = now();
    performance.now = () => since + 6 * (now() - since);
  });
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

/** What the browser has fetched when the first face is painted, with the shipped model in place of the one that paints faster. */
async function bytesBeforeFirstFace(page: Page): Promise<number> {
  const fetched = await page.evaluate(() => {
    const [face] = performance.getEntriesByName('first face');
    const entries = performance.getEntriesByType('resource') as PerformanceResourceTiming[];
    const before = entries.filter(({ name, startTime }) => startTime < face!.startTime && !name.includes('/models/'));
    return before.reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0);
  });
  expect(fetched).toBeGreaterThan(300_000);
  const folder = path.join(packageRoot(), 'assets', tavern.model);
  const parts = ['unet', 'vae', 'scheduler', 'conditioning'];
  const files = (await readdir(folder, { recursive: true })).filter((name) =>
    parts.some((part) => name.startsWith(`${part}/`)),
  );
  const sizes = await Promise.all(files.map((name) => stat(path.join(folder, name))));
  const kernels = gzipSync(await readFile(wasmPath)).length; // which a worker fetches
  return sizes.reduce((sum, { size }) => sum + size, fetched + kernels);
}

/** Chooses a value of the character sheet, and waits for the picture. */
async function choose(page: Page, name: string, value: string): Promise<void> {
  await page.selectOption(`[data-attribute=${name}]`, value);
  await page.waitForFunction(() => document.querySelector('.notice')!.textContent === '');
}

/** What lies beside each other on the page. */
const PIECES = ['h1', 'header nav a', '#progress', 'main', '#controls > button', '#controls > details > summary'];

/** What covers something else of the same list, or is not wholly on the screen. */
function overlapsOf(page: Page, selectors: readonly string[], isModal = false): Promise<string[]> {
  return page.evaluate(
    ([pieces, modal]) => {
      const shown = [...document.querySelectorAll<HTMLElement>(pieces.join())].filter((piece) =>
        piece.checkVisibility(),
      );
      const found: string[] = [];
      const wordsOf = (piece: HTMLElement) => piece.id || piece.textContent!.slice(0, 30);
      for (const [i, piece] of shown.entries()) {
        const box = piece.getBoundingClientRect();
        const { left, right, top, bottom } = box;
        const isOff = left < -0.5 || right > innerWidth + 0.5 || top < -0.5 || bottom > innerHeight + 0.5;
        if (isOff) found.push(`${wordsOf(piece)} runs off: ${[left, right, top, bottom].map(Math.round)}`);
        for (const other of shown.slice(i + 1)) {
          if (modal || piece.contains(other) || other.contains(piece)) continue;
          const { left: l, right: r, top: t, bottom: b } = other.getBoundingClientRect();
          const isOver = Math.min(right, r) - Math.max(left, l) > 0.5 && Math.min(bottom, b) - Math.max(top, t) > 0.5;
          if (isOver) found.push(`${wordsOf(piece)} covers ${wordsOf(other)}`);
        }
      }
      return found;
    },
    [selectors, isModal] as const,
  );
}

/** Texts with a contrast below 4.5 : 1 to the colour behind them (WCAG 2.2, 1.4.3). */
function dimTexts(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const numbersOf = (colour: string) => colour.match(/[\d.]+/g)!.map(Number);
    const luminanceOf = (colour: string) => {
      const [red, green, blue] = numbersOf(colour).map((value) => {
        const share = value / 255;
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
    };
    const groundOf = (element: Element | null): string => {
      if (!element) return 'rgb(255, 255, 255)';
      const { backgroundColor } = getComputedStyle(element);
      const isOpaque = (numbersOf(backgroundColor)[3] ?? 1) === 1;
      return isOpaque ? backgroundColor : groundOf(element.parentElement);
    };
    const texts = [...document.querySelectorAll<HTMLElement>('body *:not(option, script, noscript, style)')].filter(
      (element) =>
        element.checkVisibility() &&
        [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent!.trim()),
    );
    return texts.flatMap((element) => {
      const [text, ground] = [getComputedStyle(element).color, groundOf(element)].map(luminanceOf) as [number, number];
      const contrast = (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05);
      return contrast >= 4.5 ? [] : [`${element.textContent!.slice(0, 40)}: ${contrast.toFixed(2)}`];
    });
  });
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
