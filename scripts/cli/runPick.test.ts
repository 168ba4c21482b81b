import { readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type CandidatePainter, openPainter } from '../bake/pick/candidatePainter.ts';
import { pickSite } from '../bake/pick/pickSite.ts';
import { decodePng } from '../node/png.ts';
import { type Site, serveSite } from '../node/serveSite.ts';
import { type BakeFolder, createBakeFolder } from '../testing/bakeFolder.ts';
import { findChromium, sharedChromium } from '../testing/chromium.ts';
import { pageOrigin } from './optionParsers.ts';
import { runPick } from './runPick.ts';

const TEXT = `{
  "figment": 1,
  // everybody
  "defaults": { "model": "./tiny" },
  "assets": [
    { "name": "innkeeper", "labels": ["orc"], "count": 2 }, // grim
    { "name": "guests", "seeds": [1] }
  ]
}
`;

let art: BakeFolder;
let painter: CandidatePainter;
let site: Site;
beforeAll(async () => {
  painter = await openPainter('wasm');
});
afterAll(() => painter.dispose());
beforeEach(async () => {
  art = await createBakeFolder();
  await writeFile(art.file, TEXT);
  site = await serveSite(await pickSite(art.file, painter, 6));
});
afterEach(async () => {
  await site.close();
  await art.remove();
});

interface Asked {
  path: string;
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

/** Status and body. `fetch` would not let a Host header be chosen. */
function ask({ path, method = 'GET', headers = {}, body }: Asked): Promise<[number, Buffer]> {
  return new Promise((resolve, reject) => {
    const asked = request(`${site.url}${path}`, { method, headers }, async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk);
      resolve([response.statusCode!, Buffer.concat(chunks)]);
    });
    asked.on('error', reject).end(body);
  });
}

