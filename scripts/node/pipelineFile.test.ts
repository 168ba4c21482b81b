import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { formatPalette, numPaletteRows, type StoredPalette } from '../../runtime/core/palettePrior.ts';
import { uniforms } from '../../runtime/core/random.ts';
import {
  type Attributes,
  createModel,
  createTeacher,
  generate,
  loadModelFolder,
  memorySource,
  type SampleOptions,
  selectBackend,
} from '../../runtime/index.ts';
import { withJson } from '../../runtime/testing/foreignFolders.ts';
import {
  TINY_FRAMES,
  TINY_MODEL_DEFAULTS,
  type TinyModelOptions,
  tinyModelFolder,
} from '../../runtime/testing/tinyModel.ts';
import { findPython } from '../testing/python.ts';
import { writeFilesAtomic } from './atomicWrite.ts';
import { packageRoot } from './packageRoot.ts';
import { withPipeline } from './pipelineFile.ts';

const MODELS = join(packageRoot(), 'assets', 'models');
const run = promisify(execFile);

const python = findPython('torch', 'diffusers');

it('is in every model folder of the package, and the same in all', async () => {
  const expected = Buffer.from((await withPipeline({}))['pipeline.py']!).toString();
  expect(expected).toContain('class FigmentPipeline(DiffusionPipeline)');
  for (const name of readdirSync(MODELS)) {
    if (!existsSync(join(MODELS, name, 'model_index.json'))) continue;
    expect(readFileSync(join(MODELS, name, 'pipeline.py'), 'utf8')).toBe(expected);
  }
});

it('leaves the index last', async () => {
  const files = await withPipeline(await tinyModelFolder());
  expect(Object.keys(files).at(-1)).toBe('model_index.json');
});

const ATTRIBUTES = { hair: ['black', 'red'], wear: { min: 0, max: 2 } };
const REQUEST = { label: 'orc', attributes: { hair: 'red', wear: 0.5 }, seed: 7 };

const SCRIPT = `
import json, sys
from diffusers import DiffusionPipeline
folder = sys.argv[1]
pipe = DiffusionPipeline.from_pretrained(folder, custom_pipeline=folder, trust_remote_code=True)
for options in json.loads(sys.argv[2]):
    picture = pipe(label="orc", seed=7, **options).images[0]
    sys.stdout.buffer.write(picture.convert("RGBA").tobytes())
`;

it
  .skipIf(!python)
  .each<TinyModelOptions>([
    { circularPadding: true },
    { sizePx: 8, heightPx: 12, frames: TINY_FRAMES },
    { sizePx: 8, frames: TINY_FRAMES, patchSize: 2 },
  ])('gives our picture in Python, of a model with %j', async (options) => {
  expect(await differenceToPython(options, [{}])).toBeLessThanOrEqual(1);
});

it.skipIf(!python)('gives our pictures in Python, of a student and of its teacher', async () => {
  const difference = await differenceToPython({ circularPadding: true, student: true }, [
    { numInferenceSteps: 2, guidanceScale: 4.5 },
    { numInferenceSteps: 5, guidanceScale: 3 },
    { numInferenceSteps: 4, guidanceScale: 6 },
  ]);
  expect(difference).toBeLessThanOrEqual(1);
});

it.skipIf(!python).each<[Attributes, TinyModelOptions]>([
  [REQUEST.attributes, {}],
  [{ wear: 1.5 }, {}],
  [{}, { channels: 6 }],
])(
  'gives our picture in Python in the colours of a palette, for attributes %j of a model with %j',
  async (asked, options) => {
    const samplings = [{}, { guidanceScale: 0 }];
    expect(await differenceToPython({ ...options, palette: randomPalette() }, samplings, asked)).toBeLessThanOrEqual(1);
  },
);

it.skipIf(!python).each<[string, TinyModelOptions, number]>([
  ['one', {}, 16 * 16],
  ['several', { frames: TINY_FRAMES }, 16 * 16 * new Set(TINY_FRAMES.map(({ direction }) => direction)).size],
])('gives our picture in Python where a palette knows places, of %s frames', async (_, options, numPixels) => {
  expect(await differenceToPython({ ...options, palette: randomPalette(numPixels) }, [{}])).toBeLessThanOrEqual(1);
});

/**
 * Few colours, any of which may be as likely for a label or an attribute as another is unlikely.
 * @param placesOf so many pixels of all views, in which some colours are likelier than others
 */
function randomPalette(placesOf = 0): StoredPalette {
  const bytes = (stream: number, count: number) => Uint8Array.from(uniforms(1, stream, count), (value) => 256 * value);
  const numRows = numPaletteRows(TINY_MODEL_DEFAULTS.labels.length, ATTRIBUTES);
  const [logits, offsets] = [bytes(1, numRows * 20), bytes(2, 3 * 20)].map(({ buffer }) => new Int8Array(buffer));
  const palette = { colours: bytes(0, 3 * 20), logits: logits!, deviation: 0.1, sure: 0.9 };
  if (!placesOf) return formatPalette(palette);
  const places = { parts: bytes(3, 4 * placesOf), shares: bytes(4, 4 * 20).map((byte) => byte / 4) };
  return formatPalette({ ...palette, offsets: offsets!.map((offset) => offset / 8), places });
}

/** The largest between our pictures of a tiny model and Python's, one for each of the samplings, in bytes. */
async function differenceToPython(
  { palette, ...modelOptions }: TinyModelOptions & { palette?: StoredPalette },
  samplings: SampleOptions[],
  attributes: Attributes = REQUEST.attributes,
): Promise<number> {
  const tiny = await tinyModelFolder({ attributes: ATTRIBUTES, ...modelOptions });
  const { figment } = JSON.parse(new TextDecoder().decode(tiny['model_index.json']));
  const files = withJson(tiny, 'model_index.json', {
    figment: { ...figment, palette },
    unet: ['diffusers', 'UNet2DModel'],
    vae: ['diffusers', 'AutoencoderKL'],
    scheduler: ['diffusers', 'DDIMScheduler'],
  });
  const dir = await mkdtemp(join(tmpdir(), 'figment-python-'));
  await writeFilesAtomic(dir, await withPipeline(files));
  await writeFile(join(dir, 'run.py'), SCRIPT);
  const asked = samplings.map(({ numInferenceSteps, guidanceScale }) => ({
    attributes,
    num_inference_steps: numInferenceSteps,
    guidance_scale: guidanceScale,
  }));
  const words = [join(dir, 'run.py'), dir, JSON.stringify(asked)];
  const { stdout } = await run(python!, words, { encoding: 'buffer' });
  await rm(dir, { recursive: true });
  await selectBackend({ backend: 'wasm' });
  const source = memorySource(files);
  const model = createModel(await loadModelFolder(source));
  const teacher = modelOptions.student
    ? createTeacher(model, await loadModelFolder(source, { parts: ['teacher'] }))
    : null;
  const ours: Uint8Array[] = [];
  for (const sampling of samplings)
    ours.push(...(await generate({ model, teacher }, [{ ...REQUEST, attributes }], sampling)));
  teacher?.dispose();
  model.dispose();
  const all = ours.flatMap((picture) => [...picture]);
  expect(stdout.length).toBe(all.length);
  return Math.max(...all.map((value, i) => Math.abs(value - stdout[i]!)));
}
