import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, expect, it } from 'vitest';
import { openPainter } from '../../scripts/bake/pick/candidatePainter.ts';
import { pickSite } from '../../scripts/bake/pick/pickSite.ts';
import { type Site, serveSite } from '../../scripts/node/serveSite.ts';
import { type BakeFolder, createBakeFolder } from '../../scripts/testing/bakeFolder.ts';
import { describeInBrowser } from '../../scripts/testing/describeInBrowser.ts';
import type { TestPage } from '../../scripts/testing/openBrowser.ts';

const GENERATED = { customType: 'BABYLON.GeneratedTexture', recipe: { label: 'elf' } };
const BAKE_FILE = '{ "figment": 1, "defaults": { "model": "./tiny" }, "assets": [{ "name": "guests", "seeds": [7] }] }';

describeInBrowser(
  "the pane in Babylon's Inspector",
  (openPage, prepare) => {
    let page: TestPage<typeof import('../testing/inspectorPage.ts')>;
    let art: BakeFolder;
    let pick: Site;
    const painter = openPainter('wasm');
    const closePick = async () => {
      await pick?.close();
      await art?.remove();
    };

    prepare(async () => {
      await closePick();
      page = await openPage({ module: 'plugin/testing/inspectorPage.ts' });
      page.playwright.setDefaultTimeout(60_000);
      await page.playwright.setViewportSize({ width: 900, height: 1000 });
      await page.playwright.context().grantPermissions(['clipboard-read', 'clipboard-write']);
      art = await createBakeFolder();
      await writeFile(art.file, BAKE_FILE);
      const otherPages = [new URL(page.playwright.url()).origin];
      pick = await serveSite({ ...(await pickSite(art.file, await painter, 1)), otherPages });
      await page.call('openInspector', pick.url.replace('127.0.0.1', 'localhost'));
      await openPane();
    });
    afterAll(async () => {
      await closePick();
      await (await painter).dispose();
    });

    const text = (content: string | RegExp, options = {}) => page.playwright.getByText(content, options);
    /** What is painted and drawn in the page takes as long as it takes. */
    const soon = <T>(read: () => T) => expect.poll(read, { timeout: 30_000 });
    const openPane = () => page.playwright.locator('[role=radio][value=Figment]').click();
    /** Selects as a click in the Scene Explorer does, whereupon the Inspector goes to its properties. */
    const select = async (name: Parameters<typeof import('../testing/inspectorPage.ts').select>[0]) => {
      await page.call('select', name);
      await page.playwright.locator('[role=radio][value=Properties][aria-checked=true]').waitFor(); // or it may come later
      await openPane();
    };
    const button = (name: string) => page.playwright.getByRole('button', { name, exact: true });
    /** What is to be set in the line with a label: the Inspector does not tie the two to each other. */
    const field = (label: string) =>
      text(label, { exact: true })
        .locator('xpath=ancestor::div[.//input or .//button][1]')
        .locator('input, button')
        .first();
    const hero = () => page.call('recipeOf', 'hero');
    const shows = async (changes: object) => page.call('showsPictureOf', { ...(await hero()), ...changes });

    it('lists the models', async () => {
      await soon(() => text('16×16 · 3 labels · wasm').count()).toBe(1);
    });

    it('changes the picture that is selected, takes it back, and keeps it, in the bake file, too', async () => {
      await select('hero');
      await soon(() => shows({ label: 'elf', seed: 7 })).toBe(true);
      await button('Reroll').click();
      await soon(async () => (await hero()).seed).not.toBe(7);
      await soon(() => shows({})).toBe(true);
      await button('Back').click();
      await soon(() => shows({ seed: 7 })).toBe(true);
      await field('seed').fill('8');
      await field('seed').press('Enter');
      await soon(hero).toMatchObject({ label: 'elf', seed: 8 });
      await soon(() => text('asset in the bake file').count()).toBe(1);
      await button('Keep').click();
      await soon(() => text('Kept in the scene, and as guests in the bake file.').count()).toBe(1);
      expect(await readFile(art.file, 'utf8')).toContain('"seedsByLabel": { "elf": [8] }');
      await field('hair').click();
      await page.playwright.getByRole('option', { name: 'grey' }).click();
      await soon(hero).toMatchObject({ seed: 8, attributes: { hair: 'grey' } });
      await soon(() => shows({})).toBe(true);
      await button('Copy recipe').click();
      await soon(() => text(/^Copied: /).count()).toBe(1);
      expect(JSON.parse(await page.playwright.evaluate(() => navigator.clipboard.readText()))).toEqual(await hero());
    });

    it('repaints the cell of a sprite', async () => {
      await select('goblin');
      await soon(() => text('cell 0 of tiny').count()).toBe(1);
      await button('Reroll').click();
      const seed = async () => (await page.call('recipeOf', 'goblin')).seed;
      await soon(seed).not.toBe(7);
      await soon(() => button('Keep').isEnabled()).toBe(true); // it is painted
      await select('hero');
      await soon(() => text('hero', { exact: true }).count()).toBeGreaterThan(0);
      await select('goblin'); // what was not kept can still be taken back
      await button('Back').click();
      await soon(seed).toBe(7);
    });

    it('puts a generated texture in the place of another, and goes on with it', async () => {
      await select('wall');
      await button('Replace this texture by a generated one').click();
      await soon(() => page.call('savedTextureOf', 'wall')).toMatchObject(GENERATED);
      await soon(() => button('Reroll').count()).toBe(1);
    });

    it('goes on with a texture in the place of the one that is selected, unless something else is by then', async () => {
      await select('boards');
      await button('Replace this texture by a generated one').waitFor();
      await page.call('pressAndSelect', 'Replace this texture by a generated one', 'hero');
      await soon(() => page.call('savedTextureOf', 'floor')).toMatchObject(GENERATED);
      expect(await page.call('selected')).toBe('hero');
    });
  },
  { webgpu: false, compositing: 'cpu' },
);
