// An editor's "Bake" button, or a step of a build: bakes the portraits of a game's characters, skips what is there already,
// and writes the list that the game reads. To run it: npm i babylon-figment-cli babylon-figment-portraits, then node bakeInEditor.mjs OUT
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bake, checkBake, InterruptError, UsageError, writeReport } from 'babylon-figment-cli/bake';

const [out = 'art'] = process.argv.slice(2);

/** What the editor knows of the game. */
const characters = [
  { name: 'Ilva', label: 'elf', seed: 7 },
  { name: 'Grumm', label: 'orc', seed: 12 },
  { name: 'Sessa', label: 'dragonkin', seed: 3 },
];

/** The same that a bake file would say. */
const description = {
  figment: 1,
  defaults: { model: 'portraits', guidanceScale: 2, enlarge: 4 },
  assets: characters.map(({ name, label, seed }) => ({
    name,
    labels: [label],
    seeds: [seed],
    output: 'characters/{asset}',
  })),
};

const controller = new AbortController();
const { signal } = controller;
process.once('SIGINT', () => controller.abort()); // the editor's "Stop"; finished files stay whole

try {
  const stale = await checkBake(description, { out, signal });
  console.log(`${stale.length} of ${characters.length} to bake`);

  const { numBaked, numFresh } = await bake(description, {
    out,
    signal,
    onProgress: ({ numDone, numPictures }) => process.stdout.write(`\r${Math.round((100 * numDone) / numPictures)} %`),
  });
  console.log(`\r${numBaked} baked, ${numFresh} as they were`);

  const list = characters.map(({ name }) => ({ name, picture: `characters/${name}.png` }));
  await writeFile(join(out, 'characters.json'), JSON.stringify(list, null, 2));
  await writeReport(description, join(out, 'report.html'), { out, signal, neighbours: 2 });
} catch (error) {
  const isInterrupted = error instanceof InterruptError;
  if (!isInterrupted && !(error instanceof UsageError)) throw error;
  console.error(error.message); // how far it came, or all that is wrong with the description
  process.exitCode = isInterrupted ? error.exitCode : 2;
}
