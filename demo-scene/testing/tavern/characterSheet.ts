// Tests of the character sheet on a person's card, and of the lines that the person speaks.
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import tavern from '../../tavern/tavern.json';
import { FIRST, numPortraits, openCard, shownPicture, type VisitedTavern, WAIT } from './visitedTavern.ts';

export function testCharacterSheets(visit: VisitedTavern): void {
  it('changes one line of a character sheet, and the rest of the person stays; a guest has a face', async () => {
    const { page, playwright } = visit;
    await openCard(playwright, FIRST);
    expect(await playwright.textContent('#sheet legend')).toBe('Character sheet');
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
    const [, role] = tavern.guests.labels;
    await choose(playwright, 'role', role!);
    await choose(playwright, 'kind', 'goblin');
    await choose(playwright, 'hair_colour', 'red');
    const changed = (await page.call('guests'))[0]!;
    expect([changed.label, changed.face!.label]).toEqual([role, 'goblin']);
    expect(changed.face!.attributes).toEqual({ ...guest.face!.attributes, hair_colour: 'red' });
    expect(changed.attributes).toEqual({ ...guest.attributes, hair_colour: 'red', kind: 'goblin' });
    expect(await playwright.isVisible('#card-figure')).toBe(true);
  });

  it('lets somebody speak: a line with faces that change, and the same face afterwards', async () => {
    const { page, playwright } = visit;
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

  it('keeps still where motion is to be reduced: the light, and letters while somebody speaks', async () => {
    const { page, playwright } = visit;
    const light = async () => JSON.stringify(await page.call('lights'));
    await playwright.emulateMedia({ reducedMotion: 'reduce' });
    try {
      const before = await whenStill(light);
      await openCard(playwright, FIRST);
      await playwright.click('[data-action=talk]');
      await playwright.waitForSelector('.unspoken', { state: 'attached' });
      const spoken = () => playwright.evaluate(() => document.querySelector('.greeting')!.firstChild!.textContent);
      const phrase = await spoken();
      await playwright.waitForTimeout(200);
      expect(await spoken()).toBe(phrase);
      expect(await light()).toBe(before);
    } finally {
      await playwright.emulateMedia({ reducedMotion: null });
    }
    const still = await light();
    await expect.poll(light).not.toBe(still);
  });
}

/** Reads again and again until the value stays the same through several frames, and returns it. */
async function whenStill(read: () => Promise<string>): Promise<string> {
  let last = '';
  let numAlike = 0;
  await expect
    .poll(
      async () => {
        const now = await read();
        numAlike = now === last ? numAlike + 1 : 0;
        last = now;
        return numAlike;
      },
      { interval: 120, timeout: WAIT.timeout },
    )
    .toBeGreaterThanOrEqual(5);
  return last;
}

/** Chooses a value of the character sheet, and waits for the picture. */
async function choose(page: Page, name: string, value: string): Promise<void> {
  await page.selectOption(`[data-attribute=${name}]`, value);
  await page.waitForFunction(() => document.querySelector('.notice')!.textContent === '');
}
