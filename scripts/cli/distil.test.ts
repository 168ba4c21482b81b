import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as runtime from '../../runtime/index.ts';
import { tinyAttributes, tinyDataset } from '../../runtime/testing/tinyDataset.ts';
import { tinyModelFiles } from '../../runtime/testing/tinyModel.ts';
import { writeFilesAtomic } from '../node/atomicWrite.ts';
import { diskSource } from '../node/diskSource.ts';
import { writeDataset } from '../node/writeDataset.ts';
import { printedBy } from '../testing/printedBy.ts';

let dir: string;
const at = (...names: string[]) => join(dir, ...names);
const { labels } = tinyDataset();

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'figment-distil-'));
  const dataset = { ...tinyDataset({ widthPx: 16, heightPx: 16 }), attribution: 'drawn by formula' };
  await writeDataset(at('data'), dataset, 'shapes');
  await writeFilesAtomic(at('model'), await runtime.modelFolderFiles(tinyModelFiles({ labels, cvae: true })));
});

afterAll(() => rm(dir, { recursive: true }));

const QUICK = ['--backend', 'wasm', '--batch', '2', '--guidance-steps', '1', '--teacher-steps', '4', '--steps', '2'];

const distilOf = (model: string, out: string, ...words: string[]) =>
  printedBy('distil', at(model), '--data', at('data'), '--out', at(out), ...QUICK, ...words);

const distil = (out: string, ...words: string[]) => distilOf('model', out, ...words);

/** The largest change of any weight between two networks, whose weights have the same names. */
function largestChange(before: runtime.ModelFiles['unet'], after: runtime.ModelFiles['unet']): number {
  expect([...after.keys()].sort()).toEqual([...before.keys()].sort());
  const changeOf = ([name, { data }]: [string, { data: ArrayLike<number> }]) =>
    Math.max(...Array.from(data, (value, i) => Math.abs(value - after.get(name)!.data[i]!)));
  return Math.max(...Array.from(before, changeOf));
}

const load = (out: string, parts?: runtime.ModelPart[]) =>
  runtime.loadModelFolder(diskSource(at(out)), parts && { parts });

