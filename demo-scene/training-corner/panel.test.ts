// The training corner as a person meets it: in a real Chromium without a GPU, with few steps.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { unzipSync } from 'fflate';
import type { Page } from 'playwright-core';
import { expect, it, vi } from 'vitest';
import {
  createModel,
  generate,
  loadModelFolder,
  memorySource,
  toPixels,
  toPremultiplied,
} from '../../runtime/index.ts';
import { tinyDataset } from '../../runtime/testing/tinyDataset.ts';
import { openNodeBackend } from '../../scripts/node/nodeBackend.ts';
import { encodePng } from '../../scripts/node/png.ts';
import { demoSite } from '../../scripts/testing/demoSite.ts';
import { describeInBrowser } from '../../scripts/testing/describeInBrowser.ts';
import { flawsOfAccess } from '../../scripts/testing/flawsOfAccess.ts';
import type { TestPage } from '../../scripts/testing/openBrowser.ts';
import tavern from '../tavern/tavern.json';
import { quickModels } from '../testing/quickModels.ts';
import { ITEM_NAMES } from './builtInDataset.ts';
import { LossCurve } from './lossCurve.ts';

const LIMIT_MS = 240_000;

vi.setConfig({ testTimeout: LIMIT_MS, hookTimeout: LIMIT_MS });

interface Console {
  portraits(): { label: string; seed: number; name: string }[];
}

/** The second phase has more steps than it comes to before it is paused, however slow the test is. */
const NUM_STEPS = { vae: 5, ddpm: 1000 };
/** How many steps are left of the second phase after the pause. */
const NUM_LEFT = 4;

