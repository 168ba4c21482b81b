import { afterAll, beforeAll, expect, it } from 'vitest';
import { encodeColumns, selectBackend } from '../../runtime/index.ts';
import { tinyAttributes, tinyDataset } from '../../runtime/testing/tinyDataset.ts';
import { tinyModelFiles } from '../../runtime/testing/tinyModel.ts';
import { autoencoderOf, dataLatents } from './dataLatents.ts';

const dataset = { ...tinyDataset({ widthPx: 16, heightPx: 16 }), attributes: tinyAttributes() };
const INDICES = Int32Array.of(1, 4, 7);

beforeAll(() => selectBackend({ backend: 'wasm' }));
afterAll(() => selectBackend({ backend: 'cpu' }));

const latentsOf = (options: Parameters<typeof tinyModelFiles>[0], unet: object = {}) => {
  const whole = tinyModelFiles(options);
  const files = { ...whole, unetConfig: { ...(whole.unetConfig as object), ...unet } };
  return dataLatents(dataset, INDICES, files, autoencoderOf(files, { operation: 'test', folder: 'tiny', use: 'so' }));
};

it('tells of each latent what its image shows, of a seamless one at every shift', async () => {
  const plain = await latentsOf({});
  const seamless = await latentsOf({ circularPadding: true });
  const told = [...encodeColumns(dataset.attributes, INDICES)];
  expect([...plain.attributes!]).toEqual(told);
  const numViews = seamless.classLabels.length / INDICES.length;
  expect(numViews).toBeGreaterThan(1);
  expect([...seamless.attributes!]).toEqual(Array.from({ length: numViews }, () => told).flat());
});

it('shifts nothing for a network that knows places', async () => {
  const { classLabels } = await latentsOf({ circularPadding: true }, { position_embedding: true });
  expect(classLabels).toHaveLength(INDICES.length);
});
