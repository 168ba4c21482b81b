// The card's brush in a real Chromium; nothing is painted by a model.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { decode } from 'fast-png';
import { unzipSync } from 'fflate';
import type { Page } from 'playwright-core';
import { beforeEach, expect, it, vi } from 'vitest';
import { packageRoot } from '../../../scripts/node/packageRoot.ts';
import { describeInBrowser } from '../../../scripts/testing/describeInBrowser.ts';
import type { TestPage } from '../../../scripts/testing/openBrowser.ts';
import { maskOf, presetsFor } from './editor.ts';

type CardPage = typeof import('../../testing/cardPage.ts');

vi.setConfig({ testTimeout: 120_000 });

const demo = path.join(packageRoot(), 'demo-scene');
const read = (file: string) => readFile(path.join(demo, file), 'utf8');
const site = {
  module: 'demo-scene/testing/cardPage.ts',
  files: {
    '/index.html': (await read('tavern/index.html')).replace('src="main.js"', 'src="page.js"'),
    '/main.css': await read('tavern/tavern.css'),
    '/shared/theme.css': await read('shared/theme.css'),
    '/ui/card.css': await read('tavern/ui/card.css'),
    '/ui/editor.css': await read('tavern/ui/editor.css'),
  },
};

const strengthOn = (page: Page) => page.textContent('output[for=edit-strength]');

/** A stroke across the middle of the picture. */
async function brush(page: Page): Promise<void> {
  const mask = page.locator('#card-mask');
  await mask.scrollIntoViewIfNeeded();
  const { x, y, width, height } = (await mask.boundingBox())!;
  await page.mouse.move(x + 0.3 * width, y + 0.5 * height);
  await page.mouse.down();
  await page.mouse.move(x + 0.7 * width, y + 0.5 * height);
  await page.mouse.up();
}

