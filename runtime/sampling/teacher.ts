import { dispose, type Tensor } from '@tensorflow/tfjs-core';
import { forgetRecordings } from '../kernels/plan/recordings.ts';
import { unet2dShapes } from '../networks/unet2d.ts';
import { parseUNet2DConfig, type UNet2DConfig } from '../networks/unet2dConfig.ts';
import { timeChannels } from '../networks/unet2dEmbedding.ts';
import { uploadWeights } from '../networks/uploadWeights.ts';
import type { ModelFiles } from '../weights/modelParts.ts';
import { checkWeights } from '../weights/weightTensor.ts';
import { checkAttendedSize, checkLatentSize, type DiffusionModel } from './model.ts';

/**
 * The teacher of a distilled model: a model of its own, which makes pictures in many steps with guidance by two passes. It
 * shares the student's auto-encoder and conditioning, and is disposed before the student.
 *
 *   const teacher = createTeacher(model, await loadModelFolder(source, { parts: ['teacher'] }));
 *   const [elf] = await generate({ model, teacher }, [{ label: 'elf', seed: 7 }], { numInferenceSteps: 20 });
 *
 * @param student the distilled model
 * @param files   the part `teacher` of the same folder
 * @returns       whose index and defaults are the teacher's
 * @throws        Error naming the file and option or tensor that is wrong; nothing stays allocated then
 */
export function createTeacher(
  student: DiffusionModel,
  { teacherConfig, teacher = new Map(), hash }: Pick<ModelFiles, 'teacherConfig' | 'teacher' | 'hash'>,
): DiffusionModel {
  const { conditioning } = student;
  const { student: entry, ...figment } = student.index.figment;
  if (!entry || !conditioning) {
    throw new Error(`createTeacher: ${figment.name} is no distilled model, and has no teacher; use it as it is`);
  }
  const fileName = `${figment.name}/unet_teacher/config.json`;
  const config = parseUNet2DConfig(teacherConfig, fileName);
  checkAlike(fileName, config, student.unet.config);
  checkLatentSize('createTeacher', figment.name, student.latentShape, config);
  checkAttendedSize('createTeacher', figment.name, student.latentShape, config, null);
  checkWeights(teacher, unet2dShapes(config), `${figment.name}/unet_teacher`);
  const weights = uploadWeights(teacher);
  const { student: _, ...ofTeacher } = conditioning.config;
  return {
    ...student,
    index: { ...student.index, figment: { ...figment, sampleDefaults: entry.teacher } },
    hash,
    unet: { config, weights },
    conditioning: { config: ofTeacher, weights: conditioning.weights },
    elsewhere: undefined,
    dispose() {
      forgetRecordings(this);
      dispose(weights as unknown as Tensor[]);
    },
  };
}

/** @throws Error when a teacher's latents or vectors are not those of its student */
function checkAlike(fileName: string, teacher: UNet2DConfig, student: UNet2DConfig): void {
  const factsOf = (config: UNet2DConfig) => ({
    in_channels: config.in_channels,
    out_channels: config.out_channels,
    class_embed_type: config.class_embed_type,
    'time channels': timeChannels(config),
  });
  const [own, expected] = [factsOf(teacher), factsOf(student)];
  for (const key of Object.keys(own) as (keyof typeof own)[]) {
    if (own[key] === expected[key]) continue;
    throw new Error(`${fileName}: ${key} is ${own[key]}; expected ${expected[key]}, as its student has`);
  }
}