describe('the site of figment pick', () => {
  const origin = () => site.url.slice(0, -1);
  const picks = (picked: unknown, headers: Record<string, string> = { origin: origin() }) =>
    ask({ path: 'picks', method: 'POST', headers, body: JSON.stringify(picked) });

  it('lists what there is to choose from, and paints it', async () => {
    expect(site.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    const [, groups] = await ask({ path: 'groups.json' });
    expect(JSON.parse(groups.toString())).toEqual([
      { id: 0, asset: 'innkeeper', label: 'orc', seeds: [0, 1], candidates: [0, 1, 2, 3, 4, 5, 6, 7] },
      ...['elf', 'goblin', 'orc'].map((label, i) => ({
        id: 1 + i,
        asset: 'guests',
        label,
        seeds: [1],
        candidates: [1, 0, 2, 3, 4, 5, 6],
      })),
    ]);
    const pngs = await Promise.all([3, 4].map((seed) => ask({ path: `candidates/0/${seed}.png` })));
    const [three, four] = pngs.map(([, png]) => decodePng(png));
    expect(three).toMatchObject({ width: 16, height: 16 });
    expect(three!.pixels).not.toEqual(four!.pixels);
    for (const path of [
      'candidates/9/3.png',
      'candidates/0/4294967296.png',
      '../figment.bake.json',
      'figment.bake.json',
    ]) {
      expect((await ask({ path }))[0]).toBe(404);
    }
  });

  it('goes on to paint what a page has open when the file is put in another order', async () => {
    const candidates = () => Promise.all([1, 3].map(async (id) => (await ask({ path: `candidates/${id}/9.png` }))[1]));
    const before = await candidates();
    expect(before[0]).not.toEqual(before[1]);
    const turned = JSON.parse(TEXT.replace(/\/\/.*$/gm, '')) as { assets: object[] };
    await writeFile(art.file, JSON.stringify({ ...turned, assets: turned.assets.toReversed() }));
    const [, groups] = await ask({ path: 'groups.json' });
    expect(JSON.parse(groups.toString())[0]).toMatchObject({ id: 1, asset: 'guests', label: 'elf' });
    expect(await candidates()).toEqual(before);
    await writeFile(art.file, TEXT);
  });

  it('says that a folder is no bake file', async () => {
    await expect(runPick(art.folder, { candidates: 1, open: false, backend: 'wasm' })).rejects.toThrow(
      /is a folder, pipe or device/,
    );
  });

  it('leaves alone a file of another encoding, of which it would lose letters', async () => {
    const latin = Buffer.from(`// Gr\u00f6\u00dfe\n${TEXT}`, 'latin1');
    await writeFile(art.file, latin);
    expect((await picks({ innkeeper: { orc: [7] } }))[0]).toBe(400);
    expect(await readFile(art.file)).toEqual(latin);
    await writeFile(art.file, TEXT);
  });

  it('paints pixel art where the file asks for that, also since a moment ago', async () => {
    const candidate = async () => decodePng((await ask({ path: 'candidates/0/3.png' }))[1]);
    expect(new Set((await candidate()).pixels).size).toBeGreaterThan(2);
    const drawn = '"labels": ["orc"], "pixelArt": { "palette": ["#000000", "#ffffff"], "factor": 2 }';
    await writeFile(art.file, TEXT.replace('"labels": ["orc"]', drawn));
    await ask({ path: 'groups.json' });
    const { width, pixels } = await candidate();
    expect([width, new Set(pixels.filter((_, i) => i % 4 < 3))]).toEqual([32, new Set([0, 255])]);
  });

  it('writes picks into the file as it is now', async () => {
    await writeFile(art.file, TEXT.replace('"orc"', '"elf"'));
    expect((await picks({ innkeeper: { elf: [7, 3] }, guests: { goblin: [9] } }))[0]).toBe(200);
    expect(await readFile(art.file, 'utf8')).toBe(
      TEXT.replace('"orc"', '"elf"')
        .replace('"count": 2', '"seeds": [7, 3]')
        .replace(
          '{ "name": "guests", "seeds": [1] }',
          '{ "name": "guests", "seeds": [1], "seedsByLabel": { "goblin": [9] }, "labels": ["elf", "goblin", "orc"] }',
        ),
    );
  });

  it.each([
    [{ innkeeper: { orc: [] } }, /at least one seed/],
    [{ innkeeper: { orc: [-1] } }, /at least one seed/],
    [{ innkeeper: {} }, /at least one seed/],
    [{ guests: {} }, /at least one seed/],
    [5, /at least one seed/],
    [{ nobody: { orc: [1] } }, /no asset "nobody" any more/],
    [{ innkeeper: { dragon: [1] } }, /dragon/],
    [{ guests: { goblin: [1], constructor: [2] } }, /draws no "constructor" any more/],
    [{ prototype: { orc: [1] } }, /no asset "prototype" any more/],
    ['scribble', /at least one seed/],
  ])('refuses %j, and leaves the file as it is', async (picked, message) => {
    const [status, text] = await picks(picked);
    expect([status, text.toString()]).toEqual([400, expect.stringMatching(message)]);
    expect(await readFile(art.file, 'utf8')).toBe(TEXT);
  });

  it('writes all of the picks that come at the same time', async () => {
    const all = [{ innkeeper: { orc: [7, 3] } }, { guests: { goblin: [9] } }, { guests: { elf: [4] } }];
    const answers = await Promise.all(all.map((picked) => picks(picked)));
    expect(answers.map(([status]) => status)).toEqual([200, 200, 200]);
    const text = await readFile(art.file, 'utf8');
    for (const written of ['"seeds": [7, 3]', '"goblin": [9]', '"elf": [4]']) expect(text).toContain(written);
  });

  it('answers the pages that it was started for, too, and no others', async () => {
    const page = pageOrigin('http://localhost:5173/game/');
    await site.close();
    site = await serveSite({ ...(await pickSite(art.file, painter, 0)), otherPages: [page] });
    const fromPage = { origin: page, 'sec-fetch-site': 'same-site' };
    expect((await picks({ innkeeper: { orc: [7] } }, fromPage))[0]).toBe(200);
    expect(await readFile(art.file, 'utf8')).toContain('"seeds": [7]');
    const groups = await fetch(`${site.url}groups.json`, { headers: { origin: page } });
    expect(groups.headers.get('access-control-allow-origin')).toBe(page);
    for (const origin of ['http://localhost:5174', 'https://localhost:5173', 'null']) {
      expect((await picks({ innkeeper: { orc: [8] } }, { ...fromPage, origin }))[0], origin).toBe(403);
    }
    const rebound = { ...fromPage, host: 'evil.example:80' };
    expect((await picks({ innkeeper: { orc: [8] } }, rebound))[0]).toBe(403);
    expect(() => pageOrigin('localhost:5173')).toThrow(/expected an address such as/);
  });

  it('may be opened by a link', async () => {
    const headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
    expect((await ask({ path: '', headers }))[0]).toBe(200);
    expect((await ask({ path: 'picks', method: 'POST', headers: { ...headers, origin: origin() } }))[0]).toBe(403);
  });

  it.each<[string, Asked]>([
    ['another name for this machine', { path: '', headers: { host: 'evil.example:80' } }],
    ['another port', { path: '', headers: { host: '127.0.0.1:1' } }],
    ['a picture in another site', { path: 'candidates/0/1.png', headers: { 'sec-fetch-site': 'cross-site' } }],
    ['another origin', { path: 'groups.json', headers: { origin: 'http://evil.example' } }],
    ['picks of another origin', { path: 'picks', method: 'POST', headers: { origin: 'http://evil.example' } }],
    ['picks of no origin', { path: 'picks', method: 'POST' }],
  ])('answers 403 to %s', async (_, asked) => {
    expect((await ask({ body: '{}', ...asked }))[0]).toBe(403);
    expect(await readFile(art.file, 'utf8')).toBe(TEXT);
  });
});

describe.skipIf(!findChromium())('the page of figment pick', () => {
  let page: Page;
  const errors: string[] = [];
  beforeEach(async () => {
    page = await (await sharedChromium({ webgpu: false })).newPage();
    page.setDefaultTimeout(0); // the test's own limits
    errors.length = 0;
    page.on('pageerror', (error) => errors.push(String(error)));
    page.on('console', (message) => void (message.type() === 'error' && errors.push(message.text())));
    await page.goto(site.url.replace('127.0.0.1', 'localhost'));
  });
  afterEach(async () => {
    await page.close();
    expect(errors).toEqual([]);
  });

  const grid = (name: string) => page.getByRole('group', { name });
  const status = () => page.getByRole('status').textContent();

  it('keeps what is clicked, and saves it', async () => {
    const orcs = grid('innkeeper: orc');
    await expect.poll(() => orcs.getByRole('button').count()).toBe(8);
    const images = orcs.locator('img');
    await expect.poll(() => images.nth(5).evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(16);
    expect(await page.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true);
    await orcs.getByRole('button', { name: 'orc, seed 0' }).click();
    await orcs.getByRole('button', { name: 'orc, seed 1' }).click();
    expect(await status()).toBe('Keep at least one of innkeeper: orc.');
    expect(await page.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true);
    await orcs.getByRole('button', { name: 'orc, seed 4' }).click();
    expect(await status()).toBe('1 of 4 changed.');
    await page.getByRole('button', { name: 'Save' }).click();
    await expect.poll(status).toBe('Saved into the bake file.');
    expect(await readFile(art.file, 'utf8')).toBe(TEXT.replace('"count": 2', '"seeds": [4]'));
    await page.reload();
    const kept = page.locator('[aria-pressed=true]');
    await expect.poll(() => kept.count()).toBe(4);
    expect(await kept.first().locator('img').getAttribute('alt')).toBe('orc, seed 4');
  });

  it('is used with the keyboard alone, and offers more', async () => {
    const elves = grid('guests: elf');
    await expect.poll(() => elves.getByRole('button').count()).toBe(7);
    await elves.getByRole('button').first().focus();
    for (const key of ['ArrowRight', 'ArrowRight', 'ArrowLeft', 'Space']) await page.keyboard.press(key);
    const pressed = await elves
      .locator('[aria-pressed=true] img')
      .evaluateAll((all) => all.map((image) => (image as HTMLImageElement).alt));
    expect(pressed).toEqual(['elf, seed 1', 'elf, seed 0']);
    await page.getByRole('button', { name: 'More' }).nth(1).press('Enter');
    await expect.poll(() => elves.getByRole('button').count()).toBe(31);
    expect(await page.evaluate(() => (document.activeElement as HTMLElement).dataset.seed)).toBe('7');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Save' }).press('Enter');
    await expect.poll(status).toBe('Saved into the bake file.');
    expect(await readFile(art.file, 'utf8')).toContain('"elf": [1, 0, 7]');
  });
});
