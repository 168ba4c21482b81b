import { dispose, type Tensor2D, tidy } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { selectBackend } from '../backends/selectBackend.ts';
import { type Attributes, encodeAttributes, type Vocabulary } from '../core/attributes.ts';
import { conditioningShapes, conditioningVectors } from '../networks/conditioning.ts';
import { conditioningConfig } from '../networks/conditioningConfig.ts';
import { unet2dShapes } from '../networks/unet2d.ts';
import { timeChannels } from '../networks/unet2dEmbedding.ts';
import { uploadWeights } from '../networks/uploadWeights.ts';
import { expectClose } from '../testing/matchers.ts';
import { randomWeights, tinyUNetConfig } from '../testing/tinyNetworks.ts';
import { adaptConditioning, type ConditionedNetwork, type KnownNetwork } from './adaptConditioning.ts';
import { splitConditioning } from './conditionedNetwork.ts';

const LABELS = ['elf', 'goblin', 'orc'];
const VOCABULARY = { hair: ['black', 'red'], wear: { min: 0, max: 1 }, hat: ['no', 'yes'] };
const SEED = 9;

const classes = tinyUNetConfig();
const ofClasses: KnownNetwork = {
  config: classes,
  weights: randomWeights(unet2dShapes(classes)),
  conditioning: null,
  labels: LABELS,
  vocabulary: {},
};
const identity = tinyUNetConfig({ class_embed_type: 'identity', num_class_embeds: null });
const ofAttributes: KnownNetwork = {
  config: identity,
  weights: randomWeights(unet2dShapes(identity)),
  conditioning: randomWeights(conditioningShapes(conditioningConfig(timeChannels(identity), 3, VOCABULARY)), 5),
  labels: LABELS,
  vocabulary: VOCABULARY,
};

beforeAll(async () => {
  await selectBackend({ backend: 'cpu' });
});

/** What a network adds to the time embedding for a label ("any" when null) and attributes. */
async function vectorOf(
  weights: Parameters<typeof uploadWeights>[0],
  labels: readonly string[],
  vocabulary: Vocabulary,
  label: string | null,
  attributes: Attributes,
): Promise<Float32Array> {
  const config = conditioningConfig(timeChannels(identity), labels.length, vocabulary);
  const uploaded = uploadWeights(weights);
  const vector: Tensor2D = tidy(() =>
    conditioningVectors(config, uploaded, {
      classLabels: [label === null ? labels.length : labels.indexOf(label)],
      attributes: encodeAttributes('test', vocabulary, attributes),
    }),
  );
  const values = (await vector.data()) as Float32Array;
  dispose([vector, ...Object.values(uploaded)]);
  return values;
}

const before = (label: string | null, attributes: Attributes) =>
  vectorOf(ofAttributes.conditioning!, LABELS, VOCABULARY, label, attributes);

async function expectSame(
  adapted: ConditionedNetwork,
  [labels, vocabulary]: [string[], Vocabulary],
  cases: [label: string | null, now: Attributes, before: Attributes][],
): Promise<void> {
  const { conditioning: weights } = splitConditioning(adapted.weights);
  for (const [label, now, known] of cases) {
    const actual = await vectorOf(weights, labels, vocabulary, label, now);
    expectClose(actual, await before(label, known), { absolute: 1e-5, relative: 1e-5 });
  }
}

