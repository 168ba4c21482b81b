// figment bake: its options; bakeFile.ts and bakeModels.ts do the work and are loaded only then. Ranges end where those of
// recipes do, but the texts are the command's own: it must tell them without waiting for the schema of recipes to load.

import { Command, InvalidArgumentError, Option } from 'commander';
import { MAX_SEED } from '../../runtime/core/random.ts';
import {
  MAX_CLASSIFIER_SCALE,
  MAX_GUIDANCE_SCALE,
  MAX_INFERENCE_STEPS,
  MAX_RESAMPLES,
  MAX_SIDE_PX,
  SAMPLER_NAMES,
} from '../../runtime/core/samplingBounds.ts';
import { CLASSIFIER_SCALE_DEFAULT, EDIT_DEFAULTS, REFINE_STRENGTH, SAME_FOR } from '../../runtime/recipe/defaults.ts';
import { PIPELINE_NAMES } from '../../runtime/recipe/recipe.ts';
import { MAX_COUNT } from '../bake/bakeFileSchema.ts';
import { BAKE_FILE, type Shard } from '../bake/manifest.ts';
import { UsageError } from '../node/usageError.ts';
import type { BakeCommandOptions } from './bakeOptions.ts';
import {
  attributeValues,
  guidanceIntervalOption,
  labelBlend,
  nameList,
  realNumber,
  wholeNumber,
} from './optionParsers.ts';

const { varied, masked } = EDIT_DEFAULTS;
const MAX_BATCH = 256;
const MAX_JOBS = 256;

const EXAMPLES = `
Examples:
  figment bake portraits --label elf --count 8 --seed 1 --out npcs
  figment bake portraits --label elf --with hair_colour=red,black,expression=happy --out npcs
  figment bake portraits --label elf --seed 7 --vary expression --out faces
  figment bake portraits --label elf,orc --guidance 3 --steps 30 --sampler ddim --sheet --out npcs
  figment bake https://example.org/models/portraits --out npcs
  figment bake runs/heroes --pipeline cvae --count 50 --out crowd
  figment bake --count 4 --enlarge 2 --sheet --out out
  figment bake portraits --label elf --image npcs/elf-3.png --strength 0.8 --count 8 --out sisters
  figment bake portraits --label elf --image npcs/elf-3.png --mask hair.png --count 8 --out hair
  figment bake portraits --classifier portraits-ornate --classifier-label ornate --classifier-scale 20 --out ornate
  figment bake characters --label guard --count 3 --sheet --animated --out guards
  figment bake art/figment.bake.json --jobs 4 --report
  figment bake art/figment.bake.json --check`;

const OF_A_MODEL = 'Pictures of a model:';
const OF_A_FILE = 'A bake file (what to make stands in it):';

/** The command `figment bake`. */
export function bakeCommand(): Command {
  const command = new Command('bake')
    .description('make pictures with a trained model, or all that a bake file lists, and write them as files')
    .argument(
      '[models...]',
      "a bake file (.json or .jsonc), or a shipped model's name, a model folder or an https address; default: all shipped models; several go each to a folder that is called as theirs",
    )
    .option('--out <dir>', 'folder to write to; needed but for a bake file, which has its own')
    .option(
      '--batch <n>',
      'how many pictures of 32 × 32 are computed at once, of larger ones fewer; pictures do not depend on it',
      wholeNumber(1, MAX_BATCH),
      16,
    )
    .option(
      '--jobs <n>',
      'how many bake at the same time, each on a core of the CPU; above 1 the GPU is unused',
      wholeNumber(1, MAX_JOBS),
      1,
    )
    .addOption(new Option('--backend <name>', 'default: the fastest here').choices(['webgpu', 'wasm', 'cpu']))
    .addOption(
      new Option(
        '--engine <name>',
        'what computes the networks: onnx is faster on a CPU (npm install onnxruntime-node --ignore-scripts)',
      )
        .choices(['tfjs', 'onnx'])
        .default('tfjs'),
    );
  addPictureOptions(command.optionsGroup(OF_A_MODEL));
  addFileOptions(command.optionsGroup(OF_A_FILE));
  return command.addHelpText('after', EXAMPLES).action(async (names: string[], options: BakeCommandOptions) => {
    const file = names.find((name) => BAKE_FILE.test(name) && !/^https?:/i.test(name));
    if (file === undefined) {
      refuse(command, OF_A_FILE, 'is for a bake file');
      return (await import('./bakeModels.ts')).bakeModels(names, options);
    }
    if (names.length > 1) throw new UsageError('bake: one bake file at a time');
    refuse(command, OF_A_MODEL, `is for a model's name; say so in ${file}`);
    await (await import('./bakeFile.ts')).bakeFile(file, options);
  });
}

