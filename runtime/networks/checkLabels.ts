/**
 * Refuses class labels that a network has no place for.
 *
 * @param count of the labels that it looks up, which are whole numbers below it; null where it looks up none
 * @throws      RangeError naming what is wrong and what was expected
 */
export function checkLabels(operation: string, labels: ArrayLike<number>, count: number | null, batch: number): void {
  if (labels.length !== batch) {
    throw new RangeError(
      `${operation}: ${batch} images and ${labels.length} class labels; expected one label for each image`,
    );
  }
  if (count === null) return;
  for (const label of Array.from(labels)) {
    if (Number.isInteger(label) && label >= 0 && label < count) continue;
    throw new RangeError(`${operation}: class label ${label}; expected a whole number from 0 to ${count - 1}`);
  }
}
