import { type ModelContent, modelFolderFiles } from '../../runtime/index.ts';
import { type WholeModel, withFiles } from '../node/replaceVae.ts';
import { UsageError } from '../node/usageError.ts';

/**
 * The files of a model that gets a VAE which makes pictures in one step, in float16; all others stay as they are, and the
 * index has the digests.
 */
export async function addCvae(
  model: WholeModel,
  cvae: Pick<ModelContent, 'cvaeConfig' | 'cvae'>,
): Promise<Record<string, Uint8Array>> {
  return withFiles(model, await modelFolderFiles({ index: model.index, ...cvae }, { dtype: 'F16' }));
}

/** @throws UsageError when the labels of a model, in their order, are not those of the data */
export function checkSameLabels({ index }: WholeModel, labels: readonly string[], dir: string): void {
  if (index.labels.join('\n') === labels.join('\n')) return;
  throw new UsageError(
    `train cvae: ${dir} has the labels ${index.labels.join(', ')}, the data ${labels.join(', ')}; name the data that the model was trained on`,
  );
}
