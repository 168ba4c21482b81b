import { initialWeights } from '../networks/initialWeights.ts';
import { unet2dShapes } from '../networks/unet2d.ts';
import type { UNet2DConfig } from '../networks/unet2dConfig.ts';
import type { WeightTensor } from '../weights/weightTensor.ts';

const TABLE = 'class_embedding.weight';

export interface LabelledNetwork {
  config: UNet2DConfig;
  /** PyTorch's layout. */
  weights: Map<string, WeightTensor>;
}

/**
 * A U-Net for other labels, to begin a training with: rows of the class embedding go to the label of the same name, the
 * last row to the null label, and labels that are new begin at random. All other weights stay.
 *
 * @param known  the network's labels, without the null label
 * @param labels those of the training to come
 * @param seed   uint32, of the new rows
 * @returns      a network that shares the other weights; an unconditional one as it is
 * @throws       RangeError when the embedding has not a row for each known label and one more
 */
export function relabel(
  { config, weights }: LabelledNetwork,
  known: readonly string[],
  labels: readonly string[],
  seed: number,
): LabelledNetwork {
  const table = weights.get(TABLE);
  if (config.num_class_embeds === null || !table) return { config, weights };
  if (config.num_class_embeds !== known.length + 1) {
    throw new RangeError(
      `relabel: the network has ${config.num_class_embeds} class embeddings for ${known.length} labels; expected ${known.length + 1}`,
    );
  }
  const changed = { ...config, num_class_embeds: labels.length + 1 };
  const fresh = initialWeights(new Map([[TABLE, unet2dShapes(changed).get(TABLE)!]]), seed).get(TABLE)!;
  const width = table.shape[1]!;
  const data = Float32Array.from(fresh.data);
  const copyRow = (from: number, to: number) =>
    data.set(table.data.subarray(from * width, (from + 1) * width) as Float32Array, to * width);
  for (const [to, label] of labels.entries()) if (known.includes(label)) copyRow(known.indexOf(label), to);
  copyRow(known.length, labels.length);
  return { config: changed, weights: new Map(weights).set(TABLE, { ...fresh, data }) };
}

/**
 * The same network with the null label in the last row, where trainings have it. One that has none gets the mean of all
 * rows, from which "any" is learned.
 *
 * @param nullLabel the row that it is in now; null: in none
 */
export function nullLabelLast({ config, weights }: LabelledNetwork, nullLabel: number | null): LabelledNetwork {
  const table = weights.get(TABLE);
  if (config.num_class_embeds === null || !table) return { config, weights };
  const [count, width] = table.shape as [number, number];
  const rows = Array.from({ length: count }, (_, i) => table.data.subarray(i * width, (i + 1) * width));
  const mean = (_: unknown, column: number) => rows.reduce((sum, row) => sum + row[column]!, 0) / count;
  const last = nullLabel === null ? Float32Array.from({ length: width }, mean) : rows[nullLabel]!;
  const ordered = [...rows.filter((_, i) => i !== nullLabel), last];
  const data = new Float32Array(ordered.length * width);
  for (const [i, row] of ordered.entries()) data.set(row, i * width);
  const changed = new Map(weights).set(TABLE, { shape: [ordered.length, width], data });
  return { config: { ...config, num_class_embeds: ordered.length }, weights: changed };
}

/** A U-Net that knew no classes, with a table of so many labels and the null label; at first they all change nothing. */
export function withClasses({ config, weights }: LabelledNetwork, numLabels: number): LabelledNetwork {
  const changed = { ...config, num_class_embeds: numLabels + 1 };
  const shape = unet2dShapes(changed).get(TABLE)!;
  const table = { shape, data: new Float32Array(shape[0]! * shape[1]!) };
  return { config: changed, weights: new Map(weights).set(TABLE, table) };
}