describeInBrowser(
  'the training corner',
  (openPage, prepare) => {
    let page: TestPage<Console>;
    let playwright: Page;

    // The tavern paints nobody until it is seen.
    prepare(async () => {
      const demo = await demoSite();
      const files = { ...demo.files, ...(await quickModels()) };
      page = await openPage({ ...demo, files, fewFrames: true, unseen: true, path: '?quality=low&arrivals=off' });
      playwright = page.playwright;
      await openCorner(playwright);
    });

    it('is all that the keyboard reaches where it covers the page, and one part of many beside the scene', async () => {
      const isReached = () =>
        playwright.evaluate(() => {
          const covered = ['body > header a', '#canvas', '#people summary', '#open-training'];
          return covered.map((selector) => {
            document.querySelector<HTMLElement>(selector)!.focus();
            return document.activeElement!.matches(selector);
          });
        });
      const small = playwright.viewportSize()!;
      expect(await isReached()).toEqual([false, false, false, false]);
      await playwright.setViewportSize({ width: 1280, height: 720 });
      await expect.poll(isReached).toEqual([true, true, true, true]);
      await playwright.setViewportSize(small);
      await expect.poll(isReached).toEqual([false, false, false, false]);
      await playwright.click('#training [data-action=close]');
      expect(await playwright.evaluate(() => document.activeElement!.id)).toBe('open-training');
      expect(await isReached()).toEqual([true, true, true, true]);
      await openCorner(playwright);
    });

    it('trains, goes on after a reload, and hands its model to the visitor and to the scene', async () => {
      expect(await playwright.textContent('[data-training=backend]')).toMatch(/No GPU.*wasm in a worker, slower/);
      await playwright.click('#training [data-action=builtIn]');
      await whenStatus(playwright, 'ready'); // what is typed before would be replaced
      await giveSteps(playwright, NUM_STEPS);
      await playwright.focus('#training [data-action=train]');
      await playwright.keyboard.press('Enter');
      await playwright.waitForFunction(() =>
        /^[1-9]/.test(document.querySelectorAll<HTMLOutputElement>('#training output')[1]!.value),
      );
      await drawFrame(playwright);
      expect(await statusOf(playwright)).toBe('training');
      await playwright.keyboard.press('Enter'); // on the same button, which kept the focus
      await whenStatus(playwright, 'paused');
      const [before, sheet] = [
        await outputsOf(playwright),
        await playwright.getAttribute('.sheet canvas', 'aria-label'),
      ];
      expect(before[0]).toMatch(/^5 steps/);
      const step = Number.parseInt(before[1]!, 10);
      expect(step).toBeGreaterThan(0);
      expect(step).toBeLessThan(NUM_STEPS.ddpm);
      expect(sheet).toMatch(/what the auto-encoder makes of them|Pictures of the model/);

      await page.reload();
      await openCorner(playwright);
      await whenStatus(playwright, 'paused');
      expect(await outputsOf(playwright)).toEqual(before);
      expect(await playwright.getAttribute('.sheet canvas', 'aria-label')).toBe(sheet);
      expect(await playwright.getAttribute('[data-phase=ddpm] .plot', 'aria-label')).toMatch(lastPoint(step));
      const numSteps = step + NUM_LEFT;
      await playwright.fill('[data-phase=ddpm] input', String(numSteps));
      await playwright.click('#training [data-action=train]');
      await whenStatus(playwright, 'finished');
      expect((await outputsOf(playwright))[1]).toMatch(new RegExp(`^${numSteps} steps`));
      expect(await playwright.getAttribute('[data-phase=ddpm] .plot', 'aria-label')).toMatch(lastPoint(numSteps));
      expect(await playwright.locator('.sheet li').allTextContents()).toEqual(ITEM_NAMES);

      const files = await downloadModel(playwright);
      await openNodeBackend('wasm');
      const model = createModel(await loadModelFolder(memorySource(files)));
      const [pixels] = await generate(model, [{ label: 'gem', seed: 1 }], { numInferenceSteps: 2 });
      model.dispose();
      expect(pixels).toHaveLength(16 * 16 * 4);
      expect(new Set(pixels).size).toBeGreaterThan(10);

      await playwright.click('#training [data-action=useModel]');
      await playwright.waitForSelector('#training [data-action=shipped]', { state: 'visible' });
      for (const { label, name } of await page.call('portraits')) {
        expect(ITEM_NAMES).toContain(label);
        expect(name).toMatch(/^The /); // of a thing, not of a person
      }
      await playwright.click('#training [data-action=shipped]');
      await playwright.waitForSelector('#training [data-action=shipped]', { state: 'hidden' });
      expect(await focused(playwright), 'not the button that has gone').toBe('useModel');
      const shipped = tavern.portraits.map(({ label, seed }) => ({ label, seed }));
      expect(await page.call('portraits')).toMatchObject(shipped);

      await playwright.focus('#training [data-action=startOver]');
      expect(await playwright.evaluate(pressStartOverTwice)).toEqual(['finished', 'Forget this training?']);
      await whenStatus(playwright, 'ready');
      expect(await outputsOf(playwright)).toEqual(['', '']);

      expect(await focused(playwright), 'not the button that has gone').toBe('train');
      await playwright.evaluate(() => (document.activeElement as HTMLElement).blur());
      await playwright.keyboard.press('Escape'); // where nothing has the focus
      expect(await playwright.isVisible('#training')).toBe(false);
      await openCorner(playwright);
    });

    it('takes a folder, or tells all that is wrong with it and keeps what it had; forgets what is damaged', async () => {
      const folder = await folderOfShapes();
      await playwright.click('#training [data-action=builtIn]');
      await whenStatus(playwright, 'ready');
      await writeFile(path.join(folder, 'disc', 'broken.png'), 'no picture');
      await writeFile(path.join(folder, 'ramp', 'photo.jpg'), '');
      await writeFile(path.join(folder, 'disc', 'huge.png'), pngThatStates(30_000, 20_000));
      await playwright.setInputFiles('.folder input', folder);
      await playwright.waitForSelector('.problems', { state: 'visible' });
      const problems = await playwright.locator('.problems li').allTextContents();
      expect(problems).toHaveLength(3);
      expect(problems[0]).toMatch('disc/broken.png: is not a readable PNG');
      expect(problems[1]).toMatch('disc/huge.png: is 30000×20000 pixels; expected at most 64 a side: make it smaller');
      expect(problems[2]).toMatch('ramp/photo.jpg: is not a PNG file');
      expect(await playwright.textContent('[data-training=dataset]')).toMatch('built-in treasures');

      for (const name of ['broken.png', 'huge.png']) await rm(path.join(folder, 'disc', name));
      await rm(path.join(folder, 'ramp', 'photo.jpg'));
      await playwright.setInputFiles('.folder input', folder);
      await playwright.waitForFunction(() =>
        document.querySelector('[data-training=dataset]')!.textContent!.includes('Your'),
      );
      expect(await playwright.textContent('[data-training=dataset]')).toMatch('disc, ramp; 3 pictures of 16×16 px');
      expect(await playwright.textContent('.warnings')).toMatch(/^Of “ramp” there is one picture only/);
      await playwright.evaluate(() => {
        const note = () => document.body.setAttribute('data-warned-again', '');
        new MutationObserver(note).observe(document.querySelector('.warnings')!, { childList: true });
      });
      expect(await playwright.isVisible('.problems')).toBe(false);
      const differences = (await firstTile(playwright)).map((byte, i) => Math.abs(byte - firstDisc()[i]!));
      expect(Math.max(...differences)).toBeLessThanOrEqual(1);
      await rm(folder, { recursive: true });

      expect(await flawsOfAccess(playwright, '#training')).toEqual([]);
      const whatSpeaks = await playwright
        .locator('#training output')
        .evaluateAll((all) => all.map((one) => one.ariaLive));
      expect(whatSpeaks, 'which changes with each step').toEqual(['off', 'off']);
      for (const [width, height] of [
        [360, 740],
        [390, 844],
        [844, 390],
      ] as const) {
        await playwright.setViewportSize({ width, height });
        await expect.poll(() => playwright.evaluate(overflowOfPanel)).toBeLessThanOrEqual(0);
      }

      await giveSteps(playwright, { vae: 1000, ddpm: 1000 });
      await playwright.click('#training [data-action=train]');
      await whenStatus(playwright, 'training');
      await playwright.click('#training [data-action=train]');
      await whenStatus(playwright, 'paused');
      expect(await playwright.locator('[data-warned-again]').count()).toBe(0);
      await playwright.evaluate(damageCheckpoint);
      await page.reload();
      await openCorner(playwright);
      await playwright.waitForFunction(() =>
        document.querySelector('[data-training=notice]')!.textContent!.includes('cannot be used'),
      ); // another notice may come first
      expect(await playwright.textContent('[data-training=notice]')).toMatch(
        /cannot be used: .*checkpoint.* Please start again\./,
      );
      expect(await statusOf(playwright)).toBe('empty');
      expect(await playwright.evaluate(pressOfTrain), 'without pictures').toBe('refused');
      await playwright.click('#training [data-action=builtIn]');
      await whenStatus(playwright, 'ready');
      await playwright.evaluate(dropAndChooseOther);
      expect(await playwright.isVisible('.problems'), 'of what is read too late').toBe(false);
    });

    it('trains also where the browser gives neither locks nor storage, and says what it does not keep', async () => {
      const demo = await demoSite();
      const worker = new TextDecoder().decode(demo.files!['/trainingWorker.js'] as Uint8Array);
      const files = { ...demo.files, ...(await quickModels()), '/trainingWorker.js': WITHOUT_SITE_DATA + worker };
      const elsewhere = await openPage({ ...demo, files, fewFrames: true, unseen: true, path: '?quality=low' });
      await openCorner(elsewhere.playwright);
      await whenStatus(elsewhere.playwright, 'empty');
      const notice = () => elsewhere.playwright.textContent('[data-training=notice]');
      expect(await notice()).toMatch(
        /^What your last visit has stored cannot be read: site data is blocked\. It is kept/,
      );
      await elsewhere.playwright.click('#training [data-action=builtIn]');
      await whenStatus(elsewhere.playwright, 'ready');
      expect(await notice()).toBe('');
    });
  },
  { webgpu: false, compositing: 'cpu' },
);

