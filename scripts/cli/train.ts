// figment train vae|ddpm|cvae|classifier: the options. Each training has a file of its own, loaded when it runs.
import { Command, Option } from 'commander';
import { attributesOption, extraDataOption, nameList, oneOf, realNumber, wholeNumber } from './optionParsers.ts';
import { inItsFolder, perceptualWeightOption, runCommand } from './runCommand.ts';

const CIRCULAR = 'for seamless tiles: wrap every convolution around the borders, and augment by shifts that do';

const NO_CIRCULAR = 'wrap no convolution, whatever the model does that it begins with';

function command(name: string, description: string, circular = CIRCULAR, start = 'model'): Command {
  return runCommand(name, description)
    .addOption(extraDataOption('a data set of the same image size to train on besides'))
    .option('--init-from <dir>', `begin with the weights of this ${start}: a folder, or the name of a shipped one`)
    .addOption(new Option('--labels <list>', 'train on these classes alone, separated by commas').argParser(nameList))
    .option('--shrink <n>', 'make one pixel of n × n: images of a half of the size with 2', wholeNumber(1, 64), 1)
    .option('--circular', circular);
}

/** Parser of `--widths`. */
const channelCounts = (text: string) => text.split(',').map(wholeNumber(1, 4096));

/** An option that says how large a new network is; that of --init-from has its sizes. */
function ofNewNetwork(flags: string, text: string, parse: (text: string) => unknown): Option {
  return new Option(flags, `of a new network: ${text}`).argParser(parse).conflicts('initFrom');
}

const VAE_DETAILS = `
--out gets the folder vae/, for figment train ddpm. But with --freeze-encoder and --init-from a whole model, --out gets a
whole model too: index, labels, scheduler, U-Net and the latents' mean and deviation of the old one with a better decoder.
So it does with --latents-of, where the encoder is of another size, too, and learns to give the same latents.

Examples:
  figment train vae --freeze-encoder --init-from portraits --data DIR --minutes 20 --out runs/portraits
  figment train vae --latents-of portraits --patch-size 2 --widths 48,96,112 --data DIR --out runs/portraits`;

const CVAE_DETAILS = `
--out gets the folder cvae/. With --add-to a model has the pipelines cvae and cvae+ddpm beside its own.

Example:
  figment train cvae --data DIR --minutes 30 --flip --out runs/cvae --add-to runs/portraits`;

const CLASSIFIER_DETAILS = `
The labels are those of --data, whatever they are: two folders of pictures of the model's size do, such as hat/ and no_hat/.
Labels are drawn equally often; --circular follows the model.

Example:
  figment train classifier --data hats --model portraits --minutes 5 --flip --out runs/hat
  figment bake portraits --classifier runs/hat --classifier-label hat --classifier-scale 10 --out out`;

/** The command `figment train`. */
export function trainCommand(): Command {
  return new Command('train')
    .description('train a model on a labelled data set')
    .addCommand(vaeCommand())
    .addCommand(ddpmCommand())
    .addCommand(cvaeCommand())
    .addCommand(classifierCommand());
}

function vaeCommand(): Command {
  const vae = command('vae', 'train a variational auto-encoder (images to latents and back)');
  addAugmentations(vae);
  addLossOptions(vae);
  return vae
    .option('--no-circular', NO_CIRCULAR)
    .addOption(ofNewNetwork('--widths <list>', 'channels by level, separated by commas: 32,64,96,128', channelCounts))
    .addOption(
      new Option(
        '--latent-channels <n>',
        'channels of the latents: of a new network (default: 8), or more than that of --init-from has, which learns to use them',
      )
        .argParser(wholeNumber(1, 256))
        .conflicts('freezeEncoder'),
    )
    .addOption(
      ofNewNetwork(
        '--patch-size <px>',
        'see squares of so many pixels as channels, which is fast; they halve the latents as levels do (default: 1)',
        oneOf([1, 2, 4, 8]),
      ),
    )
    .addOption(
      new Option(
        '--latents-of <dir>',
        'learn the latents of this whole model, shipped or a folder, whose U-Net then fits: an auto-encoder of another size',
      ).conflicts(['initFrom', 'freezeEncoder', 'latentChannels']),
    )
    .option('--freeze-encoder', 'train the decoder alone: latents stay as they are')
    .option(
      '--latent-noise <x>',
      'disturb the latents that the decoder sees, by noise of up to this on the scale of the U-Net: it learns to forgive it',
      realNumber(0, 2),
      0,
    )
    .addHelpText('after', VAE_DETAILS)
    .action(inItsFolder(async (options) => (await import('./trainVae.ts')).trainVae(options)));
}

/** Adds the options of how the images of an auto-encoder are changed before it sees them. */
function addAugmentations(vae: Command): void {
  vae
    .option('--shift <px>', 'augment by shifts of up to so many pixels', wholeNumber(0), 0)
    .option(
      '--permute-channels <p>',
      'augment by exchanging colour channels, with this probability',
      realNumber(0, 1),
      0,
    )
    .option(
      '--colour-jitter <p>',
      'augment by turning hues and making colours stronger, with this probability',
      realNumber(0, 1),
      0,
    )
    .option('--crop <px>', 'train on squares of so many pixels from anywhere in the images', wholeNumber(0), 0);
}

function rareColourWeightOption(): Option {
  const text = 'weight of an error in which pixels of rare colours count more: eyes instead of skin';
  return new Option('--rare-colour-weight <x>', text).argParser(realNumber(0)).default(0);
}

