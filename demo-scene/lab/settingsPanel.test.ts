// The panels of the lab as a person opens and closes them.
import { expect, it } from 'vitest';
import { describeInBrowser } from '../../scripts/testing/describeInBrowser.ts';
import { labSite, ready } from '../testing/visitedLab.ts';

describeInBrowser(
  'panels of the lab',
  (openPage) => {
    it('show all of their fields whenever they are open, also where a phone has them closed at first', async () => {
      const page = await openPage({ ...(await labSite()), path: 'lab.html', viewport: { width: 360, height: 640 } });
      await ready(page);
      const { playwright } = page;
      for (const panel of ['#settings', '#attributes']) {
        const title = playwright.locator(`${panel} .lil-title`);
        const fields = playwright.locator(`${panel} .lil-children`);
        await expect.poll(() => fields.isVisible(), { message: `${panel} at first` }).toBe(false);
        const numHidden = () => fields.evaluate(({ scrollHeight, clientHeight }) => scrollHeight - clientHeight);
        for (const time of ['first', 'second']) {
          await title.press('Enter');
          await expect.poll(() => fields.isVisible()).toBe(true);
          await expect.poll(numHidden, { message: `${panel} for the ${time} time`, timeout: 5000 }).toBe(0);
          expect(await playwright.locator(`${panel} select`).first().isVisible()).toBe(true);
          await title.press('Enter');
          await expect.poll(() => fields.isVisible()).toBe(false);
        }
      }
    });
  },
  { webgpu: false, compositing: 'cpu' },
);
