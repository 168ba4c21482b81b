// Results of a part: each case is written to the work folder as soon as it is done, and all of them to the study's folder at the end.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { composeSheet } from '../../runtime/index.ts';
import { writeFilesAtomic } from '../node/atomicWrite.ts';
import { decodePng, encodePng } from '../node/png.ts';
import type { CaseResult, Numbers, StudyPart } from './part.ts';
import { drawFigure, labelledSheet } from './plot.ts';

/** Meaning and unit of each number. */
const STUDY_UNITS: Record<string, string> = {
  accuracy: 'share of pictures that the judge takes for their label, 0 to 1',
  spread: 'mean feature distance between two pictures of a label, divided by that of held-out images',
  frechet: 'squared Frechet distance between judge features of pictures and of held-out images',
  msPerPicture: 'milliseconds of one thread',
  distance: 'mean absolute difference to the pictures of 200 steps of dpm++, premultiplied values of range -1 to 1',
  reconstructionError: 'mean absolute difference of held-out images and their decoded means, range -1 to 1',
  kl: 'Kullback-Leibler divergence of the posterior from the cvae, nats an image, held-out images',
  numImages: 'training images seen',
};

const SIGNIFICANT_DIGITS = 4;

/** The pictures' size. */
export interface Size {
  widthPx: number;
  heightPx: number;
}

/** Finished cases, in a folder whose name depends on the settings. */
export class CaseStore {
  private readonly folder: string;

  constructor(
    work: string,
    part: string,
    settings: unknown,
    private readonly size: Size,
  ) {
    const digest = createHash('sha256').update(JSON.stringify(settings)).digest('hex').slice(0, 8);
    this.folder = path.join(work, `${part}-${digest}`);
  }

  /** null when it is not done yet. */
  async read(name: string): Promise<CaseResult | null> {
    const [numbers, sheet] = this.filesOf(name);
    if (!existsSync(path.join(this.folder, numbers!))) return null;
    const json = await readFile(path.join(this.folder, numbers!), 'utf8');
    const { pixels, height } = decodePng(new Uint8Array(await readFile(path.join(this.folder, sheet!))));
    const { widthPx, heightPx } = this.size;
    const length = 4 * widthPx * heightPx;
    const row = Array.from({ length: height / heightPx }, (_, i) => pixels.subarray(i * length, (i + 1) * length));
    return { numbers: JSON.parse(json), row };
  }

  async write(name: string, { numbers, row }: CaseResult): Promise<void> {
    const [numbersFile, sheetFile] = this.filesOf(name);
    const column = composeSheet(row, 1, this.size.widthPx, this.size.heightPx);
    await mkdir(this.folder, { recursive: true });
    // The numbers come last: they say that the case is done.
    await writeFilesAtomic(this.folder, { [sheetFile!]: encodePng(column), [numbersFile!]: json(numbers) });
  }

  private filesOf(name: string): string[] {
    const stem = name.replace(/[^\w.-]+/g, '_');
    return [`${stem}.json`, `${stem}.png`];
  }
}

/** Writes a part's numbers, plots and sheet. */
export async function writeResults(
  out: string,
  part: StudyPart,
  settings: Record<string, unknown>,
  results: Record<string, CaseResult>,
  { widthPx, heightPx }: Size,
): Promise<void> {
  const cases = Object.fromEntries(part.cases.map((name) => [name, results[name]!.numbers]));
  const measured = new Set(Object.values(cases).flatMap((numbers) => Object.keys(numbers)));
  const units = Object.fromEntries(Object.entries(STUDY_UNITS).filter(([name]) => measured.has(name)));
  const rows = part.cases.map((name) => ({ label: name, pictures: results[name]!.row }));
  const plots = Object.entries(part.figures(cases)).map(([suffix, figure]) => [
    `${part.name}${suffix && `-${suffix}`}.png`,
    drawFigure(figure),
  ]);
  await writeFilesAtomic(out, {
    ...Object.fromEntries(plots),
    [`${part.name}-sheet.png`]: labelledSheet(rows, widthPx, heightPx),
    [`${part.name}.json`]: json({ question: part.question, settings, units, cases }),
  });
}

function json(value: unknown): Uint8Array {
  const round = (_: string, item: unknown) =>
    typeof item === 'number' && !Number.isInteger(item) ? Number(item.toPrecision(SIGNIFICANT_DIGITS)) : item;
  return new TextEncoder().encode(`${JSON.stringify(value, round, 2)}\n`);
}

/** Some numbers of all cases, for a plot. */
export function pick(numbers: Record<string, Numbers>, key: string): [string, number][] {
  return Object.entries(numbers).map(([name, values]) => [name, values[key]!]);
}