describeInBrowser(
  'the card and its editor',
  (openPage, prepare) => {
    let page: TestPage<CardPage>;
    let playwright: Page;
    prepare(async () => {
      page = await openPage<CardPage>(site);
      playwright = page.playwright;
    });
    beforeEach(() => page.call('open'));

    it('asks for what is marked to be painted again, and goes back', async () => {
      const pixels = await page.call('pixels');
      await playwright.click('[data-action=edit]');
      await playwright.waitForSelector('.presets button');
      expect(await playwright.isVisible('[data-action=reroll]')).toBe(false);
      expect(await strengthOn(playwright)).toBe('80 %');
      expect(await playwright.getAttribute('#edit-strength', 'aria-valuetext'), 'what is read out').toBe('80 %');
      expect(await playwright.isChecked('#keep-outline')).toBe(true);
      await playwright.click('[data-edit=paint]');
      const whole = await page.call('lastAsked');
      expect(whole).toMatchObject({ image: pixels, mask: null, strength: 0.8, keepAlpha: true });
      expect(whole.interpolate).toMatchObject({ amount: 1 });

      await brush(playwright);
      await expect.poll(() => strengthOn(playwright)).toBe('100 %');
      await playwright.fill('#edit-strength', '0.9');
      await playwright.click('[data-edit=paint]');
      const part = await page.call('lastAsked');
      expect(part).toMatchObject({ image: pixels, strength: 0.9, keepAlpha: false });
      const marked = (part.mask as number[]).flatMap((value, i) =>
        value === 255 ? [[i % 32, Math.floor(i / 32)]] : [],
      );
      expect(marked).toContainEqual([16, 16]);
      expect(marked.length).toBeGreaterThan(50);
      expect(marked.every(([x, y]) => x! >= 6 && x! < 26 && y! >= 12 && y! < 20)).toBe(true);
      expect(part.interpolate).not.toEqual(whole.interpolate);

      await playwright.click('[data-edit=undo]');
      expect(await page.call('lastAsked')).toMatchObject({
        image: null,
        mask: null,
        strength: null,
        interpolate: { seed: 5, amount: 0.25 },
      });
      await playwright.click('[data-edit=done]');
      expect(await playwright.isVisible('#editor')).toBe(false);
      expect(await playwright.isVisible('#card-mask')).toBe(false);
      await playwright.click('[data-action=reroll]');
      expect(await page.call('lastAsked')).toMatchObject({ image: null, mask: null, interpolate: null });
    });

    it('asks for the same person with one attribute changed, or with any', async () => {
      await playwright.selectOption('[data-attribute=hair_colour]', 'red');
      const red = { attributes: { hair_colour: 'red' }, sameAs: { hair_colour: 'any' } };
      expect(await page.call('lastAsked')).toEqual(red);
      await playwright.locator('input[data-attribute=age]').fill('40');
      expect(await playwright.textContent('#sheet output')).toBe('40');
      const sameAs = { hair_colour: 'any', age: 'any' };
      expect(await page.call('lastAsked')).toEqual({ attributes: { hair_colour: 'red', age: 40 }, sameAs });
      await playwright.selectOption('[data-attribute=hair_colour]', 'any');
      expect(await page.call('lastAsked')).toEqual({ attributes: { age: 40 }, sameAs });
      await playwright.check('[aria-label="any age"]');
      expect(await playwright.textContent('#sheet output')).toBe('any');
      expect(await page.call('lastAsked')).toEqual({ attributes: null, sameAs });
      await playwright.selectOption('[data-attribute=kind]', 'orc');
      expect(await page.call('lastAsked')).toEqual({ label: 'orc' });
      expect(await playwright.locator('[data-attribute=gender] option').allTextContents()).toEqual([
        'any',
        'female',
        'male',
      ]);
    });

    it('keeps the focus on a list of the character sheet when the choice changes what the lists offer', async () => {
      await page.call('openWithHair', 'silver');
      const hair = playwright.locator('#sheet [data-attribute=hair_colour]');
      const numColours = await hair.locator('option').count();
      await hair.focus();
      await playwright.keyboard.press('Home');
      await expect.poll(() => hair.locator('option').count(), { message: 'without silver' }).toBe(numColours - 1);
      const focused = () => playwright.evaluate(() => (document.activeElement as HTMLElement).dataset.attribute);
      expect(await focused()).toBe('hair_colour');
    });

    it('tells by name who is kept', async () => {
      await page.call('letGo');
      await playwright.click('[data-action=keep]');
      expect(await playwright.textContent('.notice')).toBe("Kept in this browser's local storage: Elna Mossheart.");
    });

    it('shows nobody the character sheet of who was there before', async () => {
      expect(await playwright.isVisible('#sheet')).toBe(true);
      await page.call('openEarly'); // who has none yet
      expect(await playwright.isVisible('#sheet')).toBe(false);
      await page.call('open');
      expect(await playwright.isVisible('#sheet')).toBe(true);
    });

    it('has a screen reader say of a slider what is written beside it', async () => {
      const slider = playwright.locator('#sheet input[type=range][data-attribute=age]');
      expect(await slider.getAttribute('aria-valuetext')).toBe('any');
      await slider.evaluate((input: HTMLInputElement) => {
        input.value = '30';
        input.dispatchEvent(new Event('input'));
      });
      expect(await slider.getAttribute('aria-valuetext')).toBe('30');
      expect(await playwright.locator('#sheet output').getAttribute('aria-live')).toBe('off');
    });

    it('shows a picture whose model came after it was opened, and was larger than the last', async () => {
      await page.call('openEarly');
      await page.call('arrive');
      const canvas = playwright.locator('#card-picture');
      await expect.poll(() => canvas.getAttribute('aria-busy')).toBe('false');
      expect(await canvas.getAttribute('width')).toBe('64');
    });

    it('shows a guest without a face as it stands, and has nothing of it edited', async () => {
      await page.call('openFaceless');
      const canvas = playwright.locator('#card-picture');
      await expect.poll(() => canvas.getAttribute('aria-busy')).toBe('false');
      const shown = await canvas.evaluate((picture) => {
        const { width, height } = picture as HTMLCanvasElement;
        const { data } = (picture as HTMLCanvasElement).getContext('2d')!.getImageData(0, 0, width, height);
        return { width, height, colours: [...new Set(data)] };
      });
      expect(shown).toEqual({ width: 8, height: 12, colours: [2, 255] });
      expect(await playwright.isVisible('[data-action=edit]')).toBe(false);
    });

    it('saves the face of a guest and all frames of the figure', async () => {
      await page.call('openGuest');
      const downloading = playwright.waitForEvent('download');
      await playwright.click('[data-action=download]');
      const download = await downloading;
      expect(download.suggestedFilename()).toMatch(/\.zip$/);
      const files = Object.entries(unzipSync(await readFile((await download.path())!)));
      const sizes = files.map(([name, bytes]) => [name.replace(/.*-/, ''), decode(bytes)] as const);
      expect(sizes.map(([name, { width, height }]) => [name, width, height])).toEqual([
        ['face.png', 32, 32],
        ['figure.png', 8, 24],
      ]);
    });

    it('has no material edited, and says why its maps are not saved', async () => {
      expect(await playwright.isVisible('[data-action=edit]')).toBe(true);
      await page.call('openSurface');
      expect(await playwright.isVisible('[data-action=edit]')).toBe(false);
      await playwright.click('[data-action=download]');
      await expect.poll(() => playwright.textContent('.notice')).toBe('The maps cannot be read.');
    });

    it('stays with whoever it is opened for as soon as it has closed', async () => {
      await page.call('reopen');
      await playwright.click('[data-action=reroll]');
      const { seed } = await page.call('lastAsked');
      await page.call('reopen');
      await playwright.click('[data-action=reroll]');
      expect((await page.call('lastAsked')).seed).not.toBe(seed);
    });

    it('closes by a click beside it, and not by a press that only ends or begins there', async () => {
      const drag = async ([fromX, fromY]: [number, number], [toX, toY]: [number, number]) => {
        await playwright.mouse.move(fromX, fromY);
        await playwright.mouse.down();
        await playwright.mouse.move(toX, toY);
        await playwright.mouse.up();
        return playwright.isVisible('#card');
      };
      const { x, y, width } = (await playwright.locator('.greeting').boundingBox())!;
      expect(await drag([x + width / 2, y + 5], [2, 2])).toBe(true);
      expect(await drag([2, 2], [x + width / 2, y + 5])).toBe(true);
      expect(await drag([2, 2], [3, 3])).toBe(false);
    });

    it('takes no edit for a variation', async () => {
      const vary = (amount: string) =>
        playwright.locator('#strength').evaluate((slider, value) => {
          (slider as HTMLInputElement).value = value;
          slider.dispatchEvent(new Event('input'));
        }, amount);
      await vary('0.4');
      await playwright.click('[data-action=edit]');
      await playwright.click('[data-edit=paint]');
      await page.call('open');
      expect(await playwright.inputValue('#strength')).toBe('0.35');
    });

    it("begins a variation at its usual strength, not at the last sitter's", async () => {
      const strength = playwright.locator('#strength');
      await strength.evaluate((slider) => {
        (slider as HTMLInputElement).value = '0.9';
      });
      await page.call('openEarly');
      expect(await strength.inputValue()).toBe('0.35');
      expect(await playwright.textContent('output[for=strength]')).toBe('35 %');
    });

    it('keeps a picture until another is kept, saves, edits and keeps no half-painted one, and tells errors where they belong', async () => {
      const keep = playwright.locator('[data-action=keep]');
      const isPressed = () => keep.getAttribute('aria-pressed');
      await page.call('letGo');
      await keep.click();
      expect([await isPressed(), await keep.textContent()]).toEqual(['true', 'Kept']);
      const kept = await page.call('keptSeed');
      await page.call('paintSlowly');
      for (let i = 0; i < 2; i++) await playwright.click('[data-action=reroll]');
      expect([await isPressed(), await keep.textContent()]).toEqual(['false', 'Keep']);
      await keep.click();
      expect(await playwright.textContent('.notice')).toMatch(/still being painted/);
      expect(await isPressed()).toBe('false');
      await playwright.click('[data-action=download]');
      expect(await playwright.textContent('.notice')).toMatch(/still being painted/);
      await playwright.click('[data-action=edit]');
      expect(await playwright.textContent('.notice')).toMatch(/still being painted/);
      expect(await playwright.isVisible('#editor')).toBe(false);
      await page.call('finish');
      await expect.poll(() => playwright.textContent('.notice')).toBe('');
      expect(await isPressed()).toBe('false');
      expect(await page.call('keptSeed')).toBe(kept);
      await keep.click();
      expect(await isPressed()).toBe('true');
      expect(await page.call('keptSeed')).not.toBe(kept);

      await playwright.click('[data-action=reroll]');
      await page.call('openEarly');
      await page.call('finish', 'out of paint');
      await playwright.evaluate(() => new Promise((resolve) => setTimeout(resolve)));
      expect(await playwright.textContent('.notice')).toBe('');
    });

    it('says that who has left is painted no more, and that nobody comes to paint', async () => {
      const notice = () => playwright.textContent('#card .notice');
      await page.call('leave');
      const before = await page.call('lastAsked');
      for (const action of ['reroll', 'vary', 'keep', 'edit']) {
        await playwright.click(`[data-action=${action}]`);
        expect(await notice(), action).toBe('Elna Mossheart has left the tavern.');
      }
      expect(await page.call('lastAsked')).toEqual(before);
      await page.call('openEarly');
      const progress = playwright.locator('.sitter progress');
      expect(await progress.isVisible()).toBe(true);
      const [bar, picture] = [await progress.boundingBox(), await playwright.locator('#card-picture').boundingBox()];
      expect(bar!.y + bar!.height, 'the bar is in the picture').toBeLessThan(picture!.y + picture!.height);
      await page.call('giveUp');
      expect(await progress.isVisible()).toBe(false);
      for (const action of ['keep', 'download', 'edit']) {
        await playwright.click(`[data-action=${action}]`);
        expect(await notice(), action).toMatch(/no model here to paint it; reload the page/);
      }
    });

    it('erases what is marked where no key can be held down', async () => {
      await playwright.click('[data-action=edit]');
      await brush(playwright);
      expect(await strengthOn(playwright)).toBe('100 %');
      await playwright.check('#erase');
      await brush(playwright);
      expect(await strengthOn(playwright)).toBe('80 %');
      await playwright.click('[data-edit=paint]');
      expect(await page.call('lastAsked')).toMatchObject({ mask: null });
      await page.call('finish');
      await playwright.click('.presets button:text("Nothing")');
      expect(await playwright.isChecked('#erase'), 'of an empty mask').toBe(false);
    });

    it('ends a stroke that the browser takes over, too', async () => {
      await playwright.click('[data-action=edit]');
      const mask = page.playwright.locator('#card-mask');
      await mask.scrollIntoViewIfNeeded();
      await mask.hover();
      await playwright.mouse.down();
      await mask.dispatchEvent('pointercancel');
      expect(await strengthOn(playwright)).toBe('100 %');
      await playwright.mouse.up();
    });

    it('leaves strength and outline as the visitor has set them when a part is marked', async () => {
      await playwright.click('[data-action=edit]');
      await playwright.fill('#edit-strength', '0.5');
      await playwright.click('.presets button:text("Hair")');
      expect(await strengthOn(playwright)).toBe('50 %');
      expect(await playwright.isChecked('#keep-outline'), 'which nobody has set').toBe(false);
      await playwright.check('#keep-outline');
      await playwright.click('.presets button:text("Nothing")');
      await playwright.click('.presets button:text("Face")');
      expect(await strengthOn(playwright)).toBe('50 %');
      expect(await playwright.isChecked('#keep-outline')).toBe(true);
    });

    it('marks by its buttons, and nothing again', async () => {
      await playwright.click('[data-action=edit]');
      await playwright.click('.presets button:text("Hair")');
      expect(await strengthOn(playwright)).toBe('100 %');
      await playwright.click('[data-edit=paint]');
      const { mask } = await page.call('lastAsked');
      expect((mask as number[]).filter((value) => value === 255)).toHaveLength(32 * 24 + 16 * 8);
      await playwright.click('.presets button:text("Nothing")');
      expect(await strengthOn(playwright)).toBe('80 %');
      await playwright.keyboard.press('Escape');
      expect(await playwright.isVisible('#card')).toBe(false);
      await page.call('open');
      expect(await playwright.isVisible('#editor')).toBe(false);
    });
  },
  { webgpu: false, compositing: 'cpu' },
);

it('keeps the face when the hair is chosen', () => {
  const mask = maskOf(presetsFor({ kind: 'portraits', widthPx: 32 }).Hair!, 32, 32);
  const at = (x: number, y: number) => mask[32 * y + x];
  expect([at(16, 12), at(4, 30), at(27, 30), at(16, 23)]).toEqual([255, 255, 255, 255]);
  expect([at(16, 24), at(8, 31), at(23, 31)]).toEqual([0, 0, 0]);
});

it('halves other pictures, no pixel in both', () => {
  const [upper, lower] = Object.values(presetsFor({ kind: 'items', widthPx: 32 })).map((part) => maskOf(part, 8, 6));
  expect(upper!.every((value, i) => value + lower![i]! === 255)).toBe(true);
  expect([upper![23], upper![24]]).toEqual([255, 0]);
});
