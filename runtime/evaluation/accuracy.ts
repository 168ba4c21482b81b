export interface Accuracy {
  /** Share of all images that are recognised as their class, 0 … 1. */
  overall: number;
  /** The same of each class; NaN for one without images. */
  perClass: number[];
}

/**
 * How often a classifier recognises images as what they are meant to be.
 *
 * @param predicted   int32 (N), the classifier's choice
 * @param classLabels int32 (N), the right class
 * @throws            RangeError when the lengths differ or there are no images
 */
export function accuracyOf(predicted: Int32Array, classLabels: Int32Array, numLabels: number): Accuracy {
  if (predicted.length !== classLabels.length || predicted.length === 0) {
    throw new RangeError(
      `accuracyOf: ${predicted.length} predictions for ${classLabels.length} images; expected one for each, at least one`,
    );
  }
  const [hits, counts] = [new Array<number>(numLabels).fill(0), new Array<number>(numLabels).fill(0)];
  classLabels.forEach((label, i) => {
    counts[label]! += 1;
    if (predicted[i] === label) hits[label]! += 1;
  });
  return {
    overall: hits.reduce((a, b) => a + b, 0) / classLabels.length,
    perClass: hits.map((count, label) => count / counts[label]!),
  };
}
