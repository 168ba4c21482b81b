// Bake files with damaged text and values, planned for a model on disk.

import { planBake } from '../../bake/planBake.ts';
import { parseBakeFile } from '../../bake/readBakeFile.ts';
import { createBakeFolder } from '../../testing/bakeFolder.ts';
import { type Attack, demand } from '../attack.ts';
import { mutateJson, mutateText } from '../mutate.ts';

const DESCRIPTION = {
  figment: 1,
  out: 'baked',
  defaults: { model: './tiny', guidanceScale: 2, numInferenceSteps: 4 },
  assets: [
    {
      name: 'a',
      labels: ['elf', 'orc'],
      count: 3,
      firstSeed: 5,
      enlarge: 2,
      output: '{asset}/{label}-{seed}',
      sheet: 'sheet',
    },
    {
      name: 'b',
      seedsByLabel: { elf: [1, 2] },
      maps: ['albedo', 'normal'],
      surface: { depthPx: 2 },
      output: 'b/{label}-{seed}-{map}',
    },
    { name: 'c', pipeline: 'cvae', pixelArt: { palette: ['#1a1c2c'] } },
  ],
};

export const bakeFiles: Attack = {
  name: 'bake files',
  limitMs: 2000,
  weight: 2,
  async open() {
    const art = await createBakeFolder();
    await art.writeModel({ cvae: true });
    return {
      async attempt(dice) {
        const isData = dice.happens(0.7);
        const text = JSON.stringify(isData ? mutateJson(dice, DESCRIPTION) : DESCRIPTION, null, 1);
        const plan = await planBake(parseBakeFile(isData ? text : mutateText(dice, text), art.file));
        const paths = plan.pictures.flatMap(({ files }) => files.map(({ path }) => path));
        demand(paths.length > 0, 'nothing is planned');
        demand(!paths.some((path) => path.split('/').includes('..')), 'a path leaves the folder');
        return 'correct';
      },
      close: art.remove,
    };
  },
};
