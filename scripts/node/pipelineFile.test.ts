import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import {
  createModel,
  createTeacher,
  generate,
  loadModelFolder,
  memorySource,
  type SampleOptions,
  selectBackend,
} from '../../runtime/index.ts';
import { withJson } from '../../runtime/testing/foreignFolders.ts';
import { TINY_FRAMES, type TinyModelOptions, tinyModelFolder } from '../../runtime/testing/tinyModel.ts';
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
    pixels = pipe(label="orc", attributes={"hair": "red", "wear": 0.5}, seed=7, output_type="np", **options).images[0]
    sys.stdout.buffer.write(pixels.tobytes())
`;

it
  .skipIf(!python)
  .each<TinyModelOptions>([{ circularPadding: true }, { sizePx: 8, heightPx: 12, frames: TINY_FRAMES }])(
  'gives our picture in Python, of a model with %j',
  async (options) => {
    expect(await differenceToPython(options, [{}])).toBeLessThanOrEqual(1);
  },
);

it.skipIf(!python)('gives our pictures in Python, of a student and of its teacher', async () => {
  const difference = await differenceToPython({ circularPadding: true, student: true }, [
    { numInferenceSteps: 2, guidanceScale: 4.5 },
    { numInferenceSteps: 5, guidanceScale: 3 },
    { numInferenceSteps: 4, guidanceScale: 6 },
  ]);
  expect(difference).toBeLessThanOrEqual(1);
});

/** The largest between our pictures of a tiny model and Python's, one for each of the samplings, in bytes. */
async function differenceToPython(modelOptions: TinyModelOptions, samplings: SampleOptions[]): Promise<number> {
  const tiny = await tinyModelFolder({ attributes: ATTRIBUTES, ...modelOptions });
  const files = withJson(tiny, 'model_index.json', {
    unet: ['diffusers', 'UNet2DModel'],
    vae: ['diffusers', 'AutoencoderKL'],
    scheduler: ['diffusers', 'DDIMScheduler'],
  });
  const dir = await mkdtemp(join(tmpdir(), 'figment-python-'));
  await writeFilesAtomic(dir, await withPipeline(files));
  await writeFile(join(dir, 'run.py'), SCRIPT);
  const asked = samplings.map(({ numInferenceSteps, guidanceScale }) => ({
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
  for (const sampling of samplings) ours.push(...(await generate({ model, teacher }, [REQUEST], sampling)));
  teacher?.dispose();
  model.dispose();
  const all = ours.flatMap((picture) => [...picture]);
  expect(stdout.length).toBe(all.length);
  return Math.max(...all.map((value, i) => Math.abs(value - stdout[i]!)));
}
