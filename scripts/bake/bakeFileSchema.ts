// The form of a bake file. assets/schema/figment.bake.schema.json, which editors complete and check by, is made from it.
import * as v from 'valibot';
import { MAX_ATTRIBUTES } from '../../runtime/core/attributes.ts';
import { attributesByName } from '../../runtime/core/attributesByName.ts';
import { entriesByName } from '../../runtime/core/entriesByName.ts';
import { MAX_SEED } from '../../runtime/core/random.ts';
import { PIXEL_ART_BOUNDS, SURFACE_BOUNDS } from '../../runtime/core/surfaceBounds.ts';
import {
  ATTRIBUTE_VALUE,
  ATTRIBUTES_EXPECTED,
  BLEND_ENTRY,
  INTERPOLATE_ENTRY,
  realEntry,
  SAME_ENTRIES,
  SAMPLING_ENTRIES,
  SEED_ENTRY,
  textEntry,
  wholeEntry,
  wordEntry,
} from '../../runtime/recipe/schema.ts';

const MAP_NAMES = ['albedo', 'height', 'normal', 'ambientOcclusion', 'cavity', 'roughness', 'metallic', 'orm'] as const;
const FORMATS = ['png', 'ktx2', 'apng'] as const;

export type MapName = (typeof MAP_NAMES)[number];
export type FileFormat = (typeof FORMATS)[number];

/** The most pictures of each label. */
export const MAX_COUNT = 100_000;
const MAX_ASSETS = 100_000;

const seeds = (description: string) =>
  v.pipe(v.array(SEED_ENTRY), v.minLength(1), v.maxLength(MAX_COUNT), v.description(description));

const SURFACE = v.pipe(
  v.strictObject({
    green: v.optional(wordEntry(['opengl', 'directx'], 'which way green points in normals')),
    depthPx: v.optional(realEntry(...SURFACE_BOUNDS.depthPx, 'how many texels high the surface is')),
    lowParts: v.optional(wordEntry(['dark', 'rare'], 'what lies low')),
    reliefPx: v.optional(realEntry(...SURFACE_BOUNDS.reliefPx, 'wider differences are colour, not relief')),
    grainPx: v.optional(realEntry(...SURFACE_BOUNDS.grainPx, 'narrower differences are grain')),
    grain: v.optional(realEntry(...SURFACE_BOUNDS.grain, 'share of the grain in the height')),
    plateau: v.optional(realEntry(...SURFACE_BOUNDS.plateau, 'how much what rises above the mean is flattened')),
    radiusPx: v.optional(realEntry(...SURFACE_BOUNDS.radiusPx, 'reach of the ambient occlusion')),
    edgePx: v.optional(realEntry(...SURFACE_BOUNDS.edgePx, 'width of the edges in the cavity map')),
    strength: v.optional(realEntry(...SURFACE_BOUNDS.strength, 'contrast of the cavity map')),
    roughness: v.optional(realEntry(...SURFACE_BOUNDS.roughness, 'mean roughness')),
    wear: v.optional(realEntry(...SURFACE_BOUNDS.wear, 'how much smoother what rises is')),
    metallic: v.optional(realEntry(...SURFACE_BOUNDS.metallic, 'share of metal')),
    rust: v.optional(realEntry(...SURFACE_BOUNDS.rust, 'how much of the metal rust takes away')),
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
    colours: v.optional(
      wholeEntry(
        ...PIXEL_ART_BOUNDS.colours,
        'instead of palette: each picture gets one of its own, of so many colours',
      ),
    ),
    dither: v.optional(
      realEntry(...PIXEL_ART_BOUNDS.dither, 'how far the pattern of two colours mixed reaches (default: 0, none)'),
    ),
    factor: v.optional(wordEntry([1, 2, 4], 'enlarge and round the stairs of slanted edges')),
    tolerance: v.optional(
      realEntry(
        ...PIXEL_ART_BOUNDS.tolerance,
        'colours count as equal up to this difference, for factor (default: 24)',
      ),
    ),
  }),
  v.description('fit the picture to a pixel-art game, before maps are made of it'),
);

const MAX_VALUES = 1000;

