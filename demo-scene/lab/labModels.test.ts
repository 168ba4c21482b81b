// The guidance lab in a real browser, with another model than that of the portraits, and with none.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, expect, it, vi } from 'vitest';
import { packageRoot } from '../../scripts/node/packageRoot.ts';
import { describeInBrowser, type OpenPage } from '../../scripts/testing/describeInBrowser.ts';
import { flawsOfAccess } from '../../scripts/testing/flawsOfAccess.ts';
import type { PageOptions, TestPage } from '../../scripts/testing/openBrowser.ts';
import { enter, type LabConsole, labSite, picture, pictures, ready, text } from '../testing/visitedLab.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

describeInBrowser("the guidance lab's other models", withOtherModels, { webgpu: false, compositing: 'cpu' });

function withOtherModels(openPage: OpenPage): void {
  let site: PageOptions;

  beforeAll(async () => {
    site = await labSite();
  });

  it('opens another model of the address: of materials, with a slider and a strip for what wears', async () => {
    const stones = await openPage<LabConsole>({ ...site, path: 'lab.html?model=stones#label=plaster&with=wear=0.25' });
    await ready(stones);
    expect(await stones.call('recipe')).toMatchObject({ label: 'plaster', attributes: { wear: 0.25 } });
    const { playwright } = stones;
    expect(await playwright.locator('#notice').textContent()).toBe('');
    expect(await playwright.locator('#strips h2, #strips h3').allTextContents()).toContain('Wear');
    expect(await playwright.locator('#strips').textContent()).not.toContain('ornate');
    expect(await playwright.locator('#vae').isVisible()).toBe(false);
    const isOpened = await playwright.evaluate(() => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([], 'stone.png'));
      return document.body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
    });
    expect(isOpened, 'a file that is dropped, in place of the page').toBe(false);
    const young = await picture(stones);
    await playwright.locator('.cells button', { hasText: /^0\.75$/ }).click();
    await ready(stones);
    expect(await stones.call('recipe')).toMatchObject({ attributes: { wear: 0.75 }, sameAs: { wear: 0.25 } });
    expect(await picture(stones)).not.toEqual(young);
    const old = await picture(stones);
    await enter(stones, 'wear', 0.25); // which takes back what the click has changed
    expect(await stones.call('recipe')).not.toHaveProperty('sameAs');
    expect(await picture(stones)).toEqual(young);
    await enter(stones, 'wear', 0.75); // the same stone as by the click
    expect(await stones.call('recipe')).toMatchObject({ attributes: { wear: 0.75 }, sameAs: { wear: 0.25 } });
    expect(await picture(stones)).toEqual(old);
  });

  it('offers the models beside it, and says which of them it shows', async () => {
    const lab = await openPage<LabConsole>({ ...site, path: 'lab.html' });
    await ready(lab);
    const links = lab.playwright.getByRole('navigation', { name: 'Models' }).getByRole('link');
    expect(await links.allTextContents()).toEqual(['Portraits', 'Characters', 'Materials', 'Items']);
    for (const link of await links.all()) {
      const name = new URL((await link.getAttribute('href'))!, 'http://lab').searchParams.get('model')!;
      expect(existsSync(path.join(packageRoot(), 'assets/models', name, 'model_index.json')), name).toBe(true);
      expect(await link.getAttribute('aria-current')).toBe(name === 'portraits' ? 'page' : null);
    }
  });

  it('compares the few steps of a student with its teacher', async () => {
    const pupil = await openPage<LabConsole>({ ...site, path: 'lab.html?model=pupil' });
    await ready(pupil);
    const row = pupil.playwright.getByRole('group', { name: 'Steps of the student, and of its teacher' });
    expect(await row.getByRole('button').allTextContents()).toEqual(['1', '2', '4', '3teacher']);
    const [one, two, four, taught] = await pictures(pupil, '[aria-label^="Steps of the student"] canvas');
    expect(new Set([one, two, four, taught].map(String)).size).toBe(4);
    expect(await picture(pupil)).toEqual(four);
    expect(await text(pupil, '[data-status=maker]')).toBe('student');
    expect(await text(pupil, '#guidance .norms')).toMatch(/at most .* as its teacher goes in 3 steps of dpm\+\+/);
    const ofTeacher = pupil.playwright
      .getByRole('group', { name: 'Guidance' })
      .locator('button', { hasText: 'teacher' });
    expect(await ofTeacher.allTextContents()).toEqual(['0teacher', '8teacher']);
    expect(await pupil.playwright.getByRole('button', { name: '8 teacher', exact: true }).count()).toBe(1);
    expect(await flawsOfAccess(pupil.playwright)).toEqual([]);
    await enter(pupil, 'guidance scale', 8);
    expect(await text(pupil, '[data-status=maker]')).toBe('teacher');
    expect(await text(pupil, '#schedule .steps')).toContain('3 steps of dpm++ by the teacher');
    expect(await pupil.playwright.locator('#picture canvas').getAttribute('aria-label')).toContain('3 steps of dpm++');
    await showsTeacher(pupil);
    await pupil.reload(); // the address has what was asked for, so that the way back stays the same
    await ready(pupil);
    await showsTeacher(pupil);
    await enter(pupil, 'guidance scale', 2);
    expect(await text(pupil, '[data-status=maker]'), 'who can do what is asked again').toBe('student');
    expect(await picture(pupil)).toEqual(four);
    expect(await row.locator('[aria-disabled=true]').count()).toBe(0);
    await row.getByRole('button', { name: 'teacher' }).click();
    await ready(pupil);
    expect(await pupil.call('recipe')).toMatchObject({ sampler: 'dpm++', numInferenceSteps: 3 });
    expect(await picture(pupil)).toEqual(taught);
    expect(await pupil.playwright.locator('.problem:not(:empty)').allTextContents()).toEqual([]);
    await pupil.close();
  });

  it('shows a panel when the model does not load', async () => {
    const { '/models/portraits/model_index.json': _, ...files } = site.files!;
    const broken = await openPage<LabConsole>({ ...site, files, folders: {}, path: 'lab.html' });
    await broken.playwright.getByRole('alert').waitFor();
    expect(await broken.playwright.getByRole('alert').textContent()).toContain('model_index.json');
    expect(await broken.playwright.locator('main').isVisible()).toBe(false);
    broken.takeErrors(); // the browser reports the missing file
  });

  it('shows a panel when the address asks for what cannot be a model', async () => {
    const astray = await openPage<LabConsole>({ ...site, path: 'lab.html?model=../models' });
    await astray.playwright.getByRole('alert').waitFor();
    expect(await astray.playwright.getByRole('alert').textContent()).toContain('asks for the model "../models"');
    expect(await astray.playwright.locator('main').isVisible()).toBe(false);
  });
}

/** Whether controls, address and strip say of a picture at guidance 8 what is true: that the teacher has made it, in its steps. */
async function showsTeacher({ playwright }: TestPage<LabConsole>): Promise<void> {
  const reason = 'Guidance 8 is for the teacher: 3 steps of dpm++.';
  expect(await playwright.inputValue('#settings .lil-option select >> nth=-1')).toBe('dpm++');
  expect(await playwright.getByLabel('steps', { exact: true }).inputValue()).toBe('3');
  expect(await playwright.textContent('#settings .note')).toBe(reason);
  await expect.poll(() => playwright.url()).toMatch(/guidance=8&sampler=ddim&steps=4$/);
  const row = playwright.getByRole('group', { name: 'Steps of the student, and of its teacher' });
  expect(await row.locator('[aria-pressed=true]').allTextContents()).toEqual(['3teacher']);
  const refused = row.locator('[aria-disabled=true]');
  expect(await refused.allTextContents()).toEqual(['1', '2', '4']);
  expect(await refused.first().getAttribute('title')).toBe(reason);
  await refused.first().dispatchEvent('click');
  expect(await playwright.textContent('[data-status=maker]')).toBe('teacher');
  expect(await flawsOfAccess(playwright)).toEqual([]);
}
