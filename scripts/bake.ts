// figment bake: its options; bakeImages.ts does the work and is loaded only then.
import { Command, InvalidArgumentError, Option } from 'commander';
import type { BackendName, SamplerName } from '../runtime/index.ts';
import { realNumber, wholeNumber } from './io/cliErrors.ts';

/** What is undefined comes from the model's own defaults. */
export interface BakeOptions {
  out: string;
  label?: string[];
  count: number;
  seed: number;
  guidance?: number;
  guidanceRescale?: number;
  guidanceInterval?: [number, number];
  steps?: number;
  sampler?: SamplerName;
  eta?: number;
  scale: number;
  sheet?: boolean;
  batch: number;
  backend?: BackendName;
}

const MAX_COUNT = 100_000;
const MAX_SEED = 2 ** 32 - 1;
const MAX_BATCH = 256;

const EXAMPLES = `
Examples:
  figment bake portraits --label elf --count 8 --seed 1 --scale 8 --out npcs
  figment bake portraits --label elf,orc --guidance 3 --steps 30 --sampler ddim --sheet --out npcs
  figment bake https://example.org/models/portraits --out npcs`;

/** The command `figment bake`. */
export function bakeCommand(): Command {
  return new Command('bake')
    .description('make pictures with a trained model and write them as PNG files')
    .argument('<model>', "a shipped model's name, a model folder or an https address")
    .requiredOption('--out <dir>', 'folder to write <label>-<seed>.png to')
    .option('--label <names>', 'labels to draw, repeated or separated by commas (default: all)', addLabels)
    .option('--count <n>', 'pictures of each label', wholeNumber(1, MAX_COUNT), 1)
    .option('--seed <n>', 'seed of the first picture; the others count up from it', wholeNumber(0, MAX_SEED), 0)
    .option('--guidance <w>', "how strongly to follow the label, 1 = off (default: the model's)", realNumber(0, 20))
    .option('--guidance-rescale <x>', 'tone down the contrast of strong guidance, 0 to 1', realNumber(0, 1))
    .option('--guidance-interval <a,b>', 'guide only between these training timesteps', interval)
    .option('--steps <n>', "denoising steps (default: the model's)", wholeNumber(1))
    .addOption(new Option('--sampler <name>', "default: the model's").choices(['ddpm', 'ddim', 'dpm++', 'euler']))
    .option('--eta <x>', 'noise of the sampler ddim, 0 to 1', realNumber(0, 1))
    .option('--scale <n>', 'enlarge every pixel to n × n', wholeNumber(1, 64), 1)
    .option('--sheet', 'also write sheet.png and sheet.json, an atlas in the TexturePacker layout')
    .option('--batch <n>', 'pictures computed at once; they do not depend on it', wholeNumber(1, MAX_BATCH), 16)
    .addOption(new Option('--backend <name>', 'default: the fastest here').choices(['webgpu', 'wasm', 'cpu']))
    .addHelpText('after', EXAMPLES)
    .action(async (model: string, options: BakeOptions) =>
      (await import('./bakeImages.ts')).bakeImages(model, options),
    );
}

function addLabels(text: string, before: string[] = []): string[] {
  const labels = text.split(',').map((label) => label.trim());
  if (labels.includes('')) throw new InvalidArgumentError('expected labels separated by commas.');
  return [...new Set([...before, ...labels])];
}

function interval(text: string): [number, number] {
  const [from, to, ...rest] = text.split(',').map(wholeNumber(0));
  if (from === undefined || to === undefined || rest.length > 0 || from > to) {
    throw new InvalidArgumentError('expected two whole numbers, the smaller one first, such as 200,800.');
  }
  return [from, to];
}
