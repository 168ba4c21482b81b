import { parseSchedulerConfig } from '../diffusion/schedulerConfig.ts';
import { parseAutoencoderKlConfig } from '../networks/autoencoderKlConfig.ts';
import { parseUNet2DConfig } from '../networks/unet2dConfig.ts';
import type { ModelFiles } from '../weights/modelParts.ts';

/**
 * What the owner of a model folder should know of how it is read, a sentence each: files that have changed, options that are
 * passed over, a scheduler that ours stand in for, and that there is no guidance.
 *
 * @throws Error naming the file and option that is wrong, as `createModel`
 */
export function modelNotes(files: ModelFiles): string[] {
  const { name, nullLabel } = files.index.figment;
  const notes = [...(files.notes ?? [])];
  const onNote = (note: string) => void notes.push(note);
  parseUNet2DConfig(files.unetConfig, `${name}/unet/config.json`, onNote);
  if (files.vaeConfig) parseAutoencoderKlConfig(files.vaeConfig, `${name}/vae/config.json`, onNote);
  parseSchedulerConfig(files.schedulerConfig, `${name}/scheduler/scheduler_config.json`, onNote);
  if (nullLabel === null) onNote(`${name}: it has no null label, so its pictures are made without guidance`);
  return notes;
}
