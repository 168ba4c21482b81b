// npm run screenshots: all pictures of the demo, drawn on the CPU, and then those of the guide.
import path from 'node:path';
import { Command, Option } from 'commander';
import type { Browser, Page } from 'playwright-core';
import { buildDemoSite } from '../build/demoSite.ts';
import { endWithError } from '../cli/endWithError.ts';
import { DRAWN_PICTURES, drawPictures } from '../docs/docsPictures.ts';
import { writeFileAtomic } from '../node/atomicWrite.ts';
import { packageRoot } from '../node/packageRoot.ts';
import { type Site, serveSite } from '../node/serveSite.ts';
import { bundlePage } from '../testing/bundlePage.ts';
import { launchChromium } from '../testing/chromium.ts';
import { encodeFilm } from './encodeFilm.ts';
import { filmTavern } from './filmTavern.ts';

const WIDE = { width: 1280, height: 720 };
/** A software renderer takes seconds for a frame of full quality. */
const LIMIT_MS = 300_000;

interface ScreenshotsCommandOptions {
  /** The folder of the documents. */
  out: string;
  quality: string;
  only?: string;
}

interface View {
  /** The files that it writes. */
  files: readonly string[];
  shoot(page: Page, url: string, out: string, quality: string): Promise<void>;
}

/** What of the demo is shown, by name. */
export const VIEWS: Readonly<Record<string, View>> = {
  tavern: { files: ['tavern.png', 'card.png'], shoot: shootTavern },
  edit: { files: ['edit.png'], shoot: shootEdit },
  film: { files: ['tavern.gif'], shoot: shootFilm },
  lab: { files: ['lab.png', 'lab-ornate.png', 'lab-vae.png'], shoot: shootLab },
  training: { files: ['training.png'], shoot: shootTraining },
  inspector: { files: ['inspector.png'], shoot: shootInspector },
  materials: { files: ['materials.gif'], shoot: shootMaterials },
};

/** Views of pages of their own, for which the demo need not be built. */
const NEEDS_NO_SITE: readonly string[] = ['inspector', 'materials'];

async function takeScreenshots({ out, quality, only }: ScreenshotsCommandOptions): Promise<void> {
  const views = only === undefined ? Object.keys(VIEWS) : [only].filter((name) => Object.hasOwn(VIEWS, name));
  if (views.length > 0) await shootViews(views, path.join(out, 'images'), quality);
  if (only !== undefined && views.length > 0) return;
  await drawPictures({ out, ...(only !== undefined && { only }) });
}

async function shootViews(views: readonly string[], out: string, quality: string): Promise<void> {
  const site = await serveSite(views.every((view) => NEEDS_NO_SITE.includes(view)) ? {} : await buildDemoSite());
  const browser = await launchChromium({ webgpu: false });
  try {
    for (const view of views) {
      const page = await openView(browser);
      await VIEWS[view]!.shoot(page, site.url, out, quality);
      await page.context().close();
    }
  } finally {
    await browser.close();
    await site.close();
  }
}

async function openView(browser: Browser): Promise<Page> {
  const page = await browser.newPage({ viewport: WIDE, serviceWorkers: 'block' });
  page.setDefaultTimeout(LIMIT_MS);
  page.on('console', (message) => {
    if (message.type() === 'error') console.error(`page: ${message.text()}`);
  });
  page.on('pageerror', (error) => console.error(error));
  return page;
}

async function enterTavern(page: Page, url: string, quality: string, arrivals: 'on' | 'off' = 'off'): Promise<void> {
  await page.addInitScript(DRAW_RARELY);
  await page.goto(`${url}?quality=${quality}&arrivals=${arrivals}`);
  await page.waitForFunction(() => document.body.dataset.state === 'ready');
  await page.evaluate(() => document.querySelector('#measures')?.toggleAttribute('hidden', true)); // of this machine's CPU
}

async function shootTavern(page: Page, url: string, out: string, quality: string): Promise<void> {
  await enterTavern(page, url, quality);
  await shoot(page, path.join(out, 'tavern.png'));
  await page.evaluate(() => document.querySelectorAll<HTMLElement>('#people nav button')[1]!.click());
  await page.evaluate(() => document.querySelector<HTMLElement>('[data-action=vary]')!.click());
  await page.waitForFunction(() => {
    const isPainting = document.querySelector('#card')!.hasAttribute('data-painting');
    return !isPainting && document.querySelector('[data-recipe=varied]')!.textContent !== 'no';
  });
  await page.evaluate(() => document.querySelector<HTMLElement>('[data-action=keep]')!.click());
  await shoot(page, path.join(out, 'card.png'));
}

