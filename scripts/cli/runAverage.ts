import { averageWeights, isOfDecoder, type ModelFiles, modelFolderFiles } from '../../runtime/index.ts';
import { makeWritableFolder, writeFilesAtomic } from '../node/atomicWrite.ts';
import { forNewDecoder } from '../node/forNewDecoder.ts';
import { haveSameWeights } from '../node/haveSameWeights.ts';
import { modelSource } from '../node/openModel.ts';
import { withPipeline } from '../node/pipelineFile.ts';
import { UsageError } from '../node/usageError.ts';
import { isWholeModel, loadWholeModel, ofWholeModel } from '../node/wholeModel.ts';

export interface AverageCommandOptions {
  out: string;
  share: number;
}

const NETWORKS = ['unet', 'conditioning', 'vae', 'cvae', 'teacher'] as const;

/** The work of `figment average`. */
export async function average(name: string, otherName: string, { out, share }: AverageCommandOptions): Promise<void> {
  if (isWholeModel(out)) throw new UsageError(`average: ${out} holds a model already; choose another --out`);
  const [model, other] = await Promise.all([name, otherName].map(load));
  checkAlike(model!, other!, otherName);
  await makeWritableFolder(out);
  await writeFilesAtomic(out, await withPipeline(await filesBetween(model!, other!, otherName, share)));
  const percent = Math.round(100 * share);
  console.log(`average: ${100 - percent} % of ${name} and ${percent} % of ${otherName}, written to ${out}`);
}

const load = (name: string): Promise<ModelFiles> => ofWholeModel('average', name, loadWholeModel(modelSource(name)));

/** The files of a model of the weights between two. What was measured of a decoder is left out where they have two of them. */
async function filesBetween(
  model: ModelFiles,
  other: ModelFiles,
  otherName: string,
  share: number,
): Promise<Record<string, Uint8Array>> {
  const networks = NETWORKS.flatMap((network) => {
    const [weights, others] = [model[network], other[network]];
    return weights && others ? [[network, averageWeights(weights, others, `${otherName}/${network}`, share)]] : [];
  });
  const files = await modelFolderFiles({ ...model, ...Object.fromEntries(networks) }, { dtype: 'F16' });
  return haveSameWeights(model.vae, other.vae, isOfDecoder) ? files : forNewDecoder(files);
}

/** @throws UsageError for models that differ in more than weights and what depends on these */
function checkAlike(model: ModelFiles, other: ModelFiles, otherName: string): void {
  const [facts, others] = [factsOf(model), factsOf(other)];
  const different = Object.keys(facts).filter((name) => JSON.stringify(facts[name]) !== JSON.stringify(others[name]));
  const hasSameEncoder = haveSameWeights(model.vae, other.vae, (name) => !isOfDecoder(name));
  if (!hasSameEncoder) different.push('the encoder, whose latents are others');
  if (different.length === 0) return;
  throw new UsageError(
    `average: ${otherName} differs in ${different.join(', ')}; name a model and one that was trained on from it`,
  );
}

/** What two models must agree in, under the names of people who read of it. */
function factsOf({ index: { labels, figment }, ...files }: ModelFiles): Record<string, unknown> {
  const { attributes, frames, widthPx, heightPx, channels, premultipliedAlpha, circularPadding, nullLabel } = figment;
  return {
    labels,
    attributes,
    frames,
    pictures: { widthPx, heightPx, channels, premultipliedAlpha, circularPadding },
    licence: [figment.licence, figment.attribution],
    'what stands for no label': nullLabel,
    student: figment.student,
    'unet/': files.unetConfig,
    'vae/': files.vaeConfig,
    'scheduler/': files.schedulerConfig,
    'conditioning/': files.conditioningConfig,
    'cvae/': files.cvaeConfig,
    'unet_teacher/': files.teacherConfig,
  };
}
