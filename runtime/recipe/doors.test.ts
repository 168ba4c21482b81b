// Whichever way a recipe comes in, the verdict is the same: one list of good and bad recipes goes through every door.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Texture } from '@babylonjs/core/Materials/Textures/texture.js';
import { Logger } from '@babylonjs/core/Misc/logger.js';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parseHash } from '../../demo-scene/lab/hash.ts';
import { AssetGenerator, GeneratedTexture } from '../../plugin/index.ts';
import { createScene } from '../../plugin/testing/tinyScene.ts';
import type { BakeAsset } from '../../scripts/bake/bakeFileSchema.ts';
import { planBake } from '../../scripts/bake/planBake.ts';
import { describedBake } from '../../scripts/bake/readBakeFile.ts';
import { parseImport } from '../../scripts/bundlers/importRequest.ts';
import { createProgram } from '../../scripts/cli/program.ts';
import { writeFilesAtomic } from '../../scripts/node/atomicWrite.ts';
import { selectBackend } from '../backends/selectBackend.ts';
import { createConditionalVae } from '../sampling/conditionalVae.ts';
import { generate } from '../sampling/generate.ts';
import { createModel } from '../sampling/model.ts';
import { tinyModelFiles, tinyModelFolder } from '../testing/tinyModel.ts';
import type { LabelBlend, RecipeOptions } from './recipe.ts';

type Entries = Partial<RecipeOptions>;
/** What a door says of a recipe: null, or why it is refused. */
type Door = (entries: Entries) => Promise<string | null>;

const TINY = { cvae: true };
const ELF = { label: 'elf', seed: 7 };
let folder: string;
let generator: AssetGenerator;

beforeAll(async () => {
  await selectBackend({ backend: 'wasm' });
  folder = await mkdtemp(join(tmpdir(), 'figment-doors-'));
  await writeFilesAtomic(join(folder, 'tiny'), await tinyModelFolder(TINY));
  const options = { compute: 'thread', backend: 'wasm', frameBudgetMs: 20 } as const;
  generator = await AssetGenerator.LoadAsync(await tinyModelFolder(TINY), createScene(), options);
});

afterAll(async () => {
  generator.dispose();
  await rm(folder, { recursive: true });
});

const messageOfRefusal = (error: unknown) => String((error as Error).message);

const plugin: Door = async (entries) => {
  try {
    const { texture, finished } = generator.beginTexture({ ...ELF, ...entries });
    texture.dispose();
    await finished.catch(() => {}); // it was disposed
    return null;
  } catch (error) {
    return messageOfRefusal(error);
  }
};

/** A texture of a scene file, which the generator of its scene paints again. */
const sceneFile: Door = async (entries) => {
  const saved = (await generator.generateTextureAsync({ ...ELF, numInferenceSteps: 1 })).serialize()!;
  const logged = vi.spyOn(Logger, 'Error').mockImplementation(() => {});
  const texture = GeneratedTexture.Parse({ ...saved, recipe: { ...ELF, ...entries } }, generator.scene, '');
  const failed = new Promise<string>((resolve) => {
    const observer = Texture.OnTextureLoadErrorObservable.add((which) => {
      if (which !== texture) return;
      Texture.OnTextureLoadErrorObservable.remove(observer);
      resolve(String(logged.mock.calls.at(-1)![0]));
    });
  });
  const painted = new Promise<null>((resolve) => texture.onGeneratedObservable.addOnce(() => resolve(null)));
  const verdict = await Promise.race([failed, painted]);
  logged.mockRestore();
  texture.dispose();
  return verdict;
};

const runtime: Door = async (entries) => {
  const files = tinyModelFiles(TINY);
  const networks = { model: createModel(files), cvae: createConditionalVae(files) };
  try {
    const { classifier: _named, ...options } = entries; // here it is the network itself
    await generate(networks, [ELF], options);
    return null;
  } catch (error) {
    return messageOfRefusal(error);
  } finally {
    networks.model.dispose();
    networks.cvae.dispose();
  }
};