/** Twenty seconds of the tavern. */
async function shootFilm(page: Page, url: string, out: string, quality: string): Promise<void> {
  await page.setViewportSize({ width: 960, height: 540 });
  await enterTavern(page, url, quality, 'on');
  const file = path.join(out, 'tavern.gif');
  await filmTavern(page, file);
  console.log(path.relative(process.cwd(), file));
}

/** A face that stays, with other hair. */
async function shootEdit(page: Page, url: string, out: string, quality: string): Promise<void> {
  await enterTavern(page, url, quality);
  await page.evaluate(() => document.querySelectorAll<HTMLElement>('#people nav button')[7]!.click());
  await page.evaluate(() => document.querySelector<HTMLElement>('[data-action=edit]')!.click());
  await page.waitForSelector('#editor button');
  await page.evaluate(() => document.querySelector<HTMLElement>('.presets button')!.click());
  await page.evaluate(() => document.querySelector<HTMLElement>('[data-edit=paint]')!.click());
  await page.waitForFunction(() => {
    const isPainting = document.querySelector('#card')!.hasAttribute('data-painting');
    return !isPainting && document.querySelector('[data-recipe=varied]')!.textContent!.startsWith('in a part');
  });
  await page.evaluate(() => document.querySelector('#card-mask')!.toggleAttribute('hidden', true)); // what was marked is done
  const file = path.join(out, 'edit.png');
  await page.locator('#card').screenshot({ path: file, timeout: LIMIT_MS });
  console.log(path.relative(process.cwd(), file));
}

/** A training of some minutes, after which the treasures can be recognised. */
const TRAINING_STEPS = { vae: '900', ddpm: '1500' };
const SHOWN_STEPS = 1200;
const TRAINING_LIMIT_MS = 3_600_000;

async function shootTraining(page: Page, url: string, out: string, quality: string): Promise<void> {
  await enterTavern(page, url, quality);
  await page.evaluate(() => document.querySelector<HTMLElement>('#open-training')!.click());
  await page.waitForSelector('#training [data-backend]');
  await page.evaluate(() => document.querySelector<HTMLElement>('[data-action=builtIn]')!.click());
  await page.waitForSelector('#training form[data-status=ready]');
  for (const [phase, steps] of Object.entries(TRAINING_STEPS)) {
    await page.selectOption(`[data-phase=${phase}] select`, 'steps');
    await page.fill(`[data-phase=${phase}] input`, steps);
  }
  await page.evaluate(() => document.querySelector<HTMLFormElement>('#training form')!.requestSubmit());
  await page.waitForFunction(
    (shown) => Number.parseInt(document.querySelectorAll<HTMLOutputElement>('#training output')[1]!.value, 10) > shown,
    SHOWN_STEPS,
    { timeout: TRAINING_LIMIT_MS, polling: 1000 },
  );
  await save(page, path.join(out, 'training.png'));
}

/** The lab's settings of a person whose clothes they leave open, so that the strip of the classifier shows what it does. */
const OPEN_PERSON = 'label=human_female&seed=9';

async function shootLab(page: Page, url: string, out: string): Promise<void> {
  await openLab(page, `${url}lab.html#${OPEN_PERSON}`);
  await page.locator('.strip', { hasText: 'Plain' }).screenshot({ path: path.join(out, 'lab-ornate.png') });
  await page.goto('about:blank');
  await openLab(page, `${url}lab.html`);
  await shoot(page, path.join(out, 'lab.png'));
  const { y, height } = (await page.locator('#vae').boundingBox())!;
  const clip = { x: 0, y: y + 1, width: WIDE.width, height: height + 12 };
  await page.screenshot({ path: path.join(out, 'lab-vae.png'), fullPage: true, clip });
}

async function openLab(page: Page, address: string): Promise<void> {
  await page.goto(address);
  await page.waitForFunction(() => document.body.dataset.state === 'ready', undefined, { timeout: LIMIT_MS });
}

