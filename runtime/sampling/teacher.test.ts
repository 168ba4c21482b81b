import { memory, type Tensor4D, tensor4d, tidy } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { selectBackend } from '../backends/selectBackend.ts';
import { normals } from '../core/random.ts';
import { createDdim } from '../diffusion/ddim.ts';
import { conditioningVectors } from '../networks/conditioning.ts';
import { unet2d, unet2dShapes } from '../networks/unet2d.ts';
import type { PictureOptions } from '../recipe/recipe.ts';
import { expectClose } from '../testing/matchers.ts';
import { difference, ELF, ORC, type TinyModelOptions, tinyModelFiles } from '../testing/tinyModel.ts';
import { randomWeights, tinyUNetConfig } from '../testing/tinyNetworks.ts';
import type { SampleOptions } from './completeAll.ts';
import { createConditionalVae } from './conditionalVae.ts';
import { generate } from './generate.ts';
import { createModel, type DiffusionModel } from './model.ts';
import { sample } from './sample.ts';
import { createTeacher } from './teacher.ts';

const HATS = { hat: ['none', 'cap'] };
const CAP = { ...ELF, attributes: { hat: 'cap' } };
const MANY: SampleOptions = { numInferenceSteps: 3, guidanceScale: 2 };

/** Runs with a student and its teacher, which are disposed afterwards. */
async function withBoth(
  run: (networks: { model: DiffusionModel; teacher: DiffusionModel }) => Promise<void>,
  options: TinyModelOptions = {},
) {
  const files = tinyModelFiles({ student: true, ...options });
  const model = createModel(files);
  const teacher = createTeacher(model, files);
  await run({ model, teacher });
  teacher.dispose();
  model.dispose();
}

/** The latents that a student makes of the elf, step by step as the equations say. */
function byHand({ unet, conditioning: told, scheduler }: DiffusionModel, numInferenceSteps: number, w: number) {
  const sampler = createDdim(scheduler, { numInferenceSteps });
  return tidy(() => {
    const sampling = { guidanceScales: [w], stepCounts: [numInferenceSteps] };
    const vector = conditioningVectors(told!.config, told!.weights, { classLabels: [0], attributes: [1], sampling });
    let xt: Tensor4D = tensor4d(normals(ELF.seed, 0, 8 * 8 * 4), [1, 8, 8, 4]);
    for (const [index, t] of sampler.timesteps.entries()) {
      xt = sampler.step(unet2d(unet.config, unet.weights, xt, [t], vector), index, xt).xt;
    }
    return xt.dataSync<'float32'>();
  });
}

beforeAll(async () => {
  await selectBackend({ backend: 'wasm' });
});

describe('a student', () => {
  it.each([1, 2, 4])('makes a picture in %i passes that are told of guidance and steps', async (numInferenceSteps) => {
    await withBoth(
      async ({ model }) => {
        const { numTensors } = memory();
        for (const guidanceScale of [1, 4]) {
          let latents = new Float32Array();
          for await (const { x0Pred, guidanceNorm } of sample(model, [CAP], {
            numInferenceSteps,
            guidanceScale,
            measureGuidance: true,
          })) {
            expect(guidanceNorm, 'there is no second pass').toBeNull();
            latents = Float32Array.from(await x0Pred.data());
          }
          expectClose(latents, byHand(model, numInferenceSteps, guidanceScale), { absolute: 1e-4, relative: 1e-4 });
        }
        expect(memory().numTensors).toBe(numTensors);
      },
      { attributes: HATS },
    );
  });

  it('makes all kinds of pictures by itself', async () => {
    await withBoth(
      async ({ model }) => {
        const cvae = createConditionalVae(
          tinyModelFiles({ student: true, attributes: HATS, cvae: true, circularPadding: true }),
        );
        const [elf, orc] = await generate(model, [CAP, ORC]);
        const mask = Uint8Array.from({ length: 256 }, (_, i) => (i < 128 ? 255 : 0));
        const kinds: [PictureOptions, SampleOptions][] = [
          [CAP, { guidanceScale: 4.5 }],
          [{ ...CAP, image: orc! }, { strength: 0.5 }],
          [{ ...CAP, image: orc!, mask }, {}],
          [{ ...CAP, interpolate: { seed: 8, amount: 0.5 } }, {}],
          [{ ...CAP, sameAs: { hat: 'none' }, sameFor: 0.5 }, {}],
          [CAP, { pipeline: 'cvae+ddpm' }],
        ];
        const { numTensors } = memory();
        for (const [request, options] of kinds) {
          const [picture] = await generate({ model, cvae }, [request], options);
          expect(difference(picture!, elf!), JSON.stringify(options)).toBeGreaterThan(0);
        }
        const [large] = await generate(model, [CAP], { widthPx: 32 });
        expect(large).toHaveLength(32 * 16 * 4);
        expect(memory().numTensors).toBe(numTensors);
        cvae.dispose();
      },
      { attributes: HATS, circularPadding: true },
    );
  });

  it('says how to get what its teacher alone can do', async () => {
    await withBoth(async ({ model }) => {
      const options = { guidanceRescale: 0.5 };
      const message =
        /this recipe is for the teacher of tiny, which is not loaded; .*ask for 1, 2, 4 steps of ddim alone, with a guidanceScale from 1 to 5/;
      await expect(generate(model, [ELF], options)).rejects.toThrow(message);
      await expect(sample(model, [ELF], options).next(), 'step by step').rejects.toThrow(message);
    });
  });
});

