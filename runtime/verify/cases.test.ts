import { memory, setBackend, tensor2d } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { describeOnBackends } from '../../scripts/testing/backends.ts';
import {
  readFixture,
  readJsonFixture,
  readSchedulerCase,
  readTensorsFixture,
  schedulerCaseNames,
} from '../../scripts/testing/fixtures.ts';
import { selectBackend } from '../backends/selectBackend.ts';
import { loadModelFolder } from '../weights/modelFolder.ts';
import type { ModelFiles } from '../weights/modelParts.ts';
import { memorySource } from '../weights/modelSource.ts';
import type { WeightTensor } from '../weights/weightTensor.ts';
import {
  deviationFrom,
  largerDeviation,
  type NetworkFolder,
  type PipelineCase,
  runPipelineCase,
  runSchedulerCase,
  runUNetCase,
  runVaeCase,
} from './cases.ts';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';

const recorded = { shape: [1, 3], data: new Float32Array([1, -4, 2]) };

describe('deviationFrom', () => {
  beforeAll(async () => {
    await selectBackend({ backend: 'cpu' });
  });

  it('gives the largest difference, also over the largest magnitude', async () => {
    expect(await deviationFrom(tensor2d([[1, -3.5, 2.25]]), recorded)).toEqual({ maxAbs: 0.5, maxRel: 0.125 });
    expect(await deviationFrom(tensor2d([[1, -4, 2]]), recorded)).toEqual({ maxAbs: 0, maxRel: 0 });
  });

  it('takes NaN for infinitely far, and anything for infinitely far from zeros', async () => {
    expect((await deviationFrom(tensor2d([[1, Number.NaN, 2]]), recorded)).maxRel).toBe(Number.POSITIVE_INFINITY);
    const zeros = { shape: [1, 3], data: new Float32Array(3) };
    expect((await deviationFrom(tensor2d([[0, 0, 1e-9]]), zeros)).maxRel).toBe(Number.POSITIVE_INFINITY);
    expect((await deviationFrom(tensor2d([[0, 0, 0]]), zeros)).maxRel).toBe(0);
  });

  it('refuses another shape', async () => {
    await expect(deviationFrom(tensor2d([[1, 2]]), recorded)).rejects.toThrow(/\[1,2\].*\[1,3\]/);
  });
});

it('largerDeviation takes the larger of each', () => {
  expect(largerDeviation({ maxAbs: 1, maxRel: 5 }, { maxAbs: 2, maxRel: 3 })).toEqual({ maxAbs: 2, maxRel: 5 });
});

const WEIGHTS = 'diffusion_pytorch_model.safetensors';
const BOUND = 2e-4;
/** A seamless model with attributes, trained in PyTorch by a project of `figment export trainer`, and its `make_case.py`. */
const ATTRIBUTES = 'pipeline-attributes';
/** A student of a model with frames, by the same project. */
const STUDENT = 'pipeline-student';

type Tensors = Map<string, WeightTensor>;

function readNetwork(name: string): [NetworkFolder & { weights: Tensors }, Tensors] {
  const folder = {
    name,
    config: readJsonFixture(`${name}/config.json`),
    weights: readTensorsFixture(`${name}/${WEIGHTS}`),
  };
  return [folder, readTensorsFixture(`${name}/case.safetensors`)];
}

async function readPipeline(name = 'pipeline'): Promise<[ModelFiles, PipelineCase, Tensors]> {
  const paths = [
    ...(name !== 'pipeline' ? ['conditioning/config.json', `conditioning/${WEIGHTS}`] : []),
    'model_index.json',
    'unet/config.json',
    `unet/${WEIGHTS}`,
    'vae/config.json',
    `vae/${WEIGHTS}`,
    'scheduler/scheduler_config.json',
  ];
  const files = Object.fromEntries(paths.map((path) => [path, readFixture(`${name}/${path}`)]));
  return [
    await loadModelFolder(memorySource(files, name)),
    readJsonFixture(`${name}/case.json`),
    readTensorsFixture(`${name}/case.safetensors`),
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
  });
});

describe('pipelines agree with diffusers', () => {
  describeOnBackends(() => {
    it.each(['pipeline', ATTRIBUTES, STUDENT])('%s', async (name) => {
      const { numTensors } = memory();
      expect((await runPipelineCase(...(await readPipeline(name)))).maxRel).toBeLessThan(BOUND);
      expect(memory().numTensors).toBe(numTensors);
    });
  }, ['wasm', 'webgpu']);
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

  it('in one attribute, one label, the padding of a pipeline', async () => {
    const [files, pipelineCase, tensors] = await readPipeline(ATTRIBUTES);
    const { figment } = files.index;
    const straight = { ...files, index: { ...files.index, figment: { ...figment, circularPadding: false } } };
    expect((await runPipelineCase(straight, pipelineCase, tensors)).maxRel).toBeGreaterThan(BOUND);
    for (const name of ['attributes', 'class_labels']) {
      const { data } = tensors.get(name)!;
      const before = data[0]!;
      data[0] = 1;
      expect((await runPipelineCase(files, pipelineCase, tensors)).maxRel, name).toBeGreaterThan(BOUND);
      data[0] = before;
    }
  });

  it('in what a student is told of its guidance', async () => {
    const [files, pipelineCase, tensors] = await readPipeline(STUDENT);
    const other = { ...pipelineCase, guidance_scale: 2.4 };
    expect((await runPipelineCase(files, other, tensors)).maxRel).toBeGreaterThan(BOUND);
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

describe.each(['cpu', 'wasm'])('the samplers agree with diffusers on %s', (backend) => {
  beforeAll(async () => {
    await setBackend(backend);
  });

  it('in all 40 cases', () => {
    expect(schedulerCaseNames()).toHaveLength(40);
  });

  it.each(schedulerCaseNames())('%s', async (name) => {
    const { config, tensors } = readSchedulerCase(name);
    const numTensors = memory().numTensors;
    const { maxRel } = await runSchedulerCase(config, tensors);
    expect(maxRel).toBeLessThan(2e-6);
    expect(memory().numTensors).toBe(numTensors);
  });
});

describe('runSchedulerCase', () => {
  beforeAll(async () => {
    await setBackend('cpu');
  });

  it('notices a sampler that differs', async () => {
    const { config, tensors } = readSchedulerCase('08-ddpm_fixed_large-linear-v_prediction');
    config.config.variance_type = 'fixed_small';
    const { maxRel } = await runSchedulerCase(config, tensors);
    expect(maxRel).toBeGreaterThan(1e-2);
  });

  it('notices NaN', async () => {
    const { config, tensors } = readSchedulerCase('00-ddim-linear-epsilon');
    tensors.get('model_output_3')!.data[5] = Number.NaN;
    expect((await runSchedulerCase(config, tensors)).maxAbs).toBe(Number.POSITIVE_INFINITY);
  });

  it('refuses other timesteps and names a missing tensor', async () => {
    const { config, tensors } = readSchedulerCase('00-ddim-linear-epsilon');
    await expect(runSchedulerCase({ ...config, timesteps: [1] }, tensors)).rejects.toThrow(
      /timesteps are 852,.* expected 1/,
    );
    tensors.delete('model_output_2');
    await expect(runSchedulerCase(config, tensors)).rejects.toThrow(/no tensor "model_output_2"/);
  });
});
