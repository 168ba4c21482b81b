// The form of a bake file. assets/schema/figment.bake.schema.json, which editors complete and check by, is made from it.
import * as v from 'valibot';
import { MAX_SEED } from '../../runtime/core/random.ts';

export const MAP_NAMES = [
  'albedo',
  'height',
  'normal',
  'ambientOcclusion',
  'cavity',
  'roughness',
  'metallic',
  'orm',
] as const;
export const FORMATS = ['png', 'ktx2'] as const;
const PIPELINE_NAMES = ['ddpm', 'cvae', 'cvae+ddpm'] as const;
const SAMPLERS = ['ddpm', 'ddim', 'dpm++', 'euler'] as const;

export type MapName = (typeof MAP_NAMES)[number];
export type FileFormat = (typeof FORMATS)[number];

export const MAX_COUNT = 100_000;
const MAX_ASSETS = 100_000;
const MAX_SIDE_PX = 2048;

const whole = (min: number, max: number, description: string) =>
  v.pipe(v.number(), v.integer(), v.minValue(min), v.maxValue(max), v.description(description));
const real = (min: number, max: number, description: string) =>
  v.pipe(v.number(), v.minValue(min), v.maxValue(max), v.description(description));
const text = (description: string, maxLength = 300) =>
  v.pipe(v.string(), v.minLength(1), v.maxLength(maxLength), v.description(description));
const seed = (description = 'uint32; fixes the picture') => whole(0, MAX_SEED, description);
const seeds = (description: string) =>
  v.pipe(v.array(seed()), v.minLength(1), v.maxLength(MAX_COUNT), v.description(description));

const SURFACE = v.pipe(
  v.strictObject({
    green: v.optional(v.pipe(v.picklist(['opengl', 'directx']), v.description('which way green points in normals'))),
    depthPx: v.optional(real(0, 64, 'how many texels high the surface is')),
    lowParts: v.optional(v.pipe(v.picklist(['dark', 'rare']), v.description('what lies low'))),
    reliefPx: v.optional(real(0.5, 256, 'wider differences are colour, not relief')),
    grainPx: v.optional(real(0, 256, 'narrower differences are grain')),
    grain: v.optional(real(0, 2, 'share of the grain in the height')),
    plateau: v.optional(real(0, 4, 'how much what rises above the mean is flattened')),
    radiusPx: v.optional(real(1, 64, 'reach of the ambient occlusion')),
    edgePx: v.optional(real(0.5, 64, 'width of the edges in the cavity map')),
    strength: v.optional(real(0, 8, 'contrast of the cavity map')),
    roughness: v.optional(real(0, 1, 'mean roughness')),
    wear: v.optional(real(-1, 1, 'how much smoother what rises is')),
    metallic: v.optional(real(0, 1, 'share of metal')),
    rust: v.optional(real(0, 1, 'how much of the metal rust takes away')),
  }),
  v.description("settings of the maps; the rest follows from the label's material"),
);