describe('figment distil', () => {
  it('writes a folder with the student and its teacher, and goes on', async () => {
    expect(await distil('run')).toMatch(/distil: done: 2 steps/);
    expect((await stat(at('run', 'preview-000002.png'))).isFile()).toBe(true);
    const { index, unetConfig, schedulerConfig, conditioning } = await load('run');
    expect(index.figment).toMatchObject({
      sampleDefaults: { sampler: 'ddim', numInferenceSteps: 4, guidanceScale: 2 },
      student: { stepCounts: [1, 2, 4], guidanceScale: [1, 5], teacher: { sampler: 'ddim', numInferenceSteps: 3 } },
    });
    expect(unetConfig).toMatchObject({ class_embed_type: 'identity', num_class_embeds: null });
    expect(schedulerConfig).toMatchObject({ _class_name: 'DDIMScheduler', timestep_spacing: 'trailing' });
    expect(Object.keys(index.figment.sha256)).toContain('cvae/config.json');
    expect([...conditioning!.keys()]).toContain('student.steps.embedding.weight');
    expect(await distil('run', '--resume', '--steps', '3')).toMatch(/distil: done: 3 steps/);
    const log = await readFile(at('run', 'log.jsonl'), 'utf8');
    expect(JSON.parse(log.trim().split('\n')[2]!).metrics).toHaveProperty('steps4');
    await expect(distil('run', '--resume', '--teacher-steps', '8', '--steps', '4')).rejects.toThrow(
      /made with another stages/,
    );
    await expect(distil('run', '--resume', '--split-seed', '5', '--steps', '4')).rejects.toThrow(
      /made with another splitSeed \(0, now 5\)/,
    );
  });

  it('keeps the teacher: its pictures are those that the model made before', async () => {
    const expected = await load('model');
    const before = runtime.createModel({ ...expected, schedulerConfig: (await load('run')).schedulerConfig });
    const files = await load('run', ['unet', 'vae', 'scheduler', 'teacher']);
    const model = runtime.createModel(files);
    const teacher = runtime.createTeacher(model, files);
    const request = [{ label: labels[1]!, seed: 3 }];
    const options = { sampler: 'dpm++', numInferenceSteps: 5 } as const;
    const [one] = await runtime.generate({ model, teacher }, request, options);
    const [other] = await runtime.generate(before, request, options);
    const difference = one!.reduce((most, value, i) => Math.max(most, Math.abs(value - other![i]!)), 0);
    expect(difference, 'but for the rounding of float16').toBeLessThanOrEqual(3);
    for (const network of [teacher, model, before]) network.dispose();
  });

  it('is baked by student or teacher, as the recipe says', async () => {
    const bake = (...words: string[]) =>
      printedBy('bake', at('run'), '--label', labels[0]!, '--out', at('out'), ...words);
    expect(await bake()).toMatch(/ddim, 4 steps, guidance 2/);
    const picture = at('out', `${labels[0]}-0.png`);
    const student = await readFile(picture);
    expect(await bake('--steps', '5')).toMatch(/ddim, 5 steps, guidance 2/);
    expect(await readFile(picture)).not.toEqual(student);
  });

  it('begins with the teacher of a model that was distilled before, as does train ddpm', async () => {
    const again = ['--data', at('data'), '--backend', 'wasm', '--batch', '2', '--steps', '1'];
    await printedBy(
      'distil',
      at('run'),
      ...again,
      '--guidance-steps',
      '0',
      '--teacher-steps',
      '4',
      '--out',
      at('again'),
    );
    const [first, second] = [await load('run', ['teacher']), await load('again', ['teacher'])];
    expect(second.teacher).toEqual(first.teacher);
    expect((await load('again')).index.figment.student).toEqual((await load('run')).index.figment.student);
    await printedBy('train', 'ddpm', ...again, '--vae', at('run'), '--init-from', at('run'), '--out', at('further'));
    expect((await load('further')).index.figment.student).toBeUndefined();
  });

  it('knows its teacher again whatever student lies beside it, and no other', async () => {
    const words = ['--data', at('data'), '--out', at('again'), '--backend', 'wasm', '--batch', '2', '--resume'];
    const resume = (model: string, steps: string) =>
      printedBy('distil', at(model), ...words, '--guidance-steps', '0', '--teacher-steps', '4', '--steps', steps);
    expect(await resume('again', '2')).toMatch(/distil: done: 2 steps/);
    await writeFilesAtomic(at('other'), await runtime.modelFolderFiles(tinyModelFiles({ labels, seed: 2 })));
    await expect(resume('other', '3')).rejects.toThrow(/another teacher .*; go on with that one, or .* --init-from/);
  });

  it('takes the data that its teacher learned from: opaque, in two folders, and their attributes in its order', async () => {
    const plain = tinyDataset({ widthPx: 16, heightPx: 16 });
    const opaque = { ...plain, channels: 3 as const, images: plain.images.filter((_, i) => i % 4 !== 3) };
    const [tone, growth] = tinyAttributes();
    const more = { ...tone!, values: ['dark', 'plain', 'light', 'pale'] } as runtime.AttributeColumn;
    const write = (name: string, attributes: runtime.AttributeColumn[]) =>
      writeDataset(at(name), { ...opaque, attribution: 'drawn by formula', attributes }, 'shapes');
    await write('opaque', [tone!, growth!]);
    await write('paler', [more]);
    const attributes = runtime.vocabularyOf([growth!, more]);
    const model = tinyModelFiles({ labels, attributes });
    await writeFilesAtomic(at('knowing'), await runtime.modelFolderFiles(model));
    const of = (out: string, ...words: string[]) =>
      printedBy('distil', at('knowing'), '--data', at('opaque'), '--out', at(out), ...QUICK, ...words);
    await expect(of('refused')).rejects.toThrow(/other attributes, or other values of them/);
    await of('known', '--extra-data', at('paler'), '--hold-out-by', 'tone', '--held-out', '0.5');
    expect((await load('known')).index.figment.attributes).toEqual(attributes);
  });

  it('guides the teacher within an interval, which the model keeps, until it is told of another', async () => {
    const intervalOf = async (out: string) => (await load(out)).index.figment.student!.teacher.guidanceInterval;
    await distil('limited', '--guidance-interval', '0,650');
    expect(await intervalOf('limited')).toEqual([0, 650]);
    const on = (out: string, ...words: string[]) =>
      printedBy('distil', at('limited'), '--data', at('data'), '--out', at(out), ...QUICK, ...words);
    await on('limited-on');
    expect(await intervalOf('limited-on')).toEqual([0, 650]);
    await on('otherwise', '--guidance-interval', '100,500');
    expect(await intervalOf('otherwise')).toEqual([100, 500]);
    await expect(on('limited-on', '--resume', '--guidance-interval', '1,2')).rejects.toThrow(/guidanceInterval/);
  });

  it('encodes the data for its first stage alone', async () => {
    const isEncoded = (out: string) => existsSync(at(out, 'latents.safetensors'));
    await distil('guided', '--steps', '1');
    expect(isEncoded('guided')).toBe(true);
    await distil('unguided-stage', '--steps', '1', '--guidance-steps', '0');
    expect(isEncoded('unguided-stage')).toBe(false);
  });

  it('keeps the palette that the model was given before it goes on', async () => {
    await distil('coloured', '--steps', '1');
    await printedBy('palette', at('coloured'), '--data', at('data'));
    const { palette } = (await load('coloured')).index.figment;
    expect(palette).toBeDefined();
    await distil('coloured', '--steps', '2', '--resume');
    expect((await load('coloured')).index.figment.palette).toEqual(palette);
  });

  it('goes on with a student that was taught before', async () => {
    const still = ['--learning-rate', '1e-12', '--guidance-steps', '0'];
    await distilOf('run', 'on', '--init-from', at('run'), ...still);
    const [first, on] = [await load('run'), await load('on')];
    expect(largestChange(first.unet, on.unet)).toBeLessThan(1e-6);
    expect(largestChange(first.conditioning!, on.conditioning!)).toBeLessThan(1e-6);
    await distil('untaught', ...still);
    expect(largestChange(first.unet, (await load('untaught')).unet)).toBeGreaterThan(1e-5);
    await expect(distil('refused', '--init-from', at('model'))).rejects.toThrow(/has no student to begin with/);
  });

  it('says what is wrong with model, data and steps', async () => {
    const { index, ...files } = tinyModelFiles({ labels });
    const unet = { ...(files.unetConfig as object), num_class_embeds: 4 };
    const figmentEntry = { ...index.figment, nullLabel: null };
    const none = {
      ...files,
      unetConfig: unet,
      index: { ...index, labels: [...labels, 'other'], figment: figmentEntry },
    };
    await writeFilesAtomic(at('unguided'), await runtime.modelFolderFiles(none));
    const others = await runtime.modelFolderFiles(tinyModelFiles({ labels: ['elf', 'orc', 'troll'] }));
    await writeFilesAtomic(at('others'), others);
    const of = (model: string, ...words: string[]) =>
      printedBy('distil', at(model), '--data', at('data'), '--out', at('refused'), '--steps', '1', ...words);
    await expect(of('others')).rejects.toThrow(/model and data have different labels/);
    await expect(of('model', '--teacher-steps', '6')).rejects.toThrow(/expected multiples of the student's 4/);
    await expect(printedBy('distil', at('model'), '--data', at('data'), '--out', at('refused'))).rejects.toThrow(
      /how long/,
    );
  });
});
