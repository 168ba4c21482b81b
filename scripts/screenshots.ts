// npm run screenshots: pictures of the demo, drawn on the CPU, to docs/images.
import path from 'node:path';
import { Command } from 'commander';
import type { Page } from 'playwright-core';
import { buildDemoSite } from './demoSite.ts';
import { launchChromium } from './io/chromium.ts';
import { packageRoot } from './io/packageRoot.ts';
import { serveSite } from './io/serveSite.ts';

const WIDE = { width: 1280, height: 720 };
/** A software renderer takes seconds for a frame of full quality. */
const LIMIT_MS = 300_000;

async function takeScreenshots({ out, quality }: { out: string; quality: string }): Promise<void> {
  const site = await serveSite(await buildDemoSite());
  const browser = await launchChromium({ webgpu: false });
  try {
    const page = await browser.newPage({ viewport: WIDE });
    page.setDefaultTimeout(LIMIT_MS);
    page.on('console', (message) => {
      if (message.type() === 'error') console.error(`page: ${message.text()}`);
    });
    page.on('pageerror', (error) => console.error(error));
    await page.addInitScript(DRAW_RARELY);
    await page.goto(`${site.url}?quality=${quality}&arrivals=off`);
    await page.waitForFunction(() => document.body.dataset.state === 'ready');
    await page.evaluate(() => document.querySelector('#measures')?.toggleAttribute('hidden', true)); // of this machine's CPU
    await shoot(page, path.join(out, 'tavern.png'));
    await page.evaluate(() => document.querySelectorAll<HTMLElement>('#people nav button')[1]!.click());
    await page.evaluate(() => document.querySelector<HTMLElement>('[data-action=vary]')!.click());
    await page.waitForFunction(() => {
      const isPainting = document.querySelector('#card')!.hasAttribute('data-painting');
      return !isPainting && document.querySelector('[data-recipe=varied]')!.textContent !== 'no';
    });
    await page.evaluate(() => document.querySelector<HTMLElement>('[data-action=keep]')!.click());
    await shoot(page, path.join(out, 'card.png'));
    await page.close();
    await shootLab(await browser.newPage({ viewport: WIDE }), site.url, out);
  } finally {
    await browser.close();
    await site.close();
  }
}

async function shootLab(page: Page, url: string, out: string): Promise<void> {
  await page.goto(`${url}lab.html#label=elf&seed=21&guidance=3&interval=100-900&walkto=vampire`);
  await page.waitForFunction(() => document.body.dataset.state === 'ready', undefined, { timeout: LIMIT_MS });
  await shoot(page, path.join(out, 'lab.png'));
  const { y, height } = (await page.locator('#vae').boundingBox())!;
  const clip = { x: 0, y: y + 1, width: WIDE.width, height: height + 12 };
  await page.screenshot({ path: path.join(out, 'lab-vae.png'), fullPage: true, clip });
}

/** Run in the page: frames that nobody will see would take the CPU from the painting. */
const DRAW_RARELY = `window.requestAnimationFrame = (draw) => {
  const asked = performance.now();
  const wait = () => {
    const isDue = document.body?.dataset.state === 'ready' || performance.now() > asked + 20000;
    setTimeout(isDue ? () => draw(performance.now()) : wait, 500);
  };
  return setTimeout(wait, 500);
}`;

/** Enough for the shaders of what is new. */
const NUM_FRAMES = 3;

/** Waits until what has changed is drawn, too. */
async function shoot(page: Page, file: string): Promise<void> {
  for (let frame = 0; frame < NUM_FRAMES; frame++) {
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
  }
  await page.screenshot({ path: file, timeout: LIMIT_MS });
  console.log(path.relative(process.cwd(), file));
}

await new Command('npm run screenshots --')
  .description('write pictures of the demo')
  .option('--out <folder>', 'where to', path.join(packageRoot(), 'docs/images'))
  .option('--quality <name>', 'high or low', 'high')
  .action(takeScreenshots)
  .parseAsync();