/** Adds the options that say which pictures of a model to make, and how. */
function addPictureOptions(command: Command): void {
  command
    .option('--label <names>', 'labels to draw, repeated or separated by commas (default: all)', addNames)
    .option(
      '--with <attributes>',
      "what they have besides, of the model's attributes; several values make all combinations",
      attributeValues,
    )
    .option('--blend <label=amount>', 'be in part of another label: grass=0.4', labelBlend)
    .option('--vary <attributes>', 'make the same person with each value of these attributes', addNames)
    .option('--same-as <attributes>', 'make the same person as with these attributes instead', attributeValues)
    .option('--same-for <x>', `for which share of the steps it is (default: ${SAME_FOR})`, realNumber(0, 1))
    .option('--count <n>', 'pictures of each label (default: 1)', wholeNumber(1, MAX_COUNT))
    .option(
      '--seed <n>',
      'seed of the first picture; the others count up from it (default: 0)',
      wholeNumber(0, MAX_SEED),
    )
    .option('--interpolate-seed <n>', 'begin between the noises of this seed and each own', wholeNumber(0, MAX_SEED))
    .option('--interpolate-amount <x>', 'how far from the own seed (0) to the other (1)', realNumber(0, 1))
    .addOption(
      new Option(
        '--pipeline <name>',
        'ddpm: in steps; cvae: in one pass, blurred; cvae+ddpm: steps that begin from that (default: ddpm)',
      ).choices(PIPELINE_NAMES),
    )
    .option(
      '--guidance <w>',
      "how strongly to follow the label, 1 = off (default: the model's)",
      realNumber(0, MAX_GUIDANCE_SCALE),
    )
    .option('--guidance-rescale <x>', 'tone down the contrast of strong guidance, 0 to 1', realNumber(0, 1))
    .addOption(guidanceIntervalOption())
    .option('--classifier <name>', 'steer by a classifier: a shipped one, a folder or an https address')
    .option('--classifier-label <label>', "one of the classifier's labels")
    .option(
      '--classifier-scale <s>',
      `how strongly, 0 = off, below 0 away from the label (default: ${CLASSIFIER_SCALE_DEFAULT})`,
      realNumber(-MAX_CLASSIFIER_SCALE, MAX_CLASSIFIER_SCALE),
    )
    .option('--steps <n>', "denoising steps (default: the model's)", wholeNumber(1, MAX_INFERENCE_STEPS))
    .addOption(new Option('--sampler <name>', "default: the model's").choices(SAMPLER_NAMES))
    .option('--eta <x>', 'noise of the sampler ddim, 0 to 1', realNumber(0, 1))
    .option('--image <png>', 'begin from this picture, of the size that is made')
    .option('--mask <png>', 'make what is white in it new, and keep the rest of the image')
    .option(
      '--strength <x>',
      `how far to go from the image (default: ${varied.strength}, ${masked.strength} with a mask) or from the VAE's picture (${REFINE_STRENGTH})`,
      realNumber(0, 1),
    )
    .option(
      '--resamples <n>',
      `with a mask: how often each step is made (default: ${masked.resamples})`,
      wholeNumber(1, MAX_RESAMPLES),
    )
    .option('--keep-alpha', "keep to the image's outline (default without a mask)")
    .option('--no-keep-alpha', 'take the outline that comes (default with a mask)')
    .option(
      '--width <px>',
      `a multiple of the model's tile, where its pictures repeat: at most ${MAX_SIDE_PX} a side and 2^20 pixels in all`,
      wholeNumber(1, MAX_SIDE_PX),
    )
    .option('--height <px>', 'the same for the height', wholeNumber(1, MAX_SIDE_PX))
    .option('--enlarge <n>', 'make n × n pixels of every pixel (default: 1)', wholeNumber(1, 64))
    .option('--sheet', 'also write sheet.png and sheet.json, an atlas in the TexturePacker layout')
    .option('--animated', 'of models with frames, also write an animated PNG of each picture (.apng)');
}

/** Adds the options that say what to do with a bake file. */
function addFileOptions(command: Command): void {
  command
    .option('--check', 'write nothing; list what is missing or stale, and end with 1 if anything is')
    .option('--watch', 'bake again whenever the file, or a model or picture that it names, is saved')
    .option('--shard <i/n>', 'bake the i-th of n parts, such as 2/4; parts of one plan make the whole', shard)
    .option('--force', 'bake what is as it should be, too')
    .option('--prune', 'remove what earlier bakes made and the file no longer lists')
    .option('--report [html]', 'also write a page that shows all (default: report.html in the output folder)', page)
    .option(
      '--neighbours <n>',
      'other seeds that the report offers beside each picture (default: 4)',
      wholeNumber(0, 32),
    );
}

/**
 * The name of the page that --report writes. Without a value of its own, --report takes the word behind it, which may be the
 * bake file: so any name but that of a page is refused, and the bake file is not written over.
 */
function page(text: string): string {
  if (/\.html?$/i.test(text)) return text;
  throw new InvalidArgumentError('Expected a page such as report.html; put --report behind the bake file.');
}

/** @throws UsageError for an option that was given, and that help lists in a group of which none may be */
function refuse(command: Command, group: string, why: string): void {
  const isGiven = (option: Option) => command.getOptionValue(option.attributeName()) !== undefined;
  const given = command.options.find((option) => option.helpGroupHeading === group && isGiven(option));
  if (given) throw new UsageError(`bake: ${given.long} ${why}`);
}

function addNames(text: string, before: string[] = []): string[] {
  return [...new Set([...before, ...nameList(text)])];
}

function shard(text: string): Shard {
  const [index, count, ...rest] = text.split('/').map(wholeNumber(1, 10_000));
  if (index === undefined || count === undefined || rest.length > 0 || index > count) {
    throw new InvalidArgumentError('expected a part and the number of parts, such as 2/4.');
  }
  return { index, count };
}
