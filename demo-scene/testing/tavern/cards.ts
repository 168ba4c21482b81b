// Tests of the card that a click on a person or thing opens: reroll, vary, keep and edit.
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import tavern from '../../tavern/tavern.json';
import {
  CHANGED,
  EDITED,
  FIRST,
  numPeople,
  openCard,
  pictureAt,
  rerollByKeyboard,
  shownPicture,
  VARIED,
  type VisitedTavern,
  WAIT,
} from './visitedTavern.ts';

export function testCards(visit: VisitedTavern): void {
  it('opens a card by keyboard, rerolls and copies from it, and closes it with Escape', async () => {
    const { page, playwright } = visit;
    await playwright.focus('summary');
    await playwright.keyboard.press('Enter');
    await playwright.keyboard.press('Tab');
    await playwright.keyboard.press('Enter');
    expect(await playwright.isVisible('#card')).toBe(true);
    expect(await playwright.textContent('[data-recipe=seed]')).toBe(String(tavern.portraits[FIRST]!.seed));
    await rerollByKeyboard(playwright);
    const [portrait] = await page.call('portraits');
    const { name, label, seed } = portrait!;
    expect(seed).not.toBe(tavern.portraits[FIRST]!.seed);
    expect(await playwright.textContent('#card-name')).toBe(name);
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
    const { label: planks, seed: another, widthPx } = floor!;
    expect(await copiedRecipe(playwright)).toMatchObject({ model: 'materials', label: planks, seed: another, widthPx });
  });

  it('varies a portrait and a guest, the same way each time, and keeps them', async () => {
    const { page, playwright } = visit;
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
    const { playwright } = visit;
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
}

async function copiedRecipe(page: Page): Promise<unknown> {
  await page.click('[data-action=copy]');
  await page.waitForFunction(() => document.querySelector('.notice')!.textContent !== '');
  return JSON.parse(await page.evaluate(() => navigator.clipboard.readText()));
}