/** Adds the options of what an auto-encoder's error consists of. */
function addLossOptions(vae: Command): void {
  vae
    .option('--kl-weight <x>', 'weight of the KL divergence; that of the reconstruction error is 1', realNumber(0))
    .addOption(new Option('--reconstruction <kind>', 'reconstruction error').choices(['l1', 'l2']).default('l1'))
    .option('--l2-weight <x>', 'weight of the squared error', realNumber(0), 0)
    .option('--gradient-weight <x>', 'weight of the difference of finite differences: edges', realNumber(0), 0)
    .option(
      '--coarse-weight <x>',
      'weight of the difference of the averages of blocks: hues of rough images',
      realNumber(0),
      0,
    )
    .addOption(rareColourWeightOption())
    .addOption(
      new Option(
        '--condition-weight <x>',
        'weight of how badly label and attributes are told from the latents: what is small and asked for',
      )
        .argParser(realNumber(0))
        .default(0)
        .conflicts(['freezeEncoder', 'latentsOf']),
    )
    .addOption(perceptualWeightOption())
    .option(
      '--adversarial-weight <x>',
      'weight of what a discriminator says, which is trained at the same time: grain instead of blur',
      realNumber(0),
      0,
    )
    .option(
      '--channel-weights <list>',
      'how much the errors of each channel count, separated by commas: 1,1,1,2,1,1',
      (text) => text.split(',').map(realNumber(0, 1000)),
    );
}

function ddpmCommand(): Command {
  return command(
    'ddpm',
    'train a diffusion model, conditioned on label and attributes, on the latents of a trained auto-encoder or on pixels',
  )
    .option(
      '--vae <dir>',
      'folder with the trained vae/, or a shipped model (default: none, and the model makes pixels)',
    )
    .addOption(
      new Option(
        '--prediction <type>',
        'what the network predicts (default: as --init-from, else v_prediction, of frames sample)',
      ).choices(['epsilon', 'v_prediction', 'sample']),
    )
    .addOption(
      new Option('--schedule <name>', 'noise schedule (default: as --init-from, else squaredcos_cap_v2)').choices([
        'linear',
        'scaled_linear',
        'squaredcos_cap_v2',
      ]),
    )
    .option('--no-circular', NO_CIRCULAR)
    .addOption(attributesOption('default: all'))
    .addOption(ofNewNetwork('--widths <list>', 'channels by level, separated by commas: 64,128', channelCounts))
    .addOption(ofNewNetwork('--layers <n>', 'residual blocks a level', wholeNumber(1, 8)))
    .option(
      '--positions',
      'let the network know the places of a picture: for seamless data whose rows of bricks or boards begin where the picture does',
    )
    .option(
      '--latent-scale <x>',
      'standard deviation of the latents, that of the noise being 1 (default: 1, of n frames 1/√n)',
      realNumber(0.01, 10),
    )
    .option(
      '--whiten <x>',
      'let the channels of the latents vary more alike, of which the auto-encoder makes the same pictures: 0.5 is half-way, 1 wholly alike',
      realNumber(0, 1),
    )
    .option('--cond-drop-prob <p>', 'share of images trained without label and attributes', realNumber(0, 1))
    .option('--min-snr-gamma <x>', 'clamp the weights by signal-to-noise ratio', realNumber(0.1))
    .option(
      '--timestep-shift <x>',
      'above 1, train more on much noise, where it is decided what is the same all over a picture (default: 1)',
      realNumber(0.1, 100),
    )
    .action(inItsFolder(async (options) => (await import('./trainDdpm.ts')).trainDdpm(options)));
}

function cvaeCommand(): Command {
  return command(
    'cvae',
    'train a VAE, conditioned on label and attributes, that makes pictures in one step',
    'for seamless tiles: augment by shifts that wrap around the borders; its convolutions do not',
  )
    .addOption(attributesOption('default: those of the model of --add-to, otherwise all'))
    .option(
      '--cond-drop-prob <p>',
      'share of images trained without label and attributes; 0 leaves out no attribute of any image (default: 0.1; 0 where the examples of the model of --add-to decide on what is open)',
      realNumber(0, 1),
    )
    .option('--shift <px>', 'augment by shifts of up to so many pixels', wholeNumber(0), 0)
    .addOption(ofNewNetwork('--latent-size <n>', 'values of the one latent vector (default: 64)', wholeNumber(1, 4096)))
    .option('--kl-weight <x>', 'weight of the KL divergence: 1 is the bound, 0 a plain auto-encoder', realNumber(0))
    .option('--kl-warmup <steps>', 'steps over which that weight grows from 0', wholeNumber(0))
    .option('--gradient-weight <x>', 'weight of the difference of finite differences: edges', realNumber(0))
    .addOption(rareColourWeightOption())
    .addOption(perceptualWeightOption())
    .option('--add-to <dir>', 'put the VAE into this model folder as well, whose labels are those of the data')
    .addHelpText('after', CVAE_DETAILS)
    .action(inItsFolder(async (options) => (await import('./trainCvae.ts')).trainConditionalVae(options)));
}

function classifierCommand(): Command {
  const description = 'train a classifier of noised latents, which guides a model without retraining it';
  return command('classifier', description, CIRCULAR, 'classifier')
    .requiredOption('--model <dir>', 'the model to guide: a shipped one, a folder or an address')
    .addHelpText('after', CLASSIFIER_DETAILS)
    .action(inItsFolder(async (options) => (await import('./trainClassifier.ts')).trainClassifier(options)));
}