/** A page of its own, with the shipped models beside it. */
async function openModule(page: Page, module: string): Promise<Site> {
  const folders = { '/models/': path.join(packageRoot(), 'assets/models') };
  const site = await serveSite({ files: await bundlePage(module), folders });
  await page.goto(site.url);
  await page.waitForFunction(() => 'page' in globalThis);
  return site;
}

/** The pane in Babylon's Inspector. */
async function shootInspector(page: Page, _url: string, out: string): Promise<void> {
  await page.setViewportSize({ width: 1000, height: 760 });
  const site = await openModule(page, 'plugin/testing/inspectorPage.ts');
  await page.evaluate(() => (globalThis as unknown as { page: Inspected }).page.openGallery());
  await page.locator('[role=radio][value=Figment]').click();
  await page.getByRole('button', { name: 'Reroll' }).waitFor();
  await page.mouse.move(500, 400); // away from the tab and its tooltip
  await shoot(page, path.join(out, 'inspector.png'));
  await site.close();
}

type Inspected = { openGallery(): Promise<void> };

/** Seeds of materials that show well; any other label has seed 1. */
const SHOWN_SEEDS: Readonly<Record<string, number>> = { brick: 3, leather: 3, marble: 3, planks: 12, roof: 3 };
const NUM_LAMP_FRAMES = 24;
const LAMP_FILM_BYTES = 3_000_000;

/** All materials under a lamp that goes round, with generated maps and with guessed ones. */
async function shootMaterials(page: Page, _url: string, out: string): Promise<void> {
  const site = await openModule(page, 'plugin/testing/materialsPage.ts');
  await page.evaluate(
    (seeds) => (globalThis as unknown as { page: Lit }).page.openMaterials('models/materials/', seeds),
    SHOWN_SEEDS,
  );
  const frames: Buffer[] = [];
  for (let i = 0; i < NUM_LAMP_FRAMES; i++) {
    await page.evaluate((share) => (globalThis as unknown as { page: Lit }).page.drawAt(share), i / NUM_LAMP_FRAMES);
    frames.push(await page.screenshot({ timeout: LIMIT_MS }));
  }
  await writeFileAtomic(path.join(out, 'materials.gif'), await encodeFilm(frames, LAMP_FILM_BYTES));
  await site.close();
}

type Lit = {
  openMaterials(folder: string, seeds: Readonly<Record<string, number>>): Promise<void>;
  drawAt(share: number): Promise<void>;
};

/** Run in the page: frames that nobody will see would take the CPU from the painting and the training; maps want some each. */
const DRAW_RARELY = `window.requestAnimationFrame = (draw) => {
  const asked = performance.now();
  const restMs = () => (/materials/.test(document.querySelector('#progress')?.textContent) ? 0 : 20000);
  const wait = () => {
    const isTraining = document.querySelector('#training form[data-status=training]');
    const isDue = (document.body?.dataset.state === 'ready' && !isTraining) || performance.now() > asked + restMs();
    setTimeout(isDue ? () => draw(performance.now()) : wait, 500);
  };
  return setTimeout(wait, 500);
}`;

/** Frames to wait for, so that the shaders of new things are compiled. */
const NUM_FRAMES = 3;

/** Takes a screenshot once the latest changes are drawn. */
async function shoot(page: Page, file: string): Promise<void> {
  for (let frame = 0; frame < NUM_FRAMES; frame++) {
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
  }
  await save(page, file);
}

async function save(page: Page, file: string): Promise<void> {
  await page.screenshot({ path: file, timeout: LIMIT_MS });
  console.log(path.relative(process.cwd(), file));
}

/** The command `npm run screenshots`. */
export function screenshotsCommand(): Command {
  const names = [...Object.keys(VIEWS), ...Object.keys(DRAWN_PICTURES)];
  return new Command('npm run screenshots --')
    .description("renew every picture of README and the guide; those of the guide's numbers: npm run study")
    .option('--out <folder>', 'the folder of images and guide/images', path.join(packageRoot(), 'docs'))
    .option('--quality <name>', 'high or low', 'high')
    .addOption(new Option('--only <name>', 'one view of the demo, or one picture').choices(names))
    .action(takeScreenshots);
}

if (process.argv[1] === import.meta.filename)
  await screenshotsCommand().exitOverride().parseAsync().catch(endWithError);
