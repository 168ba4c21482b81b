import { memory } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { selectBackend } from '../backends/selectBackend.ts';
import { ELF, tinyModelFiles } from '../testing/tinyModel.ts';
import type { ModelFiles } from '../weights/modelParts.ts';
import { generate } from './generate.ts';
import { createModel } from './model.ts';
import { createTeacher } from './teacher.ts';

beforeAll(async () => {
  await selectBackend({ backend: 'wasm' });
});

/** The tiny model's files with some entries of its configs changed. */
function changed(changes: Partial<Record<'unetConfig' | 'vaeConfig' | 'schedulerConfig' | 'figment', object>>) {
  const files = tinyModelFiles();
  const { figment, ...configs } = changes;
  const index = { ...files.index, figment: { ...files.index.figment, ...figment } };
  const merged = Object.entries(configs).map(([name, entries]) => {
    return [name, { ...(files[name as keyof ModelFiles] as object), ...entries }];
  });
  return { ...files, index, ...Object.fromEntries(merged) } as ModelFiles;
}

it('refuses a U-Net that knows the places of another size, as a teacher, too', () => {
  const files = tinyModelFiles({ positions: true, student: true });
  const own = memory().numTensors;
  const narrow = { ...files.index, figment: { ...files.index.figment, widthPx: 24 } };
  expect(() => createModel({ ...files, index: narrow })).toThrow(
    /createModel: tiny: the U-Net knows the places of 8×8 latents; expected 12×8/,
  );
  const model = createModel(tinyModelFiles({ student: true, sizePx: 24 }));
  expect(() => createTeacher(model, files)).toThrow(/createTeacher: tiny: the U-Net knows the places of 8×8 latents/);
  model.dispose();
  expect(memory().numTensors).toBe(own);
});

describe('createModel', () => {
  it.each([
    ['unetConfig', { layers_per_block: 100_000 }, /unet\/config.json: layers_per_block: 100000 .* <=64/],
    ['vaeConfig', { layers_per_block: 100_000 }, /vae\/config.json: layers_per_block: 100000 .* <=64/],
    ['unetConfig', { block_out_channels: new Array(10_000).fill(8) }, /block_out_channels: 10000 .* <=16/],
    ['unetConfig', { num_class_embeds: 1e9 }, /num_class_embeds: 1000000000 .* <=100000/],
    ['schedulerConfig', { num_train_timesteps: 1e8 }, /"num_train_timesteps" is 100000000; expected <=100000/],
    ['schedulerConfig', { beta_schedule: 'x'.repeat(1e6) }, /"beta_schedule" is "x{20,}…; expected/],
    ['figment', { widthPx: 4096, heightPx: 4096 }, /attention among \d+ places .* expected at most 16384/],
    [
      'figment',
      { widthPx: 18, heightPx: 20 },
      /tiny: a U-Net of 2 levels cannot halve latents of 9×10; expected multiples of 2/,
    ],
    ['unetConfig', { position_embedding: true, sample_size: [8, 6] }, /tiny\/unet: .*position_embedding/],
    [
      'figment',
      { channels: 3 },
      /has 3 channels, but vae\/config.json in_channels 4 .* expected the same number of each/,
    ],
  ])('refuses %s with %o at once, in a short message', (part, entries, message) => {
    const files = changed({ [part]: entries });
    const before = { tensors: memory().numTensors, cpu: process.cpuUsage() };
    let thrown: unknown;
    try {
      createModel(files);
    } catch (error) {
      thrown = error;
    }
    expect(process.cpuUsage(before.cpu).user / 1000).toBeLessThan(1000); // ms
    expect(thrown).toMatchObject({ message: expect.stringMatching(message) });
    expect((thrown as Error).message.length).toBeLessThanOrEqual(500);
    expect(memory().numTensors).toBe(before.tensors);
  });
});

describe('weights that overflow', () => {
  it.each(['unet', 'vae'] as const)('of the %s end in an error that names the model', async (part) => {
    const files = tinyModelFiles();
    for (const { data } of files[part].values()) data.fill(3e38);
    const model = createModel(files);
    const before = memory().numTensors;
    await expect(generate(model, [ELF])).rejects.toThrow(/the picture of tiny is (flat|not finite); its weights/);
    expect(memory().numTensors).toBe(before);
    model.dispose();
  });
});