describe('adaptConditioning', () => {
  it('takes classes for labels: the network begins as what it was where attributes are left open', async () => {
    const adapted = adaptConditioning(ofClasses, ['orc', 'elf'], VOCABULARY, SEED);
    expect(adapted.config).toEqual({ ...classes, class_embed_type: 'identity', num_class_embeds: null });
    const { unet, conditioning: weights } = splitConditioning(adapted.weights);
    expect([...unet.keys()]).toEqual([...unet2dShapes(adapted.config).keys()]);
    expect(unet.get('conv_in.weight')).toBe(ofClasses.weights.get('conv_in.weight'));
    const { data, shape } = ofClasses.weights.get('class_embedding.weight')!;
    const row = (index: number) => data.slice(index * shape[1]!, (index + 1) * shape[1]!);
    for (const [label, index] of [
      ['orc', 2],
      ['elf', 0],
      [null, 3],
    ] as const) {
      const actual = await vectorOf(weights, ['orc', 'elf'], VOCABULARY, label, {});
      expectClose(actual, row(index), { absolute: 1e-5, relative: 1e-5 });
    }
  });

  it('changes nothing where labels and attributes are the same', async () => {
    const adapted = adaptConditioning(ofAttributes, LABELS, VOCABULARY, SEED);
    expect(splitConditioning(adapted.weights)).toEqual({
      unet: ofAttributes.weights,
      conditioning: new Map(
        [...ofAttributes.conditioning!].map(([name, { shape, data }]) => [
          name,
          expect.objectContaining({ shape, data }),
        ]),
      ),
    });
  });

  it('begins as what it was with attributes added, in another order and with more words', async () => {
    const labels = ['troll', 'orc', 'elf'];
    const vocabulary = {
      eyes: ['blue'],
      wear: { min: 0, max: 1 },
      hat: ['yes', 'no'],
      hair: ['red', 'blue', 'black'],
      age: { min: 0, max: 9 },
    };
    const adapted = adaptConditioning(ofAttributes, labels, vocabulary, SEED);
    await expectSame(
      adapted,
      [labels, vocabulary],
      [
        ['orc', { hair: 'red', wear: 0.7, hat: 'no' }, { hair: 'red', wear: 0.7, hat: 'no' }],
        ['elf', { hair: 'black' }, { hair: 'black' }],
        [null, {}, {}],
      ],
    );
    const { conditioning: weights } = splitConditioning(adapted.weights);
    const [troll, orc] = [await vectorOf(weights, labels, vocabulary, 'troll', {}), await before('orc', {})];
    expect(Math.max(...troll.map((value, i) => Math.abs(value - orc[i]!)))).toBeGreaterThan(0.1);
  });

  it('tells the words of a new attribute apart at once, as widely as those of a new network', async () => {
    const vocabulary = { ...VOCABULARY, eyes: ['blue', 'green'], age: { min: 0, max: 9 } };
    const { conditioning: weights } = splitConditioning(
      adaptConditioning(ofAttributes, LABELS, vocabulary, SEED).weights,
    );
    const told = (attributes: Attributes) => vectorOf(weights, LABELS, vocabulary, 'elf', attributes);
    const open = await told({});
    const { data, shape } = weights.get('attributes.eyes.embedding.weight')!;
    const width = shape[1]!;
    for (const [row, eyes] of ['blue', 'green'].entries()) {
      const own = data.slice(row * width, (row + 1) * width);
      const expected = open.map((value, i) => value + own[i]! / Math.sqrt(6));
      expectClose(await told({ eyes }), expected, { absolute: 1e-5, relative: 1e-5 });
      expect(Math.hypot(...own) ** 2 / width).toBeGreaterThan(0.5);
    }
    const [young, old] = [await told({ age: 1 }), await told({ age: 8 })];
    expect(Math.max(...young.map((value, i) => Math.abs(value - old[i]!)))).toBeGreaterThan(0.05);
  });

  it('begins as what it was where attributes are gone: they are "any"', async () => {
    const vocabulary = { hair: ['black', 'red'] };
    const adapted = adaptConditioning(ofAttributes, LABELS, vocabulary, SEED);
    await expectSame(
      adapted,
      [LABELS, vocabulary],
      [
        ['orc', { hair: 'red' }, { hair: 'red' }],
        ['elf', {}, {}],
        [null, {}, {}],
      ],
    );
    const none = adaptConditioning(ofAttributes, LABELS, {}, SEED);
    await expectSame(
      none,
      [LABELS, {}],
      [
        ['goblin', {}, {}],
        [null, {}, {}],
      ],
    );
  });

  it('begins again with an attribute that has another range, or words for numbers', async () => {
    const vocabulary: Vocabulary = { ...VOCABULARY, wear: { min: 0, max: 2 }, hat: { min: 0, max: 1 } };
    const adapted = adaptConditioning(ofAttributes, LABELS, vocabulary, SEED);
    await expectSame(
      adapted,
      [LABELS, vocabulary],
      [
        ['orc', { hair: 'red' }, { hair: 'red' }],
        [null, {}, {}],
      ],
    );
    const { conditioning: weights } = splitConditioning(adapted.weights);
    const [worn, unworn] = [
      await vectorOf(weights, LABELS, vocabulary, 'orc', { wear: 2 }),
      await vectorOf(weights, LABELS, vocabulary, 'orc', { wear: 0 }),
    ];
    expect(Math.max(...worn.map((value, i) => Math.abs(value - unworn[i]!)))).toBeGreaterThan(0.05);
  });

  it('leaves what it is given as it is', () => {
    const kept = structuredClone(ofAttributes.conditioning!);
    adaptConditioning(ofAttributes, ['orc'], { hair: ['red'] }, SEED);
    expect(ofAttributes.conditioning).toEqual(kept);
  });

  it('refuses tables that are of other labels or words', () => {
    const wrong = (changes: Partial<KnownNetwork>) => () =>
      adaptConditioning({ ...ofAttributes, ...changes }, LABELS, VOCABULARY, SEED);
    expect(wrong({ labels: ['elf'] })).toThrow(/label_embedding.weight is 4×32; expected 2×32, as the model's labels/);
    expect(wrong({ vocabulary: { ...VOCABULARY, eyes: ['blue'] } })).toThrow(/attributes.eyes.* is missing/);
  });
});
