// The sliders of the lab under a finger.
import type { CDPSession } from 'playwright-core';
import { expect, it } from 'vitest';
import { describeInBrowser } from '../../scripts/testing/describeInBrowser.ts';
import { labSite, ready } from '../testing/visitedLab.ts';

describeInBrowser(
  'a slider of the lab',
  (openPage) => {
    it('is set by a finger that moves across, and lets one that moves up or down scroll the page', async () => {
      const page = await openPage({ ...(await labSite()), path: 'lab.html', viewport: { width: 740, height: 360 } });
      await ready(page);
      const { playwright } = page;
      const touch = await playwright.context().newCDPSession(playwright);
      const row = playwright.locator('#settings .lil-has-slider').filter({ hasText: 'guidance scale' });
      const slider = row.locator('.lil-slider');
      const value = () => row.locator('input').inputValue();
      const scrolled = () => playwright.evaluate(() => scrollY);
      await playwright.locator('#settings').evaluate((panel) => panel.scrollIntoView());
      const before = { value: await value(), scrolled: await scrolled() };
      const { x, y } = (await slider.boundingBox())!;
      await swipe(touch, [x + 60, y + 10], [4, 0]);
      await expect.poll(value).not.toBe(before.value);
      const chosen = await value();
      await swipe(touch, [x + 60, y + 10], [0, -10]);
      await expect.poll(scrolled).toBeGreaterThan(before.scrolled);
      expect(await value()).toBe(chosen);
    });
  },
  { webgpu: false, compositing: 'cpu' },
);

/** Moves a finger from a place of the window, in ten steps. */
async function swipe(touch: CDPSession, [x, y]: [number, number], [stepX, stepY]: [number, number]): Promise<void> {
  await touch.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [{ x, y }] });
  for (let i = 1; i <= 10; i++) {
    const touchPoints = [{ x: x + i * stepX, y: y + i * stepY }];
    await touch.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints });
  }
  await touch.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
}
