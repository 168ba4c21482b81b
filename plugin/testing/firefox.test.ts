// The plugin and the lab in Firefox: WebGL, a worker, wasm.
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createModel, generate, loadModelFolder, selectBackend } from '../../runtime/index.ts';
import { tinyModelFolder } from '../../runtime/testing/tinyModel.ts';
import { diskSource } from '../../scripts/node/diskSource.ts';
import { packageRoot } from '../../scripts/node/packageRoot.ts';
import { type Site, type SiteOptions, serveSite } from '../../scripts/node/serveSite.ts';
import { bundlePage } from '../../scripts/testing/bundlePage.ts';
import { demoSite } from '../../scripts/testing/demoSite.ts';
import { type Firefox, findFirefox, launchFirefox, NO_FIREFOX } from '../../scripts/testing/firefox.ts';
import { type DrawnElf, ELF } from './elfPage.ts';

const LIMIT_MS = 240_000;
const models = path.join(packageRoot(), 'assets/models');
const isThere = findFirefox() !== null;

describe.skipIf(!isThere)(isThere ? 'in Firefox' : `in Firefox (${NO_FIREFOX})`, { timeout: LIMIT_MS }, () => {
  let firefox: Firefox;
  const sites: Site[] = [];

  const open = async (options: SiteOptions, address = '') => {
    const site = await serveSite(options);
    sites.push(site);
    return firefox.open(site.url + address);
  };

  beforeAll(async () => {
    firefox = await launchFirefox();
  }, LIMIT_MS);

  afterAll(async () => {
    await firefox?.close();
    await Promise.all(sites.map((site) => site.close()));
  });

  it('an elf is painted by a worker and drawn, as it is baked', async () => {
    const files = await bundlePage('plugin/testing/elfPage.ts');
    const { page, errors } = await open({ files, folders: { '/models/': models } });
    await page.waitForFunction(() => 'page' in globalThis, { timeout: LIMIT_MS });
    const drawn: DrawnElf = await page.evaluate(() => {
      const { page } = globalThis as unknown as { page: typeof import('./elfPage.ts') };
      return page.drawElf();
    });
    await selectBackend({ backend: 'wasm' });
    const model = createModel(await loadModelFolder(diskSource(path.join(models, 'portraits'))));
    const [pixels] = await generate(model, [ELF]);
    model.dispose();
    const sizePx = Math.sqrt(pixels!.length / 4);
    const middle = pixels!.slice(2 * sizePx * (sizePx + 1), 2 * sizePx * (sizePx + 1) + 4);
    expect(drawn.backend).toBe('wasm');
    for (const [i, value] of drawn.middle.entries())
      expect(Math.abs(value - middle[i]!), `channel ${i}`).toBeLessThan(8);
    expect(drawn.corner).toEqual([0, 0, 255, 255]);
    expect(errors).toEqual([]);
  });

  it('the lab shows its picture', async () => {
    const site = await demoSite();
    const tiny = Object.entries(await tinyModelFolder()).map(([name, bytes]) => [`/models/portraits/${name}`, bytes]);
    const { page, errors } = await open({ ...site, files: { ...site.files, ...Object.fromEntries(tiny) } }, 'lab.html');
    // Not by waitForFunction, which makes a function of a text: the lab's policy forbids that.
    const state = () => page.evaluate(() => document.body.dataset.state);
    await expect.poll(state, { timeout: LIMIT_MS, interval: 500 }).toBe('ready');
    const colours = await page.evaluate(() => {
      const canvas = document.querySelector<HTMLCanvasElement>('#picture canvas')!;
      const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
      return new Set(new Uint32Array(data.buffer)).size;
    });
    expect(colours).toBeGreaterThan(16);
    expect(errors).toEqual([]);
  });
});
