/**
 * How different the images of each class are: the mean Euclidean distance between the features of any two of them. Divided
 * by that of real images it measures variety: 1 is as varied as the data, 0 is one picture again and again.
 *
 * @param features    float32 (N, numFeatures)
 * @param classLabels int32 (N)
 * @returns           one number a class; NaN for a class with fewer than two images
 */
export function spreadPerClass(
  features: Float32Array,
  numFeatures: number,
  classLabels: Int32Array,
  numLabels: number,
): number[] {
  const rows: Float32Array[][] = Array.from({ length: numLabels }, () => []);
  classLabels.forEach((label, i) => {
    rows[label]!.push(features.subarray(i * numFeatures, (i + 1) * numFeatures));
  });
  return rows.map(meanPairDistance);
}

function meanPairDistance(rows: Float32Array[]): number {
  let sum = 0;
  for (let i = 1; i < rows.length; i++) {
    for (let j = 0; j < i; j++) sum += euclidean(rows[i]!, rows[j]!);
  }
  return sum / ((rows.length * (rows.length - 1)) / 2);
}

function euclidean(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
  return Math.sqrt(sum);
}
