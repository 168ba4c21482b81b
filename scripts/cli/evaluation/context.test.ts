import { expect, it } from 'vitest';
import { splitHeldOut } from '../../../runtime/index.ts';
import { tinyAttributes, tinyDataset } from '../../../runtime/testing/tinyDataset.ts';
import { askedPictures, type Context } from './context.ts';

const whole = tinyDataset();
const splitOfWhole = splitHeldOut(whole, 0.4, 1);
const asked = (dataset: typeof whole) =>
  askedPictures({ whole: dataset, splitOfWhole, recipe: { imagesPerClass: 5, firstSeed: 1 } } as Context);

it('takes pictures that are asked for in the same words for one subject', () => {
  const { requests, subjects } = asked({ ...whole, attributes: tinyAttributes() });
  expect(new Set(subjects)).toEqual(new Set(splitOfWhole.heldOut));
  for (const [i, { label, attributes }] of requests.entries()) {
    for (const [j, other] of requests.entries()) {
      if (subjects[i] === subjects[j]) expect([label, attributes]).toEqual([other.label, other.attributes]);
    }
  }
});

it('takes each picture for a subject where nothing but the label is asked for', () => {
  const { requests, subjects } = asked(whole);
  expect(new Set(subjects).size).toBe(requests.length);
});
