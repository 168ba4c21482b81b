// GPU devices that are destroyed while pictures are made on them, in a real page.
import { tinyModelFolder } from '../../../runtime/testing/tinyModel.ts';
import { findChromium } from '../../testing/chromium.ts';
import { openBrowser } from '../../testing/openBrowser.ts';
import { type Attack, demand } from '../attack.ts';

type GenerationPage = typeof import('../../../plugin/testing/generationPage.ts');

export const devices: Attack = {
  name: 'devices that are lost',
  limitMs: 60_000,
  weight: 1,
  async open() {
    if (!findChromium()) return null;
    const files = Object.fromEntries(
      Object.entries(await tinyModelFolder()).map(([path, bytes]) => [`/tiny/${path}`, bytes]),
    );
    const browser = await openBrowser({ webgpu: true });
    const page = await browser.openPage<GenerationPage>({ module: 'plugin/testing/generationPage.ts', files });
    await page.call('start', 'webgpu');
    await page.call('load', 'tiny/', 'gpu');
    await page.call('generate', { label: 'elf', seed: 1, numInferenceSteps: 2 });
    return {
      async attempt(dice) {
        const recipe = {
          label: dice.pick(['elf', 'goblin', 'orc']),
          seed: dice.below(1000),
          numInferenceSteps: 1 + dice.below(6),
        };
        const shown = { ...recipe, numInferenceSteps: 1 };
        const results = await page.call('loseDevice', 'tiny/', shown, recipe);
        demand(
          results.every((result) => result === 'the same'),
          `after the loss pictures are ${results.join(', ')}`,
        );
        page.takeErrors(); // the browser tells of the loss on its console
        return 'correct';
      },
      async close() {
        await page.close();
        await browser.close();
      },
    };
  },
};
