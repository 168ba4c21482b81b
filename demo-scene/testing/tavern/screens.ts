// The page on every screen, and for everybody.
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { flawsOfAccess } from '../../../scripts/testing/flawsOfAccess.ts';
import { numPortraits, openCard, shownPicture, type VisitedTavern } from './visitedTavern.ts';

export function testScreens(visit: VisitedTavern): void {
  it('fits every screen: nothing covers anything or runs off', async () => {
    const { playwright } = visit;
    // The last is a window of 1280 × 720 at 200 %.
    for (const [width, height] of [
      [1280, 720],
      [844, 390],
      [390, 844],
      [640, 360],
    ] as const) {
      await playwright.setViewportSize({ width, height });
      const screen = `${width} × ${height}`;
      expect(await overlapsOf(playwright, PIECES), screen).toEqual([]);
      expect(await playwright.locator('main').evaluate(({ clientHeight }) => clientHeight), screen).toBeGreaterThan(
        height / 2,
      );
      for (const drawer of ['people', 'room', 'settings', 'measures']) {
        await playwright.click(`#${drawer} summary`);
        expect(
          await overlapsOf(playwright, [`#${drawer} .drawer`, '#controls > * > summary', 'body > header']),
          `${drawer}, ${screen}`,
        ).toEqual([]);
        await playwright.keyboard.press('Escape');
        expect(await playwright.locator('.drawer:visible').count()).toBe(0);
      }
      await openCard(playwright, numPortraits);
      await shownPicture(playwright);
      expect(await overlapsOf(playwright, ['#card'], true), `card, ${screen}`).toEqual([]);
      expect(await playwright.locator('#card').evaluate((card) => card.scrollWidth - card.clientWidth)).toBe(0);
      await playwright.keyboard.press('Escape');
      await playwright.evaluate(() => document.querySelector('details')!.toggleAttribute('open', false));
    }
  });

  it('can be worked by keyboard, heard and read by everybody', async () => {
    const { playwright } = visit;
    expect(await flawsOfAccess(playwright)).toEqual([]);
    expect(await playwright.locator('main canvas').evaluateAll((all) => all.map(({ tabIndex }) => tabIndex))).toEqual([
      0,
    ]);
    await openCard(playwright, numPortraits);
    await shownPicture(playwright);
    expect(await flawsOfAccess(playwright, '#card')).toEqual([]);
    await playwright.keyboard.press('Escape');
    const reached = await playwright.evaluate(() => document.activeElement!.closest('#people') !== null);
    expect(reached, 'the focus is where the card was opened').toBe(true);
  });
}

/** Selectors of the parts of the page that must not cover one another. */
const PIECES = ['h1', 'header nav a', '#progress', 'main', '#controls > button', '#controls > details > summary'];

/** Finds the parts of the list that cover another one of it, or are not wholly on the screen. */
function overlapsOf(page: Page, selectors: readonly string[], isModal = false): Promise<string[]> {
  return page.evaluate(
    ([pieces, modal]) => {
      const shown = [...document.querySelectorAll<HTMLElement>(pieces.join())].filter((piece) =>
        piece.checkVisibility(),
      );
      const found: string[] = [];
      const wordsOf = (piece: HTMLElement) => piece.id || piece.textContent!.slice(0, 30);
      for (const [i, piece] of shown.entries()) {
        const box = piece.getBoundingClientRect();
        const { left, right, top, bottom } = box;
        const isOff = left < -0.5 || right > innerWidth + 0.5 || top < -0.5 || bottom > innerHeight + 0.5;
        if (isOff) found.push(`${wordsOf(piece)} runs off: ${[left, right, top, bottom].map(Math.round)}`);
        for (const other of shown.slice(i + 1)) {
          if (modal || piece.contains(other) || other.contains(piece)) continue;
          const { left: l, right: r, top: t, bottom: b } = other.getBoundingClientRect();
          const isOver = Math.min(right, r) - Math.max(left, l) > 0.5 && Math.min(bottom, b) - Math.max(top, t) > 0.5;
          if (isOver) found.push(`${wordsOf(piece)} covers ${wordsOf(other)}`);
        }
      }
      return found;
    },
    [selectors, isModal] as const,
  );
}
