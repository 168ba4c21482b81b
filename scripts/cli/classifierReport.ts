import type { ClassifierIndex, NoisyAccuracy } from '../../runtime/index.ts';

/** What a training of a classifier has come to: metrics.json. */
export interface ClassifierReport {
  model: string;
  labels: string[];
  numTrained: number;
  numHeldOut: number;
  numSteps: number;
  numImages: number;
  minutes: number;
  /** On held-out pictures, by noise level. */
  accuracies: NoisyAccuracy[];
}

const HEADER = ['t', 'signal ᾱ', 'accuracy', 'log loss'];

function cells({ t, alphaBar, accuracy, logLoss }: NoisyAccuracy): string[] {
  return [String(t), alphaBar.toPrecision(3), accuracy.toFixed(3), logLoss.toFixed(3)];
}

/** A table for the terminal, one line a noise level. */
export function formatAccuracies(accuracies: readonly NoisyAccuracy[]): string {
  const rows = [HEADER, ...accuracies.map(cells)];
  const widths = HEADER.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) => row.map((cell, column) => cell.padStart(widths[column]!)).join('  ')).join('\n');
}

/** README.md of a classifier's folder. */
export function classifierCard({ figment, labels }: ClassifierIndex, report: ClassifierReport): string {
  const rows = [HEADER, HEADER.map(() => '---:'), ...report.accuracies.map(cells)];
  return `# ${figment.name}

Noise-aware classifier of the latents of **${figment.model.name}**: ${labels.join(', ')}. It guides that model, without
retraining it: \`figment bake ${figment.model.name} --classifier FOLDER --classifier-label ${labels[0]} --out out\`.

- **Data:** ${report.numTrained} pictures, and ${report.numHeldOut} held out.
- **Licence:** ${figment.licence || 'unstated'}. ${figment.attribution}
- **Training:** ${report.numSteps} steps, ${report.numImages} noised pictures, ${report.minutes.toFixed(1)} minutes.

Held-out pictures recognised, by noise level, each label weighted alike (chance: ${(1 / labels.length).toFixed(2)}):

${rows.map((row) => `| ${row.join(' | ')} |`).join('\n')}
`;
}
