import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { createModel, generate, loadModelFolder, memorySource, selectBackend } from '../../runtime/index.ts';
import { withJson } from '../../runtime/testing/foreignFolders.ts';
import { TINY_FRAMES, tinyModelFolder } from '../../runtime/testing/tinyModel.ts';
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

const SCRIPT = `
import sys
from diffusers import DiffusionPipeline
folder = sys.argv[1]
pipe = DiffusionPipeline.from_pretrained(folder, custom_pipeline=folder, trust_remote_code=True)
pixels = pipe(label="orc", attributes={"hair": "red", "wear": 0.5}, seed=7, output_type="np").images[0]
sys.stdout.buffer.write(pixels.tobytes())
`;

const attributes = { hair: ['black', 'red'], wear: { min: 0, max: 2 } };

it.skipIf(!python).each([
  { attributes, circularPadding: true },
  { attributes, sizePx: 8, heightPx: 12, frames: TINY_FRAMES },
])('gives our picture in Python, of a model with %j', async (options) => {
  const parts = {
    unet: ['diffusers', 'UNet2DModel'],
    vae: ['diffusers', 'AutoencoderKL'],
    scheduler: ['diffusers', 'DDIMScheduler'],
  };
  const tiny = await tinyModelFolder(options);
  const files = withJson(tiny, 'model_index.json', parts);
  const dir = await mkdtemp(join(tmpdir(), 'figment-python-'));
  await writeFilesAtomic(dir, await withPipeline(files));
  await writeFile(join(dir, 'run.py'), SCRIPT);
  const { stdout } = await run(python!, [join(dir, 'run.py'), dir], { encoding: 'buffer' });
  await selectBackend({ backend: 'wasm' });
  const model = createModel(await loadModelFolder(memorySource(files)));
  const [ours] = await generate(model, [{ label: 'orc', attributes: { hair: 'red', wear: 0.5 }, seed: 7 }]);
  model.dispose();
  await rm(dir, { recursive: true });
  expect(stdout.length).toBe(ours!.length);
  expect(Math.max(...ours!.map((value, i) => Math.abs(value - stdout[i]!)))).toBeLessThanOrEqual(1);
});