const PIXEL_ART = v.pipe(
  v.strictObject({
    palette: v.optional(
      v.pipe(
        v.array(v.pipe(v.string(), v.regex(/^#[0-9a-fA-F]{6}$/))),
        v.minLength(1),
        v.maxLength(256),
        v.description('the only colours that the picture may have, #rrggbb'),
      ),
    ),
    dither: v.optional(real(0, 1, 'how far the pattern of two colours mixed reaches (default: 0, none)')),
    factor: v.optional(v.pipe(v.picklist([1, 2, 4]), v.description('enlarge and round the stairs of slanted edges'))),
    tolerance: v.optional(real(0, 255, 'colours count as equal up to this difference, for factor (default: 24)')),
  }),
  v.description('fit the picture to a pixel-art game, before maps are made of it'),
);

/** What `defaults` may say for all assets, and each asset for itself. */
const PICTURE_ENTRIES = {
  model: v.optional(text("a shipped model's name, a folder relative to this file or an https address")),
  pipeline: v.optional(
    v.pipe(
      v.picklist(PIPELINE_NAMES),
      v.description(
        'ddpm: in steps (default); cvae: in one pass, blurred, for crowds and placeholders; cvae+ddpm: steps that begin from that',
      ),
    ),
  ),
  guidanceScale: v.optional(real(0, 20, "how strongly to follow the label, 1 = off (default: the model's)")),
  guidanceRescale: v.optional(real(0, 1, 'tone down the contrast of strong guidance')),
  guidanceInterval: v.optional(
    v.pipe(
      v.strictTuple([whole(0, 1000, 'from'), whole(0, 1000, 'to')]),
      v.description('guide only between these training timesteps'),
    ),
  ),
  classifier: v.optional(
    text("steers by this classifier: a shipped one's name, a folder relative to this file or an https address"),
  ),
  classifierLabel: v.optional(text("one of the classifier's labels")),
  classifierScale: v.optional(
    real(-100, 100, 'how strongly to steer, 0: not at all, below 0: away from the label (default: 10)'),
  ),
  numInferenceSteps: v.optional(whole(1, 1000, "denoising steps (default: the model's)")),
  sampler: v.optional(v.pipe(v.picklist(SAMPLERS), v.description("default: the model's"))),
  eta: v.optional(real(0, 1, 'noise of the sampler ddim')),
  interpolate: v.optional(
    v.pipe(
      v.strictObject({ seed: seed('the second seed'), amount: real(0, 1, '0: the first seed alone, 1: the second') }),
      v.description('begin between the noises of two seeds: a variation'),
    ),
  ),
  image: v.optional(text('a PNG to begin from, of the size that is made; a path below the folder of this file')),
  mask: v.optional(
    text('a PNG that says what of the image to make anew: white; what is black or transparent stays as it is'),
  ),
  strength: v.optional(
    real(
      0,
      1,
      "how far to go, 0: not at all, 1: anywhere, from the image (default: 0.8, 1 with a mask) or the VAE's picture (0.6)",
    ),
  ),
  resamples: v.optional(whole(1, 100, 'with a mask: how often each step is made, so that the new fits (default: 4)')),
  keepAlpha: v.optional(
    v.pipe(v.boolean(), v.description("keep to the image's outline (default: true, false with a mask)")),
  ),
  widthPx: v.optional(
    whole(1, MAX_SIDE_PX, "a multiple of the model's tile, where its pictures repeat (default: the tile)"),
  ),
  heightPx: v.optional(whole(1, MAX_SIDE_PX, 'the same for the height')),
  pixelArt: v.optional(PIXEL_ART),
  scale: v.optional(whole(1, 64, 'enlarge every pixel to scale × scale')),
  maps: v.optional(
    v.pipe(
      v.array(v.picklist(MAP_NAMES)),
      v.minLength(1),
      v.description('treat the picture as a material and write these maps, each a file'),
    ),
  ),
  surface: v.optional(SURFACE),
  parallax: v.optional(
    v.pipe(
      v.picklist(['offset', 'occlusion']),
      v.description('put the height into the alpha of normal, and have the .babylon material shift the picture by it'),
    ),
  ),
  formats: v.optional(v.pipe(v.array(v.picklist(FORMATS)), v.minLength(1), v.description('default: png'))),
  output: v.optional(
    text('path below the output folder, without ending; {asset} {model} {label} {seed} {index} {map} are filled in'),
  ),
};

const ASSET = v.strictObject({
  name: text('names the asset, for {asset} and for messages', 100),
  ...PICTURE_ENTRIES,
  labels: v.optional(
    v.pipe(
      v.array(text('a label of the model')),
      v.minLength(1),
      v.description('default: those in seedsByLabel, or else all'),
    ),
  ),
  seeds: v.optional(seeds('seeds of each label; figment pick writes them')),
  seedsByLabel: v.optional(
    v.pipe(v.record(v.string(), seeds('its seeds')), v.description('seeds of one label, instead of seeds')),
  ),
  count: v.optional(whole(1, MAX_COUNT, 'pictures of each label, seeds counting up; instead of seeds (default: 1)')),
  firstSeed: v.optional(seed('where count begins (default: 0)')),
  sheet: v.optional(
    text('also lay all pictures on this sheet, a path without ending: PNG, and JSON in the TexturePacker layout'),
  ),
});

export const BAKE_FILE_SCHEMA = v.strictObject({
  $schema: v.optional(v.string()),
  figment: v.pipe(v.literal(1), v.description('version of this format')),
  out: v.optional(text('folder to write to, inside the folder of this file (default: baked)')),
  defaults: v.optional(v.pipe(v.strictObject(PICTURE_ENTRIES), v.description('for all assets that say nothing else'))),
  assets: v.pipe(v.array(ASSET), v.minLength(1), v.maxLength(MAX_ASSETS)),
  materials: v.optional(
    v.pipe(
      v.strictObject({
        babylon: v.optional(text('path of a .babylon file with a PBRMaterial for each picture that has maps')),
        gltf: v.optional(text('path of a .gltf file with a material, and a swatch, for each picture that has maps')),
      }),
      v.description('libraries whose materials point at the baked maps'),
    ),
  ),
});

/** A bake file's content: what to make. */
export type BakeDescription = v.InferInput<typeof BAKE_FILE_SCHEMA>;
export type BakeAsset = BakeDescription['assets'][number];