/** The same as in a recipe, except that an attribute may have several values, each of which makes a picture. */
const ATTRIBUTES = v.pipe(
  attributesByName(
    v.union(
      [ATTRIBUTE_VALUE, v.pipe(v.array(ATTRIBUTE_VALUE), v.minLength(1), v.maxLength(MAX_VALUES))],
      'expected a word, a number, or a list of them',
    ),
    ATTRIBUTES_EXPECTED,
  ),
  v.description(
    "what the pictures have besides, of the model's attributes; a list makes a picture of each value, several lists of all combinations",
  ),
);

/** What `defaults` may say for all assets, and each asset for itself. */
const PICTURE_ENTRIES = {
  model: v.optional(textEntry("a shipped model's name, a folder relative to this file or an https address")),
  ...SAMPLING_ENTRIES,
  classifier: v.optional(
    textEntry("steers by this classifier: a shipped one's name, a folder relative to this file or an https address"),
  ),
  attributes: v.optional(ATTRIBUTES),
  vary: v.optional(
    v.pipe(
      v.array(textEntry('the name of an attribute')),
      v.maxLength(MAX_ATTRIBUTES),
      v.description(
        'make the same person with each value of these attributes: all words, or those that attributes lists; an empty list takes back what defaults vary',
      ),
    ),
  ),
  ...SAME_ENTRIES,
  blend: v.optional(BLEND_ENTRY),
  interpolate: v.optional(INTERPOLATE_ENTRY),
  image: v.optional(textEntry('a PNG to begin from, of the size that is made; a path below the folder of this file')),
  mask: v.optional(
    textEntry('a PNG that says what of the image to make new: white; what is black or transparent stays as it is'),
  ),
  pixelArt: v.optional(PIXEL_ART),
  enlarge: v.optional(wholeEntry(1, 64, 'make n × n pixels of every pixel')),
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
  formats: v.optional(
    v.pipe(
      v.array(v.picklist(FORMATS)),
      v.minLength(1),
      v.description('default: png; apng: an animated PNG, of models with frames'),
    ),
  ),
  output: v.optional(
    textEntry(
      'path below the output folder, without ending; {asset} {model} {label} {seed} {index} {map} and the names of attributes are filled in (default: {asset}/{label}-{seed}, with -{ATTRIBUTE} for each attribute of several values, and -{map} for several maps)',
    ),
  ),
};

const ASSET = v.strictObject({
  name: textEntry('names the asset, for {asset} and for messages', 100),
  ...PICTURE_ENTRIES,
  labels: v.optional(
    v.pipe(
      v.array(
        textEntry('a label of the model'),
        'expected a list of labels; what is to be of two gets a label and a blend',
      ),
      v.minLength(1),
      v.description('default: those in seedsByLabel, or else all'),
    ),
  ),
  seeds: v.optional(seeds('seeds of each label; figment pick writes them')),
  seedsByLabel: v.optional(
    v.pipe(
      entriesByName(seeds('its seeds'), 'expected seeds by label'),
      v.description('seeds of one label, instead of seeds'),
    ),
  ),
  count: v.optional(
    wholeEntry(1, MAX_COUNT, 'pictures of each label, seeds counting up; instead of seeds (default: 1)'),
  ),
  firstSeed: v.optional(wholeEntry(0, MAX_SEED, 'where count begins (default: 0)')),
  sheet: v.optional(
    textEntry('also lay all pictures on this sheet, a path without ending: PNG, and JSON in the TexturePacker layout'),
  ),
});

export const BAKE_FILE_SCHEMA = v.strictObject({
  $schema: v.optional(v.string()),
  figment: v.pipe(v.literal(1), v.description('version of this format')),
  out: v.optional(textEntry('folder to write to, inside the folder of this file (default: baked)')),
  defaults: v.optional(v.pipe(v.strictObject(PICTURE_ENTRIES), v.description('for all assets that say nothing else'))),
  assets: v.pipe(v.array(ASSET), v.minLength(1), v.maxLength(MAX_ASSETS)),
  materials: v.optional(
    v.pipe(
      v.strictObject({
        babylon: v.optional(textEntry('path of a .babylon file with a PBRMaterial for each picture that has maps')),
        gltf: v.optional(
          textEntry('path of a .gltf file with a material, and a swatch, for each picture that has maps'),
        ),
      }),
      v.description('libraries whose materials point at the baked maps'),
    ),
  ),
});

/** A bake file's content: what to make. */
export type BakeDescription = v.InferInput<typeof BAKE_FILE_SCHEMA>;
export type BakeAsset = BakeDescription['assets'][number];