/** Begins the worker's script: its browser has all site data blocked. */
const WITHOUT_SITE_DATA = `
  const refusal = () => new DOMException('site data is blocked', 'SecurityError');
  Object.defineProperty(navigator, 'locks', { value: { request: () => Promise.reject(refusal()) } });
  Object.defineProperty(globalThis, 'indexedDB', { get() { throw refusal(); } });
`;

async function openCorner(page: Page): Promise<void> {
  await page.waitForSelector('#open-training', { state: 'visible' });
  await page.focus('#open-training');
  await page.keyboard.press('Enter');
  await page.waitForSelector('[data-backend]');
}

async function giveSteps(page: Page, numSteps: typeof NUM_STEPS): Promise<void> {
  for (const [phase, amount] of Object.entries(numSteps)) {
    await page.selectOption(`[data-phase=${phase}] select`, 'steps');
    await page.fill(`[data-phase=${phase}] input`, String(amount));
  }
}

function statusOf(page: Page): Promise<string | null> {
  return page.getAttribute('#training form', 'data-status');
}

async function whenStatus(page: Page, status: string): Promise<void> {
  await page.waitForSelector(`#training form[data-status=${status}]`);
}

/** What the panel says of each phase. */
function outputsOf(page: Page): Promise<string[]> {
  return page.locator('#training output').allTextContents();
}

/** What the plot says of its last point after so many steps, of which a point may stand for several. */
function lastPoint(numSteps: number): RegExp {
  const losses = new LossCurve();
  for (let step = 0; step < numSteps; step++) losses.add(0);
  return new RegExp(`at step ${losses.curve.steps.at(-1)}$`);
}

