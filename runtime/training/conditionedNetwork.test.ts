import { expect, it } from 'vitest';
import { conditioningShapes } from '../networks/conditioning.ts';
import { conditioningConfig } from '../networks/conditioningConfig.ts';
import { unet2dShapes } from '../networks/unet2d.ts';
import { timeChannels } from '../networks/unet2dEmbedding.ts';
import { randomWeights, tinyUNetConfig } from '../testing/tinyNetworks.ts';
import { conditionedShapes, joinConditioning, splitConditioning } from './conditionedNetwork.ts';

const unet = tinyUNetConfig({ class_embed_type: 'identity', num_class_embeds: null });
const conditioning = conditioningConfig(timeChannels(unet), 2, { hair: ['black', 'red'] });

it('has the weights of both networks, and takes them apart again', () => {
  const [own, others] = [randomWeights(unet2dShapes(unet)), randomWeights(conditioningShapes(conditioning), 2)];
  const joined = joinConditioning(own, others);
  expect([...joined].map(([name, { shape }]) => [name, shape])).toEqual([...conditionedShapes(unet, conditioning)]);
  expect(joined.size).toBe(own.size + others.size);
  expect(splitConditioning(joined)).toEqual({ unet: own, conditioning: others });
});

it('is the U-Net alone where there is no conditioning', () => {
  const config = tinyUNetConfig();
  expect(conditionedShapes(config, null)).toEqual(unet2dShapes(config));
  const weights = randomWeights(unet2dShapes(config));
  expect(splitConditioning(weights)).toEqual({ unet: weights, conditioning: new Map() });
});
