import { Command, Option } from 'commander';
import { MAX_SEED } from '../../runtime/core/random.ts';
import { MAX_GUIDANCE_SCALE, SAMPLER_NAMES } from '../../runtime/core/samplingBounds.ts';
import type { EvaluateCommandOptions } from './evaluation/runEvaluation.ts';
import { extraDataOption, guidanceIntervalOption, nameList, realNumber, wholeNumber } from './optionParsers.ts';

/** The command `figment evaluate`. */
export function evaluateCommand(): Command {
  return new Command('evaluate')
    .description('measure a model: are its pictures recognised, varied, near to real ones, and not copied?')
    .argument('<model>', 'a shipped model, a model folder or an address')
    .requiredOption('--data <dir>', 'the data set that the model was trained on')
    .addOption(extraDataOption('more that it was trained on'))
    .option('--test-data <dir>', 'other pictures that it was not trained on, to compare with instead of those held out')
    .option(
      '--out <dir>',
      'folder for metrics.json and contact-sheet.png; needed but for a model folder, which is the default',
    )
    .option('--classifier <file>', 'where the classifier is kept (default: in the user cache folder)')
    .option(
      '--classifier-steps <n>',
      'steps that a new classifier is trained (default: to see each image 8 times, 2000 to 6000)',
      wholeNumber(1),
    )
    .option(
      '--height-steps <n>',
      'of materials: steps that a network is trained which guesses height from albedo',
      wholeNumber(1),
      400,
    )
    .option('--no-copies', 'leave out the search for copies of training images, which takes minutes of many images')
    .option('--no-seams', 'leave out the seams of materials, for which their pictures are made again, and larger ones')
    .option(
      '--sweep-seeds <n>',
      'seeds of each label of which every numeric attribute is swept; 0: none',
      wholeNumber(0, 100),
      2,
    )
    .option(
      '--swept-data <dir>',
      'compare them with these real pictures, of which those of a subject follow one another and differ in one number alone',
    )
    .option('--vary <attribute>', 'change this attribute alone: is it recognised, and does all else stay?')
    .option('--identities <n>', 'of how many pictures', wholeNumber(1, 10_000), 100)
    .option(
      '--varied-data <dir>',
      'compare with these real pictures, which show the same subjects with other words of it',
    )
    .option('--images-per-class <n>', 'pictures of each label, at each guidance scale', wholeNumber(2, 10_000), 32)
    .addOption(
      new Option('--guidance <list>', 'guidance scales').default([1, 2, 4], '1,2,4').argParser(parseGuidanceList),
    )
    .option('--steps <n>', "denoising steps (default: the model's)", wholeNumber(1, 1000))
    .addOption(new Option('--sampler <name>', "sampler (default: the model's)").choices(SAMPLER_NAMES))
    .option('--seed <n>', 'seed of the first picture of each label', wholeNumber(0, MAX_SEED), 1)
    .option(
      '--held-out <share>',
      'share of each class kept away from training, as in training',
      realNumber(0, 0.9),
      0.05,
    )
    .addOption(guidanceIntervalOption())
    .addOption(new Option('--hold-out-by <list>', 'the attributes that the training held out by').argParser(nameList))
    .option('--split-seed <n>', 'seed of that split: the --seed of the training', wholeNumber(0, MAX_SEED), 0)
    .option('--workers <n>', 'threads that train the classifier on wasm', wholeNumber(1, 64), 2)
    .addOption(new Option('--backend <name>', 'compute on this backend').choices(['webgpu', 'wasm', 'cpu']))
    .action(async (name: string, options: EvaluateCommandOptions) =>
      (await import('./evaluation/runEvaluation.ts')).evaluate(name, options),
    );
}

function parseGuidanceList(text: string): number[] {
  return [...new Set(text.split(',').map(realNumber(0, MAX_GUIDANCE_SCALE)))];
}
