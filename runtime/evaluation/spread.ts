/**
 * How different the images of each class are: the mean Euclidean distance between the features of any two of them. Divided
 * by that of real images it measures variety: 1 is as varied as the data, 0 is one picture again and again.
 *
 * @param features    float32 (N, numFeatures)
 * @param classLabels int32 (N)
 * @param subjects    (N), what each image shows: two of one subject, such as its frames, are no pair; by default all differ
 * @returns           one number a class; NaN for a class with no two subjects
 */
export function spreadPerClass(
  features: Float32Array,
  numFeatures: number,
  classLabels: Int32Array,
  numLabels: number,
  subjects: ArrayLike<number> = Array.from(classLabels.keys()),
): number[] {
  const rows: Row[][] = Array.from({ length: numLabels }, () => []);
  classLabels.forEach((label, i) => {
    rows[label]!.push({ features: features.subarray(i * numFeatures, (i + 1) * numFeatures), subject: subjects[i]! });
  });
  return rows.map(meanPairDistance);
}

interface Row {
  features: Float32Array;
  subject: number;
}

function meanPairDistance(rows: Row[]): number {
  let sum = 0;
  let numPairs = 0;
  for (let i = 1; i < rows.length; i++) {
    for (let j = 0; j < i; j++) {
      if (rows[i]!.subject === rows[j]!.subject) continue;
      sum += euclidean(rows[i]!.features, rows[j]!.features);
      numPairs++;
    }
  }
  return sum / numPairs;
}

function euclidean(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
  return Math.sqrt(sum);
}
