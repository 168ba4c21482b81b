// Credits of a model: the authors of its data, and of the data of the models whose weights it started from.

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { readIndexOf } from './readNetworks.ts';
import { UsageError } from './usageError.ts';
import type { WholeModel } from './wholeModel.ts';

/** File in the folder of a run that is not a whole model yet. */
export const CREDIT_FILE = 'credit.json';

const CREDIT_SCHEMA = v.object({ licence: v.string(), attribution: v.string() });

export type Credit = v.InferOutput<typeof CREDIT_SCHEMA>;

/** The credit of a model folder or of an auto-encoder's run; null where no file states it. */
export async function readCredit(dir: string): Promise<Credit | null> {
  const index = await readIndexOf(dir);
  if (index) {
    const { licence, attribution } = index.figment;
    return { licence, attribution };
  }
  const file = join(dir, CREDIT_FILE);
  if (!existsSync(file)) return null;
  try {
    return v.parse(CREDIT_SCHEMA, JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    throw new UsageError(
      `train: ${file} tells no licence and attribution (${(error as Error).message}); mend or delete it`,
    );
  }
}

/** Several credits joined, in their order and without repetitions. */
export function combineCredits(credits: readonly (Credit | null)[]): Credit {
  const join = (key: keyof Credit) => {
    const texts = credits.flatMap((credit) => credit?.[key].split('; ') ?? []).filter((text) => text !== '');
    return [...new Set(texts)].join('; ');
  };
  return { licence: join('licence'), attribution: join('attribution') };
}

/** A model whose index names this credit instead of its own. */
export function withCredit({ index, files }: WholeModel, credit: Credit): WholeModel {
  return { index: { ...index, figment: { ...index.figment, ...credit } }, files };
}
