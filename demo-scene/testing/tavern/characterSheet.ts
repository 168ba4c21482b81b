// Tests of the character sheet on a person's card, and of the lines that the person speaks.
import type { JSHandle, Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { lineOf, spoken } from '../../tavern/people/lines.ts';
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
    const heard = await listen(playwright);
    await playwright.click('[data-action=talk]');
    await expect.poll(() => heard.evaluate(({ texts }) => texts.length), WAIT).toBeGreaterThan(0);
    await expect
      .poll(() => heard.evaluate(({ faces }, face) => faces.some((one) => one !== face), calm), WAIT)
      .toBe(true);
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
      const before = await whenStill(playwright, light);
      await openCard(playwright, FIRST);
      const heard = await listen(playwright);
      await playwright.click('[data-action=talk]');
      await expect.poll(() => heard.evaluate(({ isOver }) => isOver), WAIT).toBe(true);
      const line = await playwright.textContent('[data-spoken]');
      const { seed } = (await page.call('portraits'))[FIRST]!;
      const phrases = [0, 1].map((numBefore) => lineOf(seed, numBefore)).find((said) => spoken(said) === line)!;
      const { texts } = await heard.jsonValue();
      expect(texts, 'a phrase at a time').toHaveLength(phrases.length);
      expect(texts.at(-1)).toBe(line);
      expect(await light()).toBe(before);
    } finally {
      await playwright.emulateMedia({ reducedMotion: null });
    }
    const still = await light();
    await expect.poll(light).not.toBe(still);
  });
}

/** What the card has shown since somebody began to listen. */
interface Heard {
  /** The part of the line that was spoken, at each step. */
  texts: string[];
  /** The pictures, as text. */
  faces: string[];
  /** True once the speaker has said the whole line, and nothing of it is left unspoken. */
  isOver: boolean;
}

/** Notes in the page what the card shows from now on, so that nothing is missed however short it is shown. */
function listen(page: Page): Promise<JSHandle<Heard>> {
  return page.evaluateHandle(() => {
    const heard: Heard = { texts: [], faces: [], isOver: false };
    const line = document.querySelector('.greeting')!;
    const canvas = document.querySelector<HTMLCanvasElement>('#card-picture')!;
    new MutationObserver(() => {
      const text = line.firstChild?.textContent ?? '';
      if (!line.querySelector('.unspoken')) heard.isOver = heard.texts.length > 0;
      else if (text !== heard.texts.at(-1)) heard.texts.push(text);
    }).observe(line, { childList: true });
    new MutationObserver(() => {
      if (canvas.ariaBusy !== 'false') return;
      const face = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height).data.join();
      if (!heard.faces.includes(face)) heard.faces.push(face);
    }).observe(canvas, { attributeFilter: ['aria-busy'] });
    return heard;
  });
}

/** Reads again and again until the value stays the same through several frames, and returns it. */
async function whenStill(page: Page, read: () => Promise<string>): Promise<string> {
  let last = '';
  let numAlike = 0;
  await expect
    .poll(
      async () => {
        await page.evaluate(
          () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
        );
        const now = await read();
        numAlike = now === last ? numAlike + 1 : 0;
        last = now;
        return numAlike;
      },
      { interval: 0, timeout: WAIT.timeout },
    )
    .toBeGreaterThanOrEqual(5);
  return last;
}

/** Chooses a value of the character sheet, and waits for the picture. */
async function choose(page: Page, name: string, value: string): Promise<void> {
  await page.selectOption(`[data-attribute=${name}]`, value);
  await page.waitForFunction(() => document.querySelector('.notice')!.textContent === '');
}
