import { generateAtOnce } from '../../../runtime/index.ts';
import { judgePictures, SHARE_OF_TRAINING } from '../judgePictures.ts';
import type { StudyPart } from '../part.ts';
import { heldOutErrors, studyCvae } from '../studyCvae.ts';

const WEIGHTS = [0, 0.01, 0.1, 1];
const nameOf = (weight: number) => `kl=${weight}`;

/** The weight of the divergence, from the plain auto-encoder to the bound. */
export const klWeightPart: StudyPart = {
  name: 'kl',
  question: 'What does the KL divergence do for a VAE that generates?',
  cases: WEIGHTS.map(nameOf),
  settings: ({ imagesPerClass, minutes }) => ({ imagesPerClass, minutes }),
  async measure(context, name, onProgress) {
    const training = (share: number) => onProgress(SHARE_OF_TRAINING * share);
    const { cvae, numImages } = await studyCvae(context, Number(name.slice(3)), training);
    try {
      const errors = await heldOutErrors(context, cvae);
      const { numbers, row } = await judgePictures(
        context,
        (requests) => generateAtOnce(cvae, requests),
        () => {},
      );
      return { numbers: { ...numbers, ...errors, numImages }, row };
    } finally {
      cvae.dispose();
    }
  },
  figures: (numbers) => {
    const bar = (label: string, key: string) => ({
      name: label,
      values: WEIGHTS.map((weight) => numbers[nameOf(weight)]![key]!),
    });
    const groups = WEIGHTS.map((weight) => `weight ${weight}`);
    return {
      '': {
        kind: 'bars',
        title: 'Weight of the divergence: what it does for drawn pictures',
        y: { name: 'share, ratio', min: 0 },
        groups,
        bars: [bar('accuracy', 'accuracy'), bar('spread', 'spread')],
      },
      reconstruction: {
        kind: 'bars',
        title: 'Weight of the divergence: what it costs',
        y: { name: 'mean difference', min: 0 },
        groups,
        bars: [bar('error of reconstruction', 'reconstructionError')],
      },
    };
  },
};
