import { expect, it } from 'vitest';
import { describeOnBackends } from '../../scripts/testing/backends.ts';
import { autoencoderKlShapes } from '../networks/autoencoderKl.ts';
import { parseAutoencoderKlConfig } from '../networks/autoencoderKlConfig.ts';
import { expectClose } from '../testing/matchers.ts';
import { tinyDataset } from '../testing/tinyDataset.ts';
import { runSteps, tinyVaeTrainer } from '../testing/tinyTraining.ts';
import { defaultVaeConfig } from './trainVae.ts';

/** The first backend's losses, which the others must meet. */
let reference: number[] | null = null;

describeOnBackends((backend) => {
  it('trains 20 steps with the losses of the other backends', async () => {
    const trainer = tinyVaeTrainer({ batchSize: 2 });
    const losses = (await runSteps(trainer)).map(({ loss }) => loss);
    await trainer.dispose();
    expect(losses).toHaveLength(20);
    reference ??= losses;
    expectClose(losses, reference, { absolute: 1e-3, relative: 0 }, `losses on ${backend}`);
  });

  it.skipIf(backend !== 'wasm')('learns a tiny data set', async () => {
    const trainer = tinyVaeTrainer({ numSteps: 100, microBatchSize: 4, learningRate: 5e-3, klWeight: 1e-4 });
    const errors = (await runSteps(trainer)).map(({ metrics }) => metrics.l1!);
    await trainer.dispose();
    const meanOf = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
    expect(meanOf(errors.slice(-10))).toBeLessThan(0.4 * meanOf(errors.slice(0, 5)));
  });
});

it('defaultVaeConfig fits the data set', () => {
  const config = defaultVaeConfig(tinyDataset({ widthPx: 16, heightPx: 16 }));
  expect(config).toMatchObject({ in_channels: 4, out_channels: 4, sample_size: 16, scaling_factor: 1 });
  for (const width of config.block_out_channels) expect(width % config.norm_num_groups).toBe(0);
  const sizes = [...autoencoderKlShapes(config).values()].map((shape) => shape.reduce((a, b) => a * b, 1));
  expect(sizes.reduce((a, b) => a + b, 0)).toBe(2_075_268); // 4.2 MB in float16: what the shipped portraits have room for
});

it('defaultVaeConfig makes a level of every width', () => {
  const config = defaultVaeConfig(tinyDataset({ widthPx: 16, heightPx: 16 }), {
    widths: [8, 16, 24, 32],
    latentChannels: 16,
  });
  expect(config).toMatchObject({ block_out_channels: [8, 16, 24, 32], latent_channels: 16 });
  expect(config.down_block_types).toHaveLength(4);
  expect(parseAutoencoderKlConfig(config)).toEqual(config);
});
