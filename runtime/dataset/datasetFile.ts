// The file `dataset.json`, which says what the pictures of a data set are.

import * as v from 'valibot';
import { messageOf, shortened } from '../core/errors.ts';
import { DATASET_FILE } from '../core/fileNames.ts';
import { findJsonFlaw } from '../core/untrustedJson.ts';
import { DatasetError, MAX_LABEL_LENGTH } from './dataset.ts';
import { type DatasetSource, decodeText, NO_TEXT } from './source.ts';

/** What a model's index may hold of a name, and well below what it may hold of a credit, since a model may join several. */
const textOf = (most: number) =>
  v.pipe(
    v.string(),
    v.trim(),
    v.nonEmpty('is empty; expected text'),
    v.maxLength(most, `is too long; expected at most ${most} characters`),
  );
/** It is printed and named in errors, where control characters would steer a terminal. */
export const plainTextOf = (most: number) =>
  v.pipe(textOf(most), v.regex(/^\P{Cc}*$/u, 'has a control character; rename it'));
/** The name of a data set, or of one of its labels; letters with accents are whole (Unicode NFC), as keyboards write them. */
export const plainText = v.pipe(v.string(), v.normalize(), plainTextOf(MAX_LABEL_LENGTH));
/** A licence, or who made the pictures. */
export const credit = textOf(10_000);

/** Reads the file. @throws DatasetError for what is no JSON, is not UTF-8, or names an entry twice */
export async function readDatasetFile(source: DatasetSource): Promise<unknown> {
  const fail = (problem: string): never => {
    throw new DatasetError(source.name ?? DATASET_FILE, [`${DATASET_FILE}: ${problem}`]);
  };
  const unreadable = (error: unknown) => fail(`cannot be read (${messageOf(error)}); expected a JSON file`);
  const json = decodeText(await source.read(DATASET_FILE).catch(unreadable)) ?? fail(NO_TEXT);
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    return unreadable(error);
  }
  const flaw = findJsonFlaw(json, Number.POSITIVE_INFINITY);
  return flaw === undefined ? value : fail(`${flaw}; rename it, or take it out`);
}

/** What the file says. @throws DatasetError with all that is wrong with it */
export function checkDatasetFile<Output>(
  source: Pick<DatasetSource, 'name'>,
  schema: v.GenericSchema<unknown, Output>,
  json: unknown,
): Output {
  const result = v.safeParse(schema, json, { abortPipeEarly: true });
  if (result.success) return result.output;
  throw new DatasetError(
    source.name ?? DATASET_FILE,
    result.issues.map(
      (issue) => `${DATASET_FILE}: ${shortened(v.getDotPath(issue) ?? 'the file', 80)}: ${issue.message}`,
    ),
  );
}
