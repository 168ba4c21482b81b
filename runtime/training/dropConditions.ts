import { ANY } from '../core/attributes.ts';
import { uniforms } from '../core/random.ts';
import type { Conditions } from '../networks/conditioning.ts';

/** The label and the attributes of some images. */
export interface KnownConditions extends Conditions {
  classLabels: Int32Array;
  attributes: Float32Array;
}

const KEEP_ALL = 0.5;

/**
 * Makes some of what is known "any", so that a network learns every part of it, and nothing at all, which guidance needs.
 *
 * With probability `condDropProb` nothing is told of an image. Of half of the others everything is; of the rest each
 * attribute is left out with probability r and the label with r / 2, where r is drawn evenly from 0 to 1 for each image: so
 * all numbers of attributes are as likely.
 *
 * Source: Ho & Salimans 2022, arXiv:2207.12598, for the label; attributes by rates of their own.
 * @param nullLabel means "any"
 * @param stream    of the seed; each batch has its own
 */
export function dropConditions(
  { classLabels, attributes }: KnownConditions,
  nullLabel: number,
  condDropProb: number,
  seed: number,
  stream: number,
): KnownConditions {
  const batch = classLabels.length;
  const numAttributes = attributes.length / batch;
  const perImage = 4 + numAttributes; // drop all, keep all, rate, label, attributes
  const draws = uniforms(seed, stream, batch * perImage);
  const told = { classLabels: classLabels.slice(), attributes: attributes.slice() };
  for (let i = 0; i < batch; i++) {
    const [dropAll, keepAll, rateDraw, labelDraw] = draws.subarray(i * perImage, i * perImage + 4);
    const isNull = dropAll! < condDropProb;
    const rate = isNull ? 2 : keepAll! < KEEP_ALL ? 0 : rateDraw!;
    if (labelDraw! < rate / 2) told.classLabels[i] = nullLabel;
    for (let place = 0; place < numAttributes; place++) {
      if (draws[i * perImage + 4 + place]! < rate) told.attributes[i * numAttributes + place] = ANY;
    }
  }
  return told;
}
