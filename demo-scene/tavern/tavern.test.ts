// The demo as a person meets it: in a real Chromium, served as npm start serves it, with models that paint faster.
import { beforeEach, expect, it, vi } from 'vitest';
import { withSiteList } from '../../scripts/build/siteList.ts';
import type { SiteOptions } from '../../scripts/node/serveSite.ts';
import { demoSite } from '../../scripts/testing/demoSite.ts';
import { describeInBrowser } from '../../scripts/testing/describeInBrowser.ts';
import { quickModels } from '../testing/quickModels.ts';
import { testCards } from '../testing/tavern/cards.ts';
import { testCharacterSheets } from '../testing/tavern/characterSheet.ts';
import { testPainting } from '../testing/tavern/painting.ts';
import { testScreens } from '../testing/tavern/screens.ts';
import {
  numAll,
  numPortraits,
  picturesOf,
  type TavernConsole,
  type VisitedTavern,
  whenReady,
} from '../testing/tavern/visitedTavern.ts';
import { testVisits } from '../testing/tavern/visits.ts';
import plan from './tavern.json';

/** Few pixels, and nobody who comes or goes by himself. */
const FAST = { fewFrames: true, path: '?quality=low&arrivals=off' };
const LIMIT_MS = 240_000;

vi.setConfig({ testTimeout: LIMIT_MS, hookTimeout: LIMIT_MS });

describeInBrowser(
  'the tavern',
  (openPage, prepare) => {
    const tavern = {} as VisitedTavern;
    let site: SiteOptions;

    prepare(async () => {
      const demo = await demoSite();
      site = withSiteList({ ...demo, files: { ...demo.files, ...(await quickModels()) } });
      tavern.page = await openPage<TavernConsole>({ ...site, ...FAST, serviceWorker: true });
      tavern.playwright = tavern.page.playwright;
      await tavern.playwright.context().grantPermissions(['clipboard-read', 'clipboard-write']);
      await whenReady(tavern.playwright);
    });

    beforeEach(() =>
      tavern.playwright.evaluate(() => {
        document.querySelector<HTMLDialogElement>('#card')!.close();
        for (const drawer of document.querySelectorAll<HTMLDetailsElement>('#controls details')) drawer.open = false;
        document.querySelector<HTMLDetailsElement>('.recipe')!.open = true;
      }),
    );

    testPainting(tavern);
    testCards(tavern);
    testCharacterSheets(tavern);
    testScreens(tavern);
    testVisits(tavern);

    it('leaves out who has no model, and says so; paints the others the same as in another browser, and plainer surfaces', async () => {
      await tavern.playwright.goto('about:blank'); // two taverns would share the processor
      const all = { ...site.files, ...(await quickModels({ plainSurfaces: true })) };
      const files = Object.entries(all).filter(([name]) => !name.includes(plan.guests.model));
      const elsewhere = await openPage<TavernConsole>({
        ...site,
        files: Object.fromEntries(files),
        folders: { '/models/': 'nowhere' },
        fewFrames: true,
        path: '?quality=low&arrivals=on',
      });
      await whenReady(elsewhere.playwright);
      expect(await elsewhere.playwright.textContent('#progress')).toMatch(
        /^There are no characters here\. Reload the page to try again\. .*404/,
      );
      expect(await elsewhere.call('guests')).toEqual([]);
      const numOthers = numAll - plan.guests.labels.length;
      expect(await elsewhere.playwright.locator('#people nav button').count()).toBe(numOthers);
      const shown = await picturesOf(elsewhere.playwright, [0, 1, numPortraits, numOthers - 1]);
      const [surface, surfaceWithMaps] = [shown.pop(), tavern.firstPictures.at(-1)];
      expect(shown, 'the same recipes').toEqual(tavern.firstPictures.slice(0, -1));
      expect(surface).not.toBe(surfaceWithMaps);
      expect(await elsewhere.playwright.isVisible('#room'), 'what is to weather').toBe(false);
      // The browser notes the missing file by itself; the page has nothing to add.
      expect(elsewhere.takeErrors().filter((error) => !error.includes('status of 404'))).toEqual([]);
    });
  },
  { webgpu: false, compositing: 'cpu' },
);
