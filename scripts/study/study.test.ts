import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memory } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import * as runtime from '../../runtime/index.ts';
import { tinyDataset } from '../../runtime/testing/tinyDataset.ts';
import { tinyModelFiles } from '../../runtime/testing/tinyModel.ts';
import { modelFolderFiles } from '../../runtime/weights/modelFolderFiles.ts';
import { writeFilesAtomic } from '../node/atomicWrite.ts';
import { decodePng } from '../node/png.ts';
import { writeDataset } from '../node/writeDataset.ts';
import type { StudyPart } from './part.ts';
import { drawFigure, type Figure } from './plot.ts';
import { PARTS } from './runStudy.ts';
import { studyCommand } from './study.ts';

/** Networks and judge are trained with small batches and paint in few steps; the course of things is the same. */
const SMALL = { batchSize: 4, microBatchSize: 4 };
const { classifierTrainer, conditionalVaeTrainer, defaultClassifierConfig, diffusionTrainer, generate } = runtime;

let dir: string;
const at = (...names: string[]) => join(dir, ...names);

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'figment-study-'));
  vi.stubEnv('XDG_CACHE_HOME', at('cache')); // where judges are kept
  vi.spyOn(runtime, 'defaultClassifierConfig').mockImplementation((data) => ({
    ...defaultClassifierConfig(data),
    block_out_channels: [8, 16, 16], // a distance takes the cube of the last
  }));
  vi.spyOn(runtime, 'classifierTrainer').mockImplementation((data, indices, config, options, ...rest) =>
    classifierTrainer(data, indices, config, { ...runtime.CLASSIFIER_DEFAULTS, ...options, ...SMALL }, ...rest),
  );
  vi.spyOn(runtime, 'conditionalVaeTrainer').mockImplementation((data, indices, config, options, ...rest) =>
    conditionalVaeTrainer(data, indices, config, { ...options, ...SMALL }, ...rest),
  );
  vi.spyOn(runtime, 'diffusionTrainer').mockImplementation((data, statistics, config, options, ...rest) =>
    diffusionTrainer(data, statistics, config, { ...options, ...SMALL }, ...rest),
  );
  vi.spyOn(runtime, 'generate').mockImplementation((model, requests, options) =>
    generate(model, requests, options?.numInferenceSteps ? { ...options, numInferenceSteps: 3 } : options),
  );
  const dataset = { ...tinyDataset({ perClass: 48, widthPx: 16, heightPx: 16 }), attribution: 'drawn by formula' };
  await writeDataset(at('data'), dataset, 'shapes');
  const files = tinyModelFiles({ labels: dataset.labels, sizePx: 16 });
  const channels = files.vaeConfig as { latent_channels: number };
  const ones = Array<number>(channels.latent_channels).fill(1);
  const vaeConfig = { ...channels, latents_mean: ones.map(() => 0), latents_std: ones };
  await writeFilesAtomic(at('model'), await modelFolderFiles({ ...files, vaeConfig }));
});

afterAll(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await rm(dir, { recursive: true });
});

const FAST = ['--minutes', '0.002', '--images-per-class', '2', '--judge-steps', '5', '--backend', 'wasm'];

/** Runs `npm run study -- …`; returns what it prints. */
async function study(only: string): Promise<string> {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  try {
    const folders = ['--data', at('data'), '--model', at('model'), '--out', at('out'), '--work', at('work')];
    await studyCommand()
      .exitOverride()
      .configureOutput({ writeErr: () => {} })
      .parseAsync([...folders, ...FAST, '--only', only], { from: 'user' });
    return log.mock.calls.map(([line]) => line).join('\n');
  } finally {
    log.mockRestore();
  }
}

const results = async (part: string) => JSON.parse(await readFile(at('out', `${part}.json`), 'utf8'));

function leaves(value: unknown): unknown[] {
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(leaves) : [value];
}

/** A part of each kind: prediction is made as schedule is, and the other two are many cases of guidance's kind. */
const MEASURED = PARTS.filter(({ name }) => ['kl', 'pipelines', 'schedule', 'guidance'].includes(name));