const planned = async (asset: Omit<BakeAsset, 'name'>): Promise<string | null> => {
  try {
    await planBake(describedBake({ figment: 1, assets: [{ name: 'elf', ...asset }] }, folder));
    return null;
  } catch (error) {
    return messageOfRefusal(error);
  }
};

const bakeFile: Door = ({ image: _i, mask: _m, ...entries }) =>
  planned({ model: './tiny', labels: ['elf'], seeds: [7], ...entries } as Omit<BakeAsset, 'name'>);

/** Attributes as `hair=red`, numbers and lists as they are written. */
function textOf(value: unknown): string {
  const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isRecord
    ? Object.entries(value)
        .map((pair) => pair.join('='))
        .join()
    : String(value);
}

const textOfBlend = ({ label, amount }: LabelBlend) => `${label}=${amount}`;

/** An address holds texts: `guidanceInterval=200,800`. */
const imported: Door = async ({ interpolate, blend, ...entries }) => {
  const query = new URLSearchParams(blend && { blend: textOfBlend(blend) });
  for (const [name, value] of Object.entries(entries)) query.set(name === 'attributes' ? 'with' : name, textOf(value));
  for (const [name, value] of Object.entries(interpolate ?? {})) {
    query.set(`interpolate${name[0]!.toUpperCase()}${name.slice(1)}`, String(value));
  }
  try {
    const { asset } = parseImport(`figment:tiny/elf?${query}`, { tiny: './tiny' });
    return await planned(asset);
  } catch (error) {
    return messageOfRefusal(error);
  }
};

const OPTION_NAMES: Record<string, string> = {
  attributes: 'with',
  guidanceScale: 'guidance',
  numInferenceSteps: 'steps',
  widthPx: 'width',
  heightPx: 'height',
};

const commandLine: Door = async ({ interpolate, blend, keepAlpha, ...entries }) => {
  const words = Object.entries(entries).flatMap(([name, value]) => {
    const option = OPTION_NAMES[name] ?? name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    return [`--${option}`, textOf(value)];
  });
  if (keepAlpha !== undefined) words.push(keepAlpha ? '--keep-alpha' : '--no-keep-alpha');
  if (blend) words.push('--blend', textOfBlend(blend));
  if (interpolate)
    words.push('--interpolate-seed', `${interpolate.seed}`, '--interpolate-amount', `${interpolate.amount}`);
  const silent = [vi.spyOn(console, 'log'), vi.spyOn(process.stderr, 'write'), vi.spyOn(process.stdout, 'write')];
  for (const spy of silent)
    (spy as unknown as { mockImplementation(f: () => boolean): void }).mockImplementation(() => true);
  const asked = ['bake', join(folder, 'tiny'), '--label', 'elf', '--seed', '7', '--backend', 'wasm', ...words];
  try {
    await createProgram().parseAsync([...asked, '--out', join(folder, 'out')], { from: 'user' });
    return null;
  } catch (error) {
    return messageOfRefusal(error);
  } finally {
    for (const spy of silent) spy.mockRestore();
  }
};

/** The lab's address, for the entries that its controls have. */
const LAB_NAMES: Record<string, string> = {
  guidanceScale: 'guidance',
  guidanceRescale: 'rescale',
  numInferenceSteps: 'steps',
  sampler: 'sampler',
  eta: 'eta',
  seed: 'seed',
};

const lab: Door = async (entries) => {
  const pairs = Object.entries(entries).map(([name, value]) => `${LAB_NAMES[name]}=${value}`);
  const { notes } = parseHash(`#label=elf&${pairs.join('&')}`, generator.info);
  return notes[0] ?? null;
};
/** A text holds words and numbers alone, and at least one attribute. */
const isText = (entries: Entries) =>
  Object.values(entries.attributes ?? { hair: '' }).length > 0 &&
  Object.values(entries.attributes ?? {}).every((value) => typeof value !== 'object');
