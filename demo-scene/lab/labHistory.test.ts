// The lab's address and the browser's history, in a real browser.
import { expect, it, vi } from 'vitest';
import { describeInBrowser, type OpenPage, type Prepare } from '../../scripts/testing/describeInBrowser.ts';
import type { TestPage } from '../../scripts/testing/openBrowser.ts';
import { enter, hashOf, type LabConsole, labSite, picture, ready, show } from '../testing/visitedLab.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

describeInBrowser('the address of the lab', ofAddress, { webgpu: false, compositing: 'cpu' });

function ofAddress(openPage: OpenPage, prepare: Prepare): void {
  let page: TestPage<LabConsole>;

  prepare(async () => {
    page = await openPage<LabConsole>({ ...(await labSite()), path: 'lab.html' });
    await ready(page);
  });

  it('goes back and forward through what was chosen: a number that is dragged or typed is one step of that', async () => {
    await show(page, '#label=orc&seed=5');
    const before = await picture(page);
    await page.playwright.getByRole('group', { name: 'Seeds' }).getByRole('button', { name: '3' }).click();
    await expect.poll(() => hashOf(page)).toContain('seed=3&');
    for (const guidance of [3, 4.5, 6]) {
      await enter(page, 'guidance scale', guidance);
      await expect.poll(() => hashOf(page)).toContain(`guidance=${guidance}&`);
    }
    await page.playwright.goBack();
    await expect.poll(() => page.call('recipe')).toMatchObject({ seed: 3, guidanceScale: 2 });
    await page.playwright.goBack();
    await expect.poll(() => page.call('recipe')).toMatchObject({ seed: 5, guidanceScale: 2 });
    await ready(page);
    expect(await picture(page)).toEqual(before);
    expect(await page.playwright.getByLabel('seed', { exact: true }).inputValue()).toBe('5');
    await page.playwright.goForward();
    await expect.poll(() => page.call('recipe')).toMatchObject({ seed: 3, guidanceScale: 2 });
    await page.playwright.goForward();
    await expect.poll(() => page.call('recipe')).toMatchObject({ seed: 3, guidanceScale: 6 });
    await ready(page);
  });

  it('takes what is typed after a step back for a step of its own, and shows in the field what counts', async () => {
    await show(page, '#label=orc&seed=5&guidance=2');
    const guidance = page.playwright.getByLabel('guidance scale', { exact: true });
    for (const [seed, typed] of [
      ['3', 4],
      ['4', 6],
    ] as const) {
      await page.playwright.getByRole('group', { name: 'Seeds' }).getByRole('button', { name: seed }).click();
      await expect.poll(() => hashOf(page)).toContain(`seed=${seed}&`);
      await enter(page, 'guidance scale', typed);
      await expect.poll(() => hashOf(page)).toContain(`guidance=${typed}&`);
      await page.playwright.goBack();
      await expect.poll(() => guidance.inputValue()).toBe('2');
      await enter(page, 'guidance scale', 3);
      await expect.poll(() => hashOf(page)).toContain('guidance=3&');
      await page.playwright.goBack();
      await expect.poll(() => page.call('recipe')).toMatchObject({ seed: Number(seed), guidanceScale: 2 });
    }
    await ready(page);
  });

  it('leaves the history alone once it has gone back, whose next step may be on its way', async () => {
    await show(page, '#label=orc&seed=5');
    await page.playwright.getByRole('group', { name: 'Seeds' }).getByRole('button', { name: '3' }).click();
    await expect.poll(() => hashOf(page)).toContain('seed=3&');
    const writes = await page.playwright.evaluate(async () => {
      const calls: string[] = [];
      const { pushState, replaceState } = history;
      for (const name of ['pushState', 'replaceState'] as const) history[name] = () => void calls.push(name);
      history.back();
      await new Promise((resolve) => addEventListener('hashchange', resolve, { once: true }));
      calls.length = 0; // the address may be put right at once
      await new Promise((resolve) => setTimeout(resolve, 500));
      Object.assign(history, { pushState, replaceState });
      return calls;
    });
    expect(writes).toEqual([]);
    expect(await page.call('recipe')).toMatchObject({ label: 'orc', seed: 5 });
    await ready(page);
  });

  it('follows the address', async () => {
    await show(page, '#label=orc');
    await page.playwright.evaluate(() => {
      location.hash = '#label=goblin&sampler=dpm++&steps=4';
    });
    await expect.poll(() => page.call('recipe')).toMatchObject({ label: 'goblin', sampler: 'dpm++' });
    await ready(page);
    expect(await page.playwright.locator('#notice').textContent()).toBe('');
    expect(await page.playwright.getByLabel('eta (DDIM)').isVisible()).toBe(false);
  });
}
