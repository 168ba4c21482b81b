import { describe, expect, it } from 'vitest';
import { ModelFileError } from '../core/errors.ts';
import { FIGMENT, PLAIN, parseStored } from '../testing/storedIndexes.ts';
import { completeModelIndex } from './completeModelIndex.ts';
import { storedIndex } from './modelFolderFiles.ts';

const UNET = { sample_size: 8, num_class_embeds: 4 };
const VAE = { out_channels: 4, block_out_channels: [8, 16, 16], sample_size: 40 };

function complete(value: unknown, unet: unknown = UNET, vae: unknown = VAE) {
  return completeModelIndex(parseStored(value), 'folder', unet, vae, 'tiny/model_index.json');
}

describe('completeModelIndex', () => {
  it('changes nothing that the folder says', () => {
    const index = { ...PLAIN, labels: ['a', 'b', 'c'], figment: FIGMENT };
    expect(complete(index)).toEqual(index);
  });

  it('takes frames for a row, as wide as all of them together', () => {
    const frames = [{ frame: 0 }, { frame: 1 }];
    const { figment } = complete({ ...PLAIN, figment: { frames } });
    expect(figment).toMatchObject({ widthPx: 64, heightPx: 32, frames: [{ index: 0 }, { index: 1 }] });
    const changed = (entries: object) => () => complete({ ...PLAIN, figment: { frames, ...entries } });
    expect(changed({ widthPx: 33 })).toThrow('figment.widthPx is 33; expected a multiple of the 2 frames');
    expect(changed({ circularPadding: true })).toThrow(
      'figment.frames: there are frames and circularPadding, which do not go together',
    );
  });

  it('asks of a student what it knows, unless told otherwise', () => {
    const { sampleDefaults: teacher, ...rest } = FIGMENT;
    const student = { stepCounts: [1, 2, 4], guidanceScale: [1, 5], teacher };
    const withDefaults = (sampleDefaults: object) => () =>
      complete({ ...PLAIN, labels: ['a', 'b', 'c'], figment: { ...rest, student, sampleDefaults } }).figment.student;
    expect(withDefaults({ sampler: 'ddim', numInferenceSteps: 4, guidanceScale: 2 })()).toEqual(student);
    for (const wrong of [{}, { sampler: 'ddim', numInferenceSteps: 3 }, { ...teacher, numInferenceSteps: 4 }]) {
      expect(withDefaults(wrong)).toThrow('expected what the student knows: ddim, 1, 2, 4 steps, 1 to 5');
    }
    const own = { sampler: 'ddim', numInferenceSteps: 4, guidanceScale: 2 };
    expect(withDefaults({ ...own, guidanceInterval: [0, 650] })).toThrow(
      'is for the teacher; move it to student.teacher',
    );
    expect(withDefaults({ ...own, guidanceInterval: [650, 0] })).toThrow(
      'two training timesteps, the smaller one first',
    );
  });

  it('knows channels by number and by name, and stores those of materials by name', () => {
    const names = ['r', 'g', 'b', 'height', 'roughness', 'metallic'];
    const index = { ...PLAIN, labels: ['a', 'b', 'c'], figment: { ...FIGMENT, channels: names } };
    const complete6 = complete(index);
    expect(complete6.figment.channels).toBe(6);
    expect(storedIndex(complete6)).toEqual(index);
    const rgb = complete({ ...index, figment: { ...FIGMENT, channels: ['r', 'g', 'b'] } });
    expect(rgb).toEqual({ ...index, figment: FIGMENT });
    expect(storedIndex(rgb)).toEqual(rgb);
  });

  it('reads examples of its labels and attributes, and stores them as they were', () => {
    const examples = btoa('\u0002\u0001');
    const index = {
      ...PLAIN,
      labels: ['a', 'b', 'c'],
      figment: { ...FIGMENT, attributes: { hair: ['black', 'red'] }, examples },
    };
    const whole = complete(index);
    expect(whole.figment.examples).toEqual({ labels: Uint8Array.of(2), values: Float32Array.of(1) });
    expect(storedIndex(whole)).toEqual(index);
    const wrong = { ...index, figment: { ...index.figment, examples: btoa('\u0003\u0001') } };
    expect(() => complete(wrong)).toThrow('figment.examples: example 0 has a label or a word that the model lacks');
  });

  it('reads a palette for its labels and attributes, and stores it as it was', () => {
    const numRows = 3 + 1 + 2 + 1; // three labels and two words, and any of each
    const palette = { colours: btoa('abc'), logits: btoa('\u0000'.repeat(numRows)), deviation: 0.03 };
    const index = {
      ...PLAIN,
      labels: ['a', 'b', 'c'],
      figment: { ...FIGMENT, attributes: { hair: ['black', 'red'] }, palette },
    };
    const whole = complete(index);
    expect(whole.figment.palette).toEqual({
      colours: Uint8Array.of(97, 98, 99),
      logits: new Int8Array(numRows),
      deviation: 0.03,
      sure: 0,
    });
    expect(storedIndex(whole)).toMatchObject({ figment: { palette } });
    const wrong = { ...index, figment: { ...index.figment, palette: { ...palette, logits: btoa('a') } } };
    expect(() => complete(wrong)).toThrow('figment.palette: logits: expected base64 of 7 rows of 1 bytes');
  });

  it('reads a probe of its labels and words, and stores it as it was', () => {
    const bias = [0.5, -0.25, 0, 1, 2]; // three labels and two words
    const probe = {
      grid: 1,
      weights: btoa('\u0001\u0000\u007f\u0000\u0000'),
      unit: 0.5,
      bias,
      rate: 0.3,
      margins: [1.5, 0],
    };
    const index = {
      ...PLAIN,
      labels: ['a', 'b', 'c'],
      figment: { ...FIGMENT, attributes: { hair: ['black', 'red'] }, probe },
    };
    const whole = complete(index);
    expect(whole.figment.probe).toEqual({
      grid: 1,
      weights: Float32Array.of(0.5, 0, 63.5, 0, 0),
      bias: Float32Array.from(bias),
      rate: 0.3,
      margins: Float32Array.of(1.5, 0),
    });
    expect(storedIndex(whole)).toMatchObject({ figment: { probe } });
    const wrong = { ...index, figment: { ...index.figment, probe: { ...probe, bias: [1] } } };
    expect(() => complete(wrong)).toThrow('figment.probe: expected base64 of 5 rows for labels and words');
  });

  it('takes regions of its attributes alone, of rows of one length', () => {
    const regions = { hair: ['.#', '##'] };
    const index = {
      ...PLAIN,
      labels: ['a', 'b', 'c'],
      figment: { ...FIGMENT, attributes: { hair: ['red'] }, regions },
    };
    const whole = complete(index);
    expect(whole.figment.regions).toEqual(regions);
    expect(storedIndex(whole)).toMatchObject({ figment: { regions } });
    const withRegions = (wrong: Record<string, string[]>) =>
      complete({ ...index, figment: { ...index.figment, regions: wrong } });
    expect(() => withRegions({ coat: ['#'] })).toThrow(
      'figment.regions: "coat" is none of the model\'s attributes; take it out',
    );
    expect(() => withRegions({ hair: ['##', '#'] })).toThrow('figment.regions: the rows of "hair" differ in length');
  });

  it('takes a plain diffusers folder for straight alpha, and its size from the configs', () => {
    expect(complete(PLAIN)).toEqual({
      ...PLAIN,
      labels: ['class0', 'class1', 'class2', 'class3'],
      figment: {
        version: 1,
        name: 'folder',
        kind: 'images',
        licence: 'unknown',
        attribution: '',
        widthPx: 32, // 8 latents, halved twice
        heightPx: 32,
        channels: 4,
        premultipliedAlpha: false,
        pixelArt: false,
        circularPadding: false,
        sampleDefaults: { sampler: 'ddim', numInferenceSteps: 30, guidanceScale: 1 },
        nullLabel: null,
        sha256: {},
      },
    });
  });

  it('fills in only what is open', () => {
    const sampleDefaults = { numInferenceSteps: 7 };
    const stored = { premultipliedAlpha: true, heightPx: 16, nullLabel: 1, sampleDefaults };
    const { figment, labels } = complete({ ...PLAIN, figment: stored });
    expect(figment).toMatchObject({ version: 1, premultipliedAlpha: true, pixelArt: false, widthPx: 32, heightPx: 16 });
    expect(figment.sampleDefaults).toEqual({ sampler: 'ddim', numInferenceSteps: 7, guidanceScale: 2 });
    expect([figment.nullLabel, labels]).toEqual([1, ['class0', 'class1', 'class2']]);
  });

  it('reads a size of [height, width]', () => {
    const { figment } = complete(PLAIN, { ...UNET, sample_size: [8, 16] });
    expect([figment.heightPx, figment.widthPx]).toEqual([32, 64]);
  });

  it('counts the pixels and the channels of patches', () => {
    const { figment } = complete(PLAIN, UNET, { ...VAE, out_channels: 12, patch_size: 2 });
    expect([figment.heightPx, figment.widthPx, figment.channels]).toEqual([64, 64, 3]);
  });

  it("takes the VAE's own size where there is no U-Net", () => {
    const { figment, labels } = complete(PLAIN, null);
    expect([figment.heightPx, figment.widthPx, labels]).toEqual([40, 40, []]);
  });

  it('gives every caller defaults of its own', () => {
    Object.assign(complete(PLAIN).figment.sampleDefaults, { numInferenceSteps: 1 });
    expect(complete(PLAIN).figment.sampleDefaults.numInferenceSteps).toBe(30);
  });

  it.each<[string, unknown, unknown, unknown, string]>([
    ['labels that do not fit', { ...PLAIN, labels: ['a'] }, UNET, VAE, 'holds 1 labels, but the U-Net'],
    [
      'a VAE of one channel',
      PLAIN,
      UNET,
      { ...VAE, out_channels: 1 },
      'expected pictures of 3 or 4 channels, found out_channels 1',
    ],
    ['no size', PLAIN, {}, { out_channels: 3 }, 'expected figment.widthPx, or a sample_size'],
    ['a size beyond measure', PLAIN, { sample_size: 1e9 }, VAE, 'expected figment.widthPx, or a sample_size'],
    ['endless classes', PLAIN, { ...UNET, num_class_embeds: 1e9 }, VAE, 'are more or less than can be named'],
  ])('refuses %s', (_, index, unet, vae, message) => {
    expect(() => complete(index, unet, vae)).toThrow(ModelFileError);
    expect(() => complete(index, unet, vae)).toThrow(message);
  });
});