describe.each(MEASURED)('the part $name', (part) => {
  it('measures each of its cases, draws and leaves no tensor behind', async () => {
    const before = memory().numTensors;
    await study(part.name);
    expect(memory().numTensors).toBe(before);
    const { question, settings, units, cases } = await results(part.name);
    expect(question).toBe(part.question);
    expect(settings).toMatchObject({ data: 'tiny', judgeSteps: 5 });
    expect(Object.keys(cases)).toEqual(part.cases);
    for (const numbers of Object.values(cases)) {
      expect(new Set(Object.keys(numbers as object))).toEqual(new Set(Object.keys(units)));
    }
    for (const value of leaves(cases)) expect(value).toSatisfy(Number.isFinite);
    for (const { accuracy, spread, frechet } of Object.values(cases) as Record<string, number>[]) {
      const numRecognised = accuracy! * 6; // of two pictures of each of three labels
      expect(Math.abs(numRecognised - Math.round(numRecognised))).toBeLessThan(0.01);
      expect(accuracy).toBeLessThanOrEqual(1);
      expect(Math.min(spread!, frechet!)).toBeGreaterThanOrEqual(0);
    }
    const pictures = (await readdir(at('out'))).filter((file) => file.startsWith(part.name) && file.endsWith('.png'));
    expect(pictures.length).toBeGreaterThanOrEqual(2);
    const sheet = decodePng(new Uint8Array(await readFile(at('out', `${part.name}-sheet.png`))));
    expect(sheet.height).toBe(2 * 16 * part.cases.length);
  });
});

/** Every plotted value of a figure with what it stands for: the line's x, or the bar's group, and the series' name. */
function plotted(figure: Figure): { place: string; series: string; value: number }[] {
  if (figure.kind === 'lines') {
    return figure.lines.flatMap(({ name, points }) =>
      points.map(([x, value]) => ({ place: String(x), series: name, value })),
    );
  }
  return figure.bars.flatMap(({ name, values }) =>
    values.map((value, i) => ({ place: figure.groups[i]!, series: name, value })),
  );
}

const KEYS = ['accuracy', 'spread', 'frechet', 'msPerPicture', 'distance', 'reconstructionError'];
/** How the plots name a quantity in prose. */
const IN_WORDS: Record<string, RegExp> = {
  frechet: /distance/,
  msPerPicture: /millisecond/,
  reconstructionError: /error/,
};

it.each(PARTS)('plots the numbers of $name where they belong, once each', (part) => {
  // Every number says where it comes from: case i, quantity j.
  const numbers = Object.fromEntries(
    part.cases.map((name, i) => [name, Object.fromEntries(KEYS.map((key, j) => [key, 0.01 + i + 0.1 * j]))]),
  );
  const figures = Object.values(part.figures(numbers));
  expect(figures.length).toBeGreaterThan(0);
  for (const figure of figures) {
    const values = plotted(figure);
    expect(new Set(values.map(({ value }) => value)).size).toBe(values.length);
    expect(values.length % part.cases.length).toBe(0);
    for (const { place, series, value } of values) {
      const name = part.cases[Math.floor(value)]!;
      const key = KEYS[Math.round(10 * (value - 0.01 - Math.floor(value)))]!;
      expect(numbers[name]![key]).toBe(value);
      const number = /[\d.]+$/.exec(place)?.[0];
      expect(number ?? place, `${place} of ${name}`).toBe(number ? /[\d.]+$/.exec(name)![0] : name);
      const title = 'y' in figure ? `${series} ${figure.y.name}` : series;
      expect(title).toMatch(IN_WORDS[key] ?? new RegExp(`${key}|difference`));
    }
  }
});

it.each(['bars', 'lines'])('draws figures of %s', (kind) => {
  const numbers = (part: StudyPart) =>
    Object.fromEntries(part.cases.map((name, i) => [name, Object.fromEntries(KEYS.map((key) => [key, 0.1 * i]))]));
  const figures = PARTS.flatMap((part) => Object.values(part.figures(numbers(part))));
  const { width, height, pixels } = decodePng(drawFigure(figures.find((figure) => figure.kind === kind)!));
  expect([width, height]).toEqual([1120, 660]);
  expect(new Set(pixels).size).toBeGreaterThan(20); // something is drawn
});

it('goes on where it was: what is done is neither trained nor painted again', async () => {
  const timesOf = async () => {
    const files = await readdir(at('work'), { recursive: true });
    const named = files.filter((file) => /^(schedule|models)/.test(file) && /\.(json|safetensors)$/.test(file));
    return Promise.all(named.sort().map(async (file) => [file, (await stat(at('work', file))).mtimeMs]));
  };
  const [before, first] = [await timesOf(), await results('schedule')];
  expect(before.length).toBeGreaterThan(3);
  await rm(at('out'), { recursive: true });
  await study('schedule');
  expect(await timesOf()).toEqual(before);
  expect(await results('schedule')).toEqual(first);
});

it('takes no data set for granted', async () => {
  const command = studyCommand().exitOverride();
  const asked = command.configureOutput({ writeErr: () => {} }).parseAsync(['--only', 'kl'], { from: 'user' });
  await expect(asked).rejects.toThrow(/required option '--data <dir>' not specified/);
});

it('refuses a part that it does not have', async () => {
  await expect(study('gidance')).rejects.toThrow(/there is no part "gidance"; expected some of kl, /);
});
