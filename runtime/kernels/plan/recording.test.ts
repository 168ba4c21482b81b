// Recordings beside the same operations one by one.
import {
  add,
  clipByValue,
  concat,
  dispose,
  div,
  exp,
  keep,
  memory,
  mul,
  reshape,
  slice,
  sub,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor3D,
  type Tensor4D,
  tensor1d,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { describeOnBackends, draw, toTensor } from '../../../scripts/testing/backends.ts';
import { runToEnd } from '../../core/slices.ts';
import { expectClose } from '../../testing/matchers.ts';
import { attention } from '../attention.ts';
import { type Conv2dOptions, conv2d, linear } from '../conv2d.ts';
import { groupNorm } from '../groupNorm.ts';
import { silu } from '../silu.ts';
import { upsample2x } from '../upsample.ts';
import { currentRecorder, forgetRecordings, type RecordedInput, type Recorder, replayed } from './recordings.ts';

/** The weights of a case, which exist before it is recorded, as those of a network do. */
const weights = new Map<string, Tensor>();

function drawn<T extends Tensor>(seed: number, ...shape: number[]): T {
  const key = `${seed} ${shape}`;
  const known = weights.get(key) ?? keep(toTensor(draw(seed, shape)));
  weights.set(key, known);
  return known as T;
}

const conv = (x: Tensor, cin: number, cout: number, options: Conv2dOptions = {}, kernel = 3): Tensor4D =>
  conv2d(x as Tensor4D, drawn(cin + cout, kernel, kernel, cin, cout), drawn<Tensor1D>(cout, cout), options);
const product = (x: Tensor, cout: number, seed: number): Tensor2D =>
  linear(x as Tensor2D, drawn(seed, x.shape[1]!, cout), drawn<Tensor1D>(seed + 1, cout));
const norm = (x: Tensor4D, modulation?: { scale: Tensor2D; shift: Tensor2D }): Tensor4D => {
  const channels = x.shape[3];
  return groupNorm(x, drawn<Tensor1D>(1, channels), drawn<Tensor1D>(2, channels), {
    numGroups: 2,
    silu: true,
    modulation,
  });
};

interface Case {
  name: string;
  /** The shapes of the inputs. */
  shapes: number[][];
  work: (...inputs: Tensor[]) => Tensor[];
}

const CASES: Case[] = [
  {
    name: 'convolutions of every kind',
    shapes: [[2, 6, 4, 8]],
    work: (x) => [
      conv(x!, 8, 12),
      conv(x!, 8, 5),
      conv(x!, 8, 8, { stride: 2, padding: { top: 0, bottom: 1, left: 0, right: 1 } }),
      conv(x!, 8, 8, { circular: true }, 5),
      conv(upsample2x(x as Tensor4D), 8, 4),
      conv(upsample2x(x as Tensor4D), 8, 4, { circular: true }),
      conv2d(x as Tensor4D, drawn(3, 3, 3, 8, 4), null),
    ],
  },
  {
    name: 'convolutions of doubled images',
    shapes: [[2, 5, 7, 16]],
    work: (x) => [
      conv(upsample2x(x as Tensor4D), 16, 24),
      conv(upsample2x(x as Tensor4D), 16, 16, { circular: true }),
      conv(upsample2x(conv(x!, 16, 40)), 40, 16),
    ],
  },
  {
    name: 'a product that is broadcast by a sum',
    shapes: [
      [3, 4],
      [3, 8],
    ],
    work: (x, y) => [silu(add(reshape(product(x!, 8, 3), [3, 1, 8]), reshape(y!, [1, 3, 8])))],
  },
  { name: 'odd channels', shapes: [[2, 5, 7, 3]], work: (x) => [conv(x!, 3, 3), conv(conv(x!, 3, 6), 6, 5, {}, 1)] },
  { name: 'more pixels than a tile', shapes: [[3, 16, 16, 4]], work: (x) => [conv(x!, 4, 40)] },
  {
    name: 'what follows a convolution',
    shapes: [
      [2, 4, 4, 8],
      [2, 8],
    ],
    work: (x, time) => {
      const perImage = reshape(time!, [2, 1, 1, 8]);
      const h = add<Tensor4D>(conv(x!, 8, 8), perImage);
      return [silu(mul(add(x!, conv(h, 8, 8)), 0.5)), add(conv(x!, 8, 8, {}, 1), conv(h, 8, 8)), h];
    },
  },
  {
    name: 'joined and cut channels',
    shapes: [
      [2, 4, 4, 4],
      [2, 24],
    ],
    work: (x, time) => {
      const [a, b] = [conv(x!, 4, 8), conv(x!, 4, 12)];
      const joined = concat([a, b], 3) as Tensor4D;
      const twice = concat([joined, joined], 0) as Tensor4D;
      const [scale, shift] = [0, 20].map((at) => slice(product(time!, 40, 7), [0, at], [-1, 20]) as Tensor2D);
      const other = slice(product(time!, 8, 9), [0, 4], [1, 4]);
      return [
        norm(joined, { scale: scale!, shift: shift! }),
        conv(twice, 20, 4),
        add(slice(twice, [1, 0, 0, 4], [2, 4, 4, 8]), 1),
        other,
        concat([mul(x!, 3), mul(x!, 3)], 0),
        ...[mul(x!, 2)].map((twofold) => concat([twofold, twofold], 0)),
        ...[conv(x!, 4, 4)].map((twice) => concat([twice, twice], 3)),
      ];
    },
  },
  {
    name: 'what never changes, joined with what does',
    shapes: [[2, 4, 4, 4]],
    work: (x) => {
      const constant = conv(drawn<Tensor4D>(6, 2, 4, 4, 4), 4, 4);
      return [conv(concat([conv(x!, 4, 8), constant], 3), 12, 4), conv(concat([constant, conv(x!, 4, 4)], 0), 4, 4)];
    },
  },
  {
    name: 'what is made of a value, before it',
    shapes: [[2, 4, 4, 4]],
    work: (x) => {
      const [a, b] = [conv(x!, 4, 8), conv(x!, 4, 12)];
      return [conv(concat([conv(a, 8, 4), a], 3), 12, 4), conv(concat([slice(b, [0, 0, 0, 4]), b], 3), 20, 4)];
    },
  },
  {
    name: 'attention of one product, in windows',
    shapes: [[2, 4, 4, 8]],
    work: (x) => {
      const windows = reshape(transpose(reshape(norm(x as Tensor4D), [4, 2, 2, 16]), [0, 2, 1, 3]), [8, 4, 8]);
      const rows = reshape(windows, [-1, 8]) as Tensor2D;
      const [q, k, v] = [11, 12, 13].map((seed) => reshape(product(rows, 8, seed), [8, 4, 8]) as Tensor3D);
      return [attention(q!, k!, v!, 2), attention(windows as Tensor3D, windows as Tensor3D, windows as Tensor3D, 1)];
    },
  },
  {
    name: 'pointwise operations, broadcast',
    shapes: [
      [3, 4],
      [1, 4],
      [3, 1, 4],
      [3, 3, 4],
    ],
    work: (a, b, c, d) => [
      clipByValue(sub(mul(a!, 2), exp(div(b!, 3))), -1, 1),
      add(c!, reshape(a!, [1, 3, 4])),
      mul(d!, c!),
      add(mul(a!, tensor1d([1, 2, 3, 4])), a!),
    ],
  },
  {
    name: 'views of another width',
    shapes: [[2, 4]],
    work: (x) => {
      const [a, b] = [product(x!, 8, 3), product(x!, 6, 5)];
      return [add(reshape(a, [4, 4]), 1), reshape(b, [2, 2, 3])];
    },
  },
];

describe('a recording', () => {
  describeOnBackends((backend) => {
    let recorder: Recorder | null;
    beforeAll(() => {
      recorder = currentRecorder();
    });

    it.each<[string, work: (x: Tensor) => Tensor, scaleAt5: number]>([
      ['that a step takes', (x) => mul(x, 2), 5],
      ['that no step takes', (x) => [mul(x, 2), add(x, x)][1]!, 2],
    ])('takes the factors that it is given, and else those it was traced with: one %s', async (_, work, scaleAt5) => {
      if (!recorder) return expect(backend).toBe('cpu');
      const [x, y] = [toTensor({ shape: [1, 2], values: Float32Array.of(1, 3) }), recorder.emptyTensor([1, 2])];
      const owner = {};
      const graph = () => recorder!.traced((newInput) => [work(newInput([1, 2]))]);
      for (const given of [undefined, [5], undefined]) {
        expect(runToEnd(replayed(owner, 'scaled', graph, [x], [y], given))).toBe(true);
        const scale = given ? scaleAt5 : 2;
        expect([...(await y.data())]).toEqual([scale, 3 * scale]);
      }
      forgetRecordings(owner);
      dispose([x, y]);
    });

    it('reads and writes no tensor of another size, nor beyond it', () => {
      if (!recorder) return expect(backend).toBe('cpu');
      const shapeOf = (numImages: number) => [numImages, 4, 4, 16];
      const [half, whole] = [1, 2].map((numImages) => recorder!.emptyTensor(shapeOf(numImages)));
      const graph = () => recorder!.traced((newInput) => [conv(newInput(shapeOf(2)), 16, 16)]);
      const owner = {};
      const replay = (x: RecordedInput, y: Tensor) => runToEnd(replayed(owner, '2', graph, [x], [y]));
      const tooSmall = 'is a tensor of 256 values; expected 512';
      expect(() => replay(whole!, half!)).toThrow(`replay: output 0 ${tooSmall}`);
      const given = [half!, new Float32Array(256), { tensor: whole!, offset: 256 }];
      for (const x of given) expect(() => replay(x, whole!)).toThrow(`replay: input 0 ${tooSmall}`);
      expect(replay({ tensor: whole!, offset: 0 }, whole!)).toBe(true);
      forgetRecordings(owner);
      dispose([half!, whole!, ...weights.values()]);
      weights.clear();
    });

    it.each(CASES)('computes the same: $name', async ({ shapes, work }) => {
      if (!recorder) return expect(backend).toBe('cpu');
      const before = memory().numTensors;
      const owner = {};
      const graph = () => recorder!.traced((newInput) => work(...shapes.map(newInput)));
      for (const seed of [100, 200]) {
        const inputs = shapes.map((shape, i) => toTensor(draw(seed + i, shape)));
        const expected = tidy(() => work(...inputs));
        const made = expected.map(({ shape }) => recorder!.emptyTensor([...shape]));
        expect(runToEnd(replayed(owner, 'case', graph, inputs, made))).toBe(true);
        for (const [i, tensor] of made.entries()) {
          const what = `output ${i} of the inputs from ${seed}`;
          expectClose(await tensor.data(), await expected[i]!.data(), { absolute: 1e-4, relative: 1e-5 }, what);
        }
        dispose([...inputs, ...expected, ...made]);
      }
      forgetRecordings(owner);
      dispose([...weights.values()]);
      weights.clear();
      expect(memory().numTensors).toBe(before);
    });
  });
});