/** Presses the button that is to be pressed twice within a few seconds. @returns the status and its words between the two */
function pressStartOverTwice(): (string | null | undefined)[] {
  const button = document.querySelector<HTMLButtonElement>('#training [data-action=startOver]')!;
  button.click();
  const between = [document.querySelector<HTMLFormElement>('#training form')!.dataset.status, button.textContent];
  button.click();
  return between;
}

/** The action of the button that has the keyboard's focus. */
function focused(page: Page): Promise<string | undefined> {
  return page.evaluate(() => (document.activeElement as HTMLElement).dataset.action);
}

function drawFrame(page: Page): Promise<unknown> {
  return page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
}

async function downloadModel(page: Page): Promise<Record<string, Uint8Array>> {
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('#training [data-action=download]')]);
  expect(download.suggestedFilename()).toBe('treasures-model.zip');
  const zip = unzipSync(new Uint8Array(await readFile(await download.path())));
  const root = 'treasures-model/';
  return Object.fromEntries(Object.entries(zip).map(([name, bytes]) => [name.replace(root, ''), bytes]));
}

/** The first picture of the sheet. */
function firstTile(page: Page): Promise<number[]> {
  return page.evaluate(() => {
    const canvas = document.querySelector<HTMLCanvasElement>('.sheet canvas')!;
    return Array.from(canvas.getContext('2d')!.getImageData(0, 0, 16, 16).data);
  });
}

function firstDisc(): number[] {
  const { images, labels, classLabels } = tinyDataset({ perClass: 2, widthPx: 16, heightPx: 16 });
  const index = classLabels.indexOf(labels.indexOf('disc'));
  return Array.from(toPixels(toPremultiplied(images.subarray(index * 1024, (index + 1) * 1024), 4), 4));
}

/** Two of the tiny data set's classes: two discs and a ramp. */
async function folderOfShapes(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'figment-shapes-'));
  const { images, labels, classLabels } = tinyDataset({ perClass: 2, widthPx: 16, heightPx: 16 });
  for (const label of ['disc', 'ramp']) await mkdir(path.join(folder, label));
  for (const [i, classLabel] of classLabels.entries()) {
    const isSecond = i !== classLabels.indexOf(classLabel);
    if (labels[classLabel] === 'stripes' || (labels[classLabel] === 'ramp' && isSecond)) continue;
    const pixels = images.subarray(i * 1024, (i + 1) * 1024);
    const png = encodePng({ width: 16, height: 16, channels: 4, pixels });
    await writeFile(path.join(folder, labels[classLabel]!, `${i}.png`), png);
  }
  return folder;
}

/** A small file that begins as a large picture does. */
function pngThatStates(width: number, height: number): Buffer {
  const png = Buffer.from(encodePng({ width: 1, height: 1, channels: 4, pixels: new Uint8Array(4) }));
  png.writeUInt32BE(width, 16);
  png.writeUInt32BE(height, 20);
  return png;
}

/** Run in the page: by how many pixels the panel is wider than there is room for. */
function overflowOfPanel(): number {
  const panel = document.querySelector('#training')!;
  return Math.max(panel.getBoundingClientRect().right - innerWidth, panel.scrollWidth - panel.clientWidth);
}

/** Run in the page: presses the button that trains, and tells what comes of it. */
function pressOfTrain(): 'sent' | 'refused' {
  let outcome: 'sent' | 'refused' = 'refused';
  const form = document.querySelector('#training form')!;
  form.addEventListener('submit', () => {
    outcome = 'sent';
  });
  form.querySelector<HTMLButtonElement>('[data-action=train]')!.click();
  return outcome;
}

/** Run in the page: drops a folder, empty as it turns out, which is read only once the built-in pictures are chosen. */
async function dropAndChooseOther(): Promise<void> {
  let read = (_: []) => {};
  const readEntries = (resolve: typeof read) => {
    read = resolve;
  };
  const entry = { isFile: false, createReader: () => ({ readEntries }) };
  const dataTransfer = { items: [{ webkitGetAsEntry: () => entry }] };
  dispatchEvent(Object.assign(new Event('drop', { cancelable: true }), { dataTransfer }));
  document.querySelector<HTMLButtonElement>('#training [data-action=builtIn]')!.click();
  read([]);
  await new Promise((resolve) => setTimeout(resolve));
}

/** Run in the page. */
function damageCheckpoint(): Promise<void> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open('figment-training');
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const transaction = opening.result.transaction('run', 'readwrite');
      transaction.objectStore('run').put(new Uint8Array(100), 'checkpoint');
      transaction.oncomplete = () => resolve();
    };
  });
}