describe('createTeacher', () => {
  it.each<[string, SampleOptions]>([
    ['more steps', MANY],
    ['a guidance scale that the student has not learned', { guidanceScale: 6 }],
    ['an interval of guidance', { guidanceInterval: [0, 600] }],
  ])('makes %s as it did before there was a student', async (_, options) => {
    const files = tinyModelFiles({ student: true, attributes: HATS });
    const { student, ...figment } = files.index.figment;
    const { student: _student, ...conditioningConfig } = files.conditioningConfig as { student: unknown };
    const tables = [...files.conditioning!].filter(([name]) => !name.startsWith('student.'));
    const plain = createModel({
      ...files,
      index: { ...files.index, figment: { ...figment, sampleDefaults: student!.teacher } },
      unet: files.teacher!,
      conditioningConfig,
      conditioning: new Map(tables),
    });
    const expected = await generate(plain, [CAP, ORC], options);
    plain.dispose();
    await withBoth(
      async ({ model, teacher }) => {
        const { numTensors } = memory();
        expect(await generate({ model, teacher }, [CAP, ORC], options)).toEqual(expected);
        expect(await generate(teacher, [CAP, ORC], options)).toEqual(expected);
        expect(memory().numTensors).toBe(numTensors);
      },
      { attributes: HATS },
    );
  });

  it('is guided where its model says, unless a recipe says otherwise', async () => {
    await withBoth(async (networks) => {
      const { teacher } = networks;
      const limited = (guidanceInterval: [number, number]) => {
        const { sampleDefaults } = teacher.index.figment;
        const figment = { ...teacher.index.figment, sampleDefaults: { ...sampleDefaults, guidanceInterval } };
        return { ...networks, teacher: { ...teacher, index: { ...teacher.index, figment } } };
      };
      const [asked] = await generate(networks, [ELF], { ...MANY, guidanceInterval: [300, 700] });
      const [usual] = await generate(limited([300, 700]), [ELF], MANY);
      const [whole] = await generate(networks, [ELF], MANY);
      expect(usual).toEqual(asked);
      expect(difference(usual!, whole!)).toBeGreaterThan(0);
      const [other] = await generate(limited([300, 700]), [ELF], { ...MANY, guidanceInterval: [0, 999] });
      expect(other).toEqual(whole);
    });
  });

  it('leaves its student as it was when it is disposed', async () => {
    const files = tinyModelFiles({ student: true, attributes: HATS });
    const model = createModel(files);
    const expected = await generate(model, [CAP]);
    const { numTensors } = memory();
    createTeacher(model, files).dispose();
    expect(memory().numTensors).toBe(numTensors);
    expect(await generate(model, [CAP])).toEqual(expected);
    model.dispose();
  });

  it('refuses what is no teacher of the model, and leaves nothing behind', () => {
    const { numTensors } = memory();
    const files = tinyModelFiles({ student: true });
    const model = createModel(files);
    const own = memory().numTensors;
    const config = files.teacherConfig as object;
    expect(() => createTeacher(model, { ...files, teacherConfig: { ...config, in_channels: 3 } })).toThrow(
      /unet_teacher\/config.json: in_channels is 3; expected 4, as its student has/,
    );
    expect(() => createTeacher(model, { ...files, teacher: new Map() })).toThrow(/tiny\/unet_teacher/);
    const deep = tinyUNetConfig({
      class_embed_type: 'identity',
      num_class_embeds: null,
      block_out_channels: [8, 8, 8, 8, 8],
      down_block_types: new Array(5).fill('DownBlock2D'),
      up_block_types: new Array(5).fill('UpBlock2D'),
    });
    const ofDeep = { teacherConfig: deep, teacher: randomWeights(unet2dShapes(deep)), hash: 'deep' };
    expect(() => createTeacher(model, ofDeep)).toThrow(/createTeacher: tiny: a U-Net of 5 levels cannot halve .* 8×8/);
    expect(() => createTeacher({ ...model, latentShape: [512, 512, 4] }, files)).toThrow(
      /createTeacher: tiny: attention among \d+ places .* expected at most 16384/,
    );
    expect(memory().numTensors).toBe(own);
    model.dispose();
    const plain = createModel(tinyModelFiles());
    expect(() => createTeacher(plain, files)).toThrow(/tiny is no distilled model/);
    plain.dispose();
    expect(memory().numTensors).toBe(numTensors);
  });

  it('is refused with a student whose config is not what the index says', () => {
    const files = tinyModelFiles({ student: true });
    const { student } = files.index.figment;
    const index = { ...files.index, figment: { ...files.index.figment, student: { ...student!, stepCounts: [4] } } };
    expect(() => createModel({ ...files, index })).toThrow(
      /what a student is told is .*; expected .*"step_counts":\[4\]/,
    );
    const { conditioningConfig: _, ...unconditioned } = {
      ...files,
      unetConfig: tinyModelFiles().unetConfig,
      unet: tinyModelFiles().unet,
    };
    expect(() => createModel(unconditioned)).toThrow(/expected "identity", since model_index.json lists a student/);
  });
});
