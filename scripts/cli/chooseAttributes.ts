import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  ATTRIBUTES_FILE,
  type AttributeColumn,
  type Dataset,
  selectColumns,
  unfilledRanges,
} from '../../runtime/index.ts';
import { rangeAsUsageError, UsageError } from '../node/usageError.ts';

interface AttributeChoice {
  /** The folder of the data. */
  data: string;
  attributes?: readonly string[];
}

/**
 * The attributes that --attributes names; without it all, and none for `none`. Says which ranges are not filled.
 *
 * @throws UsageError for a name that the data do not have, and when a table lies in their folder that was not read
 */
export function chooseAttributes(dataset: Dataset, { data, attributes: names }: AttributeChoice): AttributeColumn[] {
  if (names?.join() === 'none') return [];
  if (dataset.attributes === undefined && existsSync(join(data, ATTRIBUTES_FILE))) {
    throw new UsageError(
      `--data: ${join(data, ATTRIBUTES_FILE)} is not read, since no dataset.json beside it lists "attributes"; list them there, or give --attributes none`,
    );
  }
  const chosen = namedColumns(dataset.attributes ?? [], names);
  for (const { name, range, seen } of unfilledRanges(chosen)) {
    const [all, some] = [range, seen].map(({ min, max }) => `${shownNumber(min)} to ${shownNumber(max)}`);
    console.log(
      `attributes: ${name} goes from ${all}, in the images from ${some}; a model learns nothing of the rest, so give that range in dataset.json`,
    );
  }
  return chosen;
}

const shownNumber = (value: number) => Number(value.toPrecision(3));

function namedColumns(attributes: readonly AttributeColumn[], names?: readonly string[]): AttributeColumn[] {
  return names ? rangeAsUsageError(() => selectColumns(attributes, names), '--attributes') : [...attributes];
}