const isInLab = (entries: object) => Object.keys(entries).every((name) => name in LAB_NAMES);

/** Good recipes, and bad ones with the entry that every door has to name. */
const RECIPES: [entries: Entries, wrong: RegExp | null][] = [
  [{}, null],
  [{ numInferenceSteps: 2 }, null],
  [{ guidanceScale: 0 }, null],
  [{ guidanceScale: 3, guidanceRescale: 0.7, guidanceInterval: [200, 800] }, null],
  [{ sampler: 'ddim', eta: 0.5 }, null],
  [{ sampler: 'euler' }, null],
  [{ interpolate: { seed: 9, amount: 0.5 } }, null],
  [{ pipeline: 'cvae' }, null],
  [{ pipeline: 'cvae+ddpm', strength: 0.5 }, null],
  [{ widthPx: 16, heightPx: 16 }, null],
  [{ guidanceScale: 21 }, /guidance/i],
  [{ guidanceScale: -1 }, /guidance/i],
  [{ guidanceRescale: 2 }, /rescale/i],
  [{ guidanceInterval: [800, 200] }, /interval/i],
  [{ numInferenceSteps: 0 }, /steps/i],
  [{ numInferenceSteps: 2.5 }, /steps/i],
  [{ numInferenceSteps: 1001 }, /steps/i],
  [{ sampler: 'magic' as 'ddim' }, /sampler/],
  [{ sampler: 'dpm++', eta: 0.5 }, /eta is for the sampler ddim/],
  [{ sampler: 'ddim', eta: 2 }, /eta/],
  [{ interpolate: { seed: 9, amount: 2 } }, /amount/],
  [{ interpolate: { seed: -9, amount: 0.5 } }, /seed/],
  [{ classifierScale: 101 }, /classifier-?scale/i],
  [{ classifierScale: 5 }, /there is a classifierScale but no classifier/],
  [{ classifierLabel: 'hat' }, /there is a classifierLabel but no classifier/],
  [{ pipeline: 'gan' as 'cvae' }, /pipeline/],
  [{ pipeline: 'cvae', guidanceScale: 3 }, /the pipeline cvae makes a picture in one pass/],
  [{ pipeline: 'cvae', strength: 0.5 }, /there is a strength but no image/],
  [{ strength: 0.5 }, /there is a strength but no image/],
  [{ strength: 2 }, /strength/],
  [{ resamples: 3 }, /there is a resamples but no image/],
  [{ keepAlpha: true }, /there is a keepAlpha but no image/],
  [{ attributes: {} }, null],
  [{ attributes: { hair: 'red' } }, /attribute "hair" is unknown; this model has no attributes/],
  [{ attributes: { hair: [true] } as never }, /attributes\.hair/],
  [{ sameAs: { hair: 'red' } }, /attribute "hair" is unknown; this model has no attributes/],
  [{ blend: { label: 'orc', amount: 0.5 } }, /tells its labels apart by number.*leave out blend/],
  [{ blend: { label: 'elff', amount: 0.5 } }, /label "elff" is unknown/],
  [{ blend: { label: 'orc', amount: 2 } }, /blend/],
  [{ sameFor: 0.5 }, /there is a sameFor but no sameAs/],
  [{ widthPx: 32 }, /makes 16×16 alone/],
  [{ widthPx: 0 }, /width/i],
];

describe.each<[string, Door, (entries: object) => boolean]>([
  ['the plugin', plugin, () => true],
  ['a scene file', sceneFile, () => true],
  ['the runtime', runtime, () => true],
  ['a bake file', bakeFile, () => true],
  ['an import', imported, isText],
  ['the command line', commandLine, isText],
  ['the lab', lab, isInLab],
])('%s', (_, door, takes) => {
  it.each(RECIPES.filter(([entries]) => takes(entries)))('%j', async (entries, wrong) => {
    const verdict = await door(entries);
    if (wrong) expect(verdict).toMatch(wrong);
    else expect(verdict).toBeNull();
  });
});
