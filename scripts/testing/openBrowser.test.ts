import { expect, it } from 'vitest';
import { STRICT_CSP } from '../node/serveSite.ts';
import { describeInBrowser } from './describeInBrowser.ts';

type SmokePage = typeof import('../../plugin/testing/smokePage.ts');
const module = 'plugin/testing/smokePage.ts';

describeInBrowser('Chromium', (openPage) => {
  it('draws a frame with WebGL', async () => {
    const page = await openPage<SmokePage>({ module });
    expect(await page.call('renderWithWebgl')).toEqual({
      engine: 'WebGL',
      middle: [255, 102, 0, 255],
      corner: [0, 0, 255, 255],
    });
  });

  it('draws a frame with WebGPU under a strict policy', async () => {
    const page = await openPage<SmokePage>({ module, crossOriginIsolated: true, contentSecurityPolicy: STRICT_CSP });
    expect(await page.call('isIsolated')).toBe(true);
    expect(await page.call('renderWithWebgpu')).toEqual({
      engine: 'WebGPU',
      middle: [255, 102, 0, 255],
      corner: [0, 0, 255, 255],
    });
  });

  it('tells what goes wrong in a page', async () => {
    const page = await openPage<SmokePage>({ module, contentSecurityPolicy: STRICT_CSP });
    expect(await page.call('isIsolated')).toBe(false);
    await page.call('throwLater');
    await page.playwright.evaluate(() => console.error('also this'));
    await page.playwright.evaluate(() => fetch('http://elsewhere.example/').catch(() => {}));
    const errors: string[] = [];
    const told = () => {
      errors.push(...page.takeErrors());
      return errors.join();
    };
    for (const part of ['on purpose', 'also this', 'elsewhere.example']) await expect.poll(told).toContain(part);
    await expect(openPage({ module: 'plugin/testing/nowhere.ts' })).rejects.toThrow('nowhere.ts');
    page.takeErrors(); // the browser tells more than once of what the policy forbids
  });
});
