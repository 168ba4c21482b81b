import { memory } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { selectBackend } from '../backend.ts';
import { loadModelFolder, type ModelFiles } from '../weights/modelFolder.ts';
import { memorySource } from '../weights/modelSource.ts';
import type { WeightTensor } from '../weights/weightTensor.ts';
import { describeOnBackends } from './backends.ts';
import { readFixture, readJsonFixture, readTensorsFixture } from './fixtures.ts';
import { type NetworkFolder, type PipelineCase, runPipelineCase, runUNetCase, runVaeCase } from './networkCase.ts';

const WEIGHTS = 'diffusion_pytorch_model.safetensors';
const BOUND = 2e-4;

type Tensors = Map<string, WeightTensor>;

function readNetwork(name: string): [NetworkFolder & { weights: Tensors }, Tensors] {
  const folder = {
    name,
    config: readJsonFixture(`${name}/config.json`),
    weights: readTensorsFixture(`${name}/${WEIGHTS}`),
  };
  return [folder, readTensorsFixture(`${name}/case.safetensors`)];
}

async function readPipeline(): Promise<[ModelFiles, PipelineCase, Tensors]> {
  const paths = [
    'model_index.json',
    'unet/config.json',
    `unet/${WEIGHTS}`,
    'vae/config.json',
    `vae/${WEIGHTS}`,
    'scheduler/scheduler_config.json',
  ];
  const files = Object.fromEntries(paths.map((path) => [path, readFixture(`pipeline/${path}`)]));
  return [
    await loadModelFolder(memorySource(files, 'pipeline')),
    readJsonFixture('pipeline/case.json'),
    readTensorsFixture('pipeline/case.safetensors'),
  ];
}

describe('networks agree with diffusers', () => {
  describeOnBackends(() => {
    it.each(['unet-plain', 'unet-attn-class', 'unet-scale-shift', 'unet-identity'])('%s', async (name) => {
      const { numTensors } = memory();
      expect((await runUNetCase(...readNetwork(name))).maxRel).toBeLessThan(BOUND);
      expect(memory().numTensors).toBe(numTensors);
    });

    it.each(['vae-attn', 'vae-f4'])('%s', async (name) => {
      const { numTensors } = memory();
      expect((await runVaeCase(...readNetwork(name))).maxRel).toBeLessThan(BOUND);
      expect(memory().numTensors).toBe(numTensors);
    });

    it('pipeline', async () => {
      const { numTensors } = memory();
      expect((await runPipelineCase(...(await readPipeline()))).maxRel).toBeLessThan(BOUND);
      expect(memory().numTensors).toBe(numTensors);
    });
  });
});

describe('what is wrong is noticed', () => {
  beforeAll(async () => {
    await selectBackend({ backend: 'wasm' });
  });

  it('in one weight, one timestep, one label', async () => {
    const [folder, tensors] = readNetwork('unet-attn-class');
    const weight = folder.weights.get('conv_in.weight')!;
    weight.data[7]! += 0.1;
    expect((await runUNetCase(folder, tensors)).maxRel).toBeGreaterThan(BOUND);
    weight.data[7]! -= 0.1;
    tensors.get('timestep')!.data[1]! += 1;
    expect((await runUNetCase(folder, tensors)).maxRel).toBeGreaterThan(BOUND);
    tensors.get('timestep')!.data[1]! -= 1;
    tensors.get('class_labels')!.data[1] = 0;
    tensors.get('class_labels')!.data[0] = 1;
    expect((await runUNetCase(folder, tensors)).maxRel).toBeGreaterThan(BOUND);
  });

  it('in the vector of a U-Net that is given one', async () => {
    const [folder, tensors] = readNetwork('unet-identity');
    tensors.get('class_embedding')!.data[70]! += 0.1;
    expect((await runUNetCase(folder, tensors)).maxRel).toBeGreaterThan(BOUND);
  });

  it('in the guidance of a pipeline', async () => {
    const [files, pipelineCase, tensors] = await readPipeline();
    const other = { ...pipelineCase, guidance_scale: 2.4 };
    expect((await runPipelineCase(files, other, tensors)).maxRel).toBeGreaterThan(BOUND);
    await expect(runPipelineCase(files, { ...pipelineCase, timesteps: [1] }, tensors)).rejects.toThrow(/expected 1/);
  });

  it('when a tensor is missing, and nothing leaks', async () => {
    const [folder, tensors] = readNetwork('vae-f4');
    const { numTensors } = memory();
    tensors.delete('kl');
    await expect(runVaeCase(folder, tensors)).rejects.toThrow(/no tensor "kl"/);
    folder.weights.delete('decoder.conv_in.bias');
    await expect(runVaeCase(folder, tensors)).rejects.toThrow(/vae-f4: 1 tensor is missing \("decoder.conv_in.bias"\)/);
    expect(memory().numTensors).toBe(numTensors);
  });
});
