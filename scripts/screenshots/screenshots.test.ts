import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it, vi } from 'vitest';
import { DRAWN_PICTURES, drawPictures } from '../docs/docsPictures.ts';
import { packageRoot } from '../node/packageRoot.ts';
import { launchChromium } from '../testing/chromium.ts';
import { screenshotsCommand, VIEWS } from './screenshots.ts';

vi.mock('../docs/docsPictures.ts', async (original) => ({ ...(await original<object>()), drawPictures: vi.fn() }));
vi.mock('../testing/chromium.ts', () => ({ launchChromium: vi.fn() }));

/** Drawn by hand, or written by commands that measure: `npm run study`, and `figment evaluate` for a model's contact sheet. */
const OTHERS = /^docs\/images\/architecture\.svg$|^docs\/study\/|\/contact-sheet\.png$/;

function documents(): string[] {
  const chapters = readdirSync(path.join(packageRoot(), 'docs/guide')).map((name) => `docs/guide/${name}`);
  const others = readdirSync(path.join(packageRoot(), 'docs')).map((name) => `docs/${name}`);
  return ['README.md', ...others, ...chapters].filter((file) => file.endsWith('.md'));
}

function picturesIn(file: string): string[] {
  const text = readFileSync(path.join(packageRoot(), file), 'utf8');
  const links = Array.from(text.matchAll(/!\[[^\]]*\]\(([^)\s]+)\)/g), ([, target]) => target!);
  return links.map((target) => path.posix.join(path.posix.dirname(file), target));
}

it('renews every picture of the documents that it can', () => {
  const shown = new Set(documents().flatMap(picturesIn));
  expect(shown.size).toBeGreaterThan(30);
  const views = Object.values(VIEWS).flatMap(({ files }) => files.map((file) => `docs/images/${file}`));
  const drawn = Object.values(DRAWN_PICTURES).map((file) => `docs/${file}`);
  const renewed = new Set([...views, ...drawn]);
  const without = [...shown].filter((picture) => !renewed.has(picture) && !OTHERS.test(picture));
  expect(without).toEqual([]);
});

it('writes everything below the folder that it is given', async () => {
  const page = { setDefaultTimeout: () => {}, on: () => {}, context: () => ({ close: () => {} }) };
  const browser = { newPage: async () => page, close: async () => {} };
  vi.mocked(launchChromium).mockResolvedValue(browser as never);
  const shoot = vi.spyOn(VIEWS.inspector!, 'shoot').mockResolvedValue();
  const run = (only: string) => screenshotsCommand().parseAsync(['--out', 'kept', '--only', only], { from: 'user' });
  await run('inspector');
  expect(shoot.mock.calls[0]![2]).toBe(path.join('kept', 'images'));
  await run('schedules');
  expect(drawPictures).toHaveBeenCalledWith({ out: 'kept', only: 'schedules' });
});
