import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import {
  classifierFolderFiles,
  createModel,
  createNoisyClassifier,
  generate,
  selectBackend,
} from '../../runtime/index.ts';
import { tinyClassifierFiles, tinyModelFiles } from '../../runtime/testing/tinyModel.ts';
import { writeFilesAtomic } from '../node/atomicWrite.ts';
import { describeError } from '../node/describeError.ts';
import { decodePng, readPngText } from '../node/png.ts';
import { type BakeFolder, createBakeFolder } from '../testing/bakeFolder.ts';
import { createProgram } from './program.ts';

let art: BakeFolder;

beforeEach(async () => {
  art = await createBakeFolder();
  vi.spyOn(console, 'log').mockImplementation(() => {});
  vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
  await writeFilesAtomic(join(art.folder, 'hat'), await classifierFolderFiles(tinyClassifierFiles(), { dtype: 'F32' }));
});

afterEach(async () => {
  vi.restoreAllMocks();
  await art.remove();
});

const run = (...words: string[]) =>
  createProgram().parseAsync(['bake', ...words, '--backend', 'wasm'], { from: 'user' });

/** Exit code and message. */
async function failure(...words: string[]): Promise<[number, string]> {
  const error = await run(...words).then(
    () => new Error('it went well'),
    (error) => error,
  );
  const { exitCode, message } = describeError(error);
  return [exitCode, message];
}

const STEERED = { labels: ['elf'], classifier: './hat', classifierLabel: 'hat', classifierScale: 20 };

it('a bake file steers by a classifier, and its recipe tells so', async () => {
  await art.describe([
    { ...STEERED, output: 'hat' },
    { labels: ['elf'], output: 'plain' },
    { ...STEERED, classifierScale: 0, output: 'off' },
  ]);
  await run(art.file);
  const files = await art.files();
  await selectBackend({ backend: 'wasm' });
  const [model, classifier] = [createModel(tinyModelFiles()), createNoisyClassifier(tinyClassifierFiles())];
  const steering = { classifier, classifierLabel: 'hat', classifierScale: 20 };
  const [expected] = await generate(model, [{ label: 'elf', seed: 0 }], steering);
  model.dispose();
  classifier.dispose();
  const pixels = (name: string) => Buffer.from(decodePng(files.get(name)!).pixels);
  expect(pixels('hat.png')).toEqual(Buffer.from(expected!));
  expect(pixels('plain.png')).not.toEqual(pixels('hat.png'));
  expect(pixels('off.png')).toEqual(pixels('plain.png'));
  expect(JSON.parse(readPngText(files.get('hat.png')!).figment!)).toMatchObject({
    classifier: 'tiny-hat',
    classifierHash: expect.stringMatching(/^[0-9a-f]{64}$/),
    classifierLabel: 'hat',
    classifierScale: 20,
  });
  expect(JSON.parse(readPngText(files.get('off.png')!).figment!)).not.toHaveProperty('classifier');
});

it('is stale when the classifier is another, and the options say the same as a file', async () => {
  await art.describe([{ ...STEERED, output: 'hat' }]);
  await run(art.file);
  await run(art.file, '--check');
  const steering = ['--classifier', join(art.folder, 'hat'), '--classifier-label', 'hat', '--classifier-scale', '20'];
  await run(join(art.folder, 'tiny'), '--label', 'elf', ...steering, '--out', art.out);
  const files = await art.files();
  expect(files.get('elf-0.png')).toEqual(files.get('hat.png'));
  await writeFilesAtomic(join(art.folder, 'hat'), await classifierFolderFiles(tinyClassifierFiles(undefined, 9)));
  await expect(run(art.file, '--check')).rejects.toThrow(/1 file is not as .* asks; bake it/);
});

it.each<[string, object, RegExp]>([
  ['a label', { ...STEERED, classifierLabel: 'hut' }, /label "hut" is unknown; did you mean "hat"/],
  ['no label', { ...STEERED, classifierLabel: undefined }, /classifierLabel is missing; expected one of hat, no_hat/],
  ['a place', { ...STEERED, classifier: './hut' }, /classifier ".\/hut" does not exist/],
  [
    'a scale alone',
    { labels: ['elf'], classifierScale: 3 },
    /there is a classifierScale but no classifier; name the classifier/,
  ],
])('a bake file with %s that is wrong is refused', async (_, asset, message) => {
  await art.describe([asset]);
  expect(await failure(art.file)).toEqual([2, expect.stringMatching(message)]);
});

it('a classifier of another model is refused, with the remedy', async () => {
  const files = tinyClassifierFiles();
  files.index.figment.scheduler = { ...files.index.figment.scheduler, beta_schedule: 'linear' };
  await writeFilesAtomic(join(art.folder, 'hat'), await classifierFolderFiles(files));
  await art.describe([STEERED]);
  expect(await failure(art.file)).toEqual([
    2,
    expect.stringMatching(/another noise schedule; .*figment train classifier/),
  ]);
});

it('a classifier of other latents is refused before anything is made, at its place in the file', async () => {
  const files = tinyClassifierFiles();
  files.index.figment.model = { name: 'busts', vaeSha256: '0'.repeat(64) };
  await writeFilesAtomic(join(art.folder, 'hat'), await classifierFolderFiles(files));
  await art.describe([{ labels: ['orc'] }, STEERED]);
  const message = /classifier.* of busts, and tiny has another auto-encoder; .*figment train classifier/;
  expect(await failure(art.file)).toEqual([2, expect.stringMatching(message)]);
  expect(await failure(art.file, '--check')).toEqual([2, expect.stringMatching(message)]);
  expect([...(await art.files()).keys()]).toEqual([]);
});
