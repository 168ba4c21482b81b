// Pixel faces in DiceBear's style "Pixel Art", of five kinds that exclude each other. The packages are needed here alone, so
// they are development dependencies and are loaded when they are used.
import type { Options } from '@dicebear/pixel-art';
import { scaleNearest } from '../../../runtime/core/scaleNearest.ts';
import type { AttributeColumn, Dataset } from '../../../runtime/index.ts';
import { decodePng } from '../../node/png.ts';

/** The style draws on a grid of 16 × 16; larger images repeat its pixels. */
export const FACE_GRID_PX = 16;

const PACKAGES = ['@dicebear/core', '@dicebear/pixel-art', '@resvg/resvg-js'] as const;

interface FaceKind {
  hair?: 'short' | 'long';
  glasses?: boolean;
  hat?: boolean;
}

/**
 * What makes a face belong to its label; everything else varies with the seed. There are no beards, which this style draws
 * too faint to tell, and no dark glasses apart from light ones, which look alike.
 */
const FACES: Record<string, FaceKind> = {
  glasses: { glasses: true },
  hat: { hat: true },
  hat_glasses: { hat: true, glasses: true },
  long_hair: { hair: 'long' },
  short_hair: { hair: 'short' },
};

export const FACE_LABELS = Object.keys(FACES);

/** The colours of the style by the words for them. */
const HAIR_COLOURS: Record<string, string[]> = {
  black: ['28150a'],
  brown: ['603a14', '603015', '83623b'],
  auburn: ['612616', '611c17'],
  blonde: ['cab188', 'a78961'],
  red: ['bd1700'],
  green: ['91cb15'],
  blue: ['009bbd'],
};
const CLOTHES_COLOURS: Record<string, string[]> = {
  blue: ['5bc0de', '428bca', '03396c'],
  green: ['88d8b0', '44c585', '00b159'],
  red: ['ff6f69', 'd11141', 'ae0001'],
  yellow: ['ffeead', 'ffd969', 'ffc425'],
};
/** From light to dark. */
const SKIN_COLOURS = ['ffdbac', 'f5cfa0', 'eac393', 'e0b687', 'cb9e6e', 'b68655', 'a26d3d', '8d5524'];

export interface FaceOptions {
  /** Images of each label. */
  count?: number;
  /** Width and height, a multiple of `FACE_GRID_PX`. */
  sizePx?: number;
  seed?: number;
  /** Called after each image. */
  onProgress?: (numDone: number, numImages: number) => void;
}

export const FACE_DEFAULTS = { count: 1000, sizePx: 32, seed: 0 };

/** Imports a package by name; a parameter so that a test can leave one out. */
export type ImportPackage = (name: string) => Promise<unknown>;

/**
 * Draws a data set of faces, no two alike, as RGBA. Yields to timers while it draws.
 *
 * @throws Error when a package is not installed, or there are not so many different faces
 */
export async function drawFaces(options: FaceOptions = {}, importPackage?: ImportPackage): Promise<Dataset> {
  const { count, sizePx, seed, onProgress } = { ...FACE_DEFAULTS, ...options };
  const artist = await loadArtist(importPackage);
  const numImages = FACE_LABELS.length * count;
  const tileBytes = sizePx * sizePx * 4;
  const images = new Uint8Array(numImages * tileBytes);
  const seen = new Set<string>();
  const looks: FaceLook[] = [];
  for (let index = 0; index < numImages; index++) {
    const label = FACE_LABELS[Math.floor(index / count)]!;
    const face = drawNewFace(artist, label, `${seed} ${label} ${index % count}`, seen);
    looks.push(face.look);
    images.set(scaleNearest(face.pixels, FACE_GRID_PX, FACE_GRID_PX, sizePx / FACE_GRID_PX), index * tileBytes);
    onProgress?.(index + 1, numImages);
    if (index % 64 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return {
    name: 'dicebear',
    widthPx: sizePx,
    heightPx: sizePx,
    channels: 4,
    labels: [...FACE_LABELS],
    licence: artist.licence,
    attribution: artist.attribution,
    images,
    classLabels: Int32Array.from({ length: numImages }, (_, index) => Math.floor(index / count)),
    attributes: attributesOfLooks(looks),
  };
}

/** What was drawn, by DiceBear's names: `{ mouth: 'happy03', hairColor: '#28150a' }`. */
type FaceLook = Readonly<Record<string, unknown>>;

/** What can be asked for besides the label: words, and the darkness of the skin as a number. */
function attributesOfLooks(looks: readonly FaceLook[]): AttributeColumn[] {
  const words = (name: string, values: string[], wordOf: (look: FaceLook) => number): AttributeColumn => ({
    name,
    values,
    data: Int16Array.from(looks, wordOf),
  });
  const kind = (part: string, kinds: string[]) => (look: FaceLook) =>
    kinds.findIndex((each) => String(look[part]).startsWith(each));
  const colour = (part: string, colours: Record<string, string[]>) => (look: FaceLook) =>
    Object.values(colours).findIndex((codes) => codes.includes(codeOf(look[part])));
  const darkness = (look: FaceLook) => {
    const place = SKIN_COLOURS.indexOf(codeOf(look.skinColor));
    return place < 0 ? Number.NaN : place / (SKIN_COLOURS.length - 1);
  };
  return [
    words('hair', ['short', 'long'], kind('hair', ['short', 'long'])),
    words('hair_colour', Object.keys(HAIR_COLOURS), colour('hairColor', HAIR_COLOURS)),
    words('mouth', ['happy', 'sad'], kind('mouth', ['happy', 'sad'])),
    words('clothes_colour', Object.keys(CLOTHES_COLOURS), colour('clothingColor', CLOTHES_COLOURS)),
    { name: 'skin_darkness', values: { min: 0, max: 1 }, data: Float32Array.from(looks, darkness) },
  ];
}

const codeOf = (colour: unknown) => String(colour).replace('#', '');

interface Face {
  pixels: Uint8Array;
  look: FaceLook;
}

interface Artist {
  draw(options: Options & { seed: string }): Face;
  hairStyles: NonNullable<Options['hair']>;
  licence: string;
  attribution: string;
}

const MAX_TRIES = 100;

function drawNewFace(artist: Artist, label: string, seed: string, seen: Set<string>): Face {
  const options = faceOptions(FACES[label]!, artist);
  for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
    const face = artist.draw({ ...options, seed: `${seed} ${attempt}` });
    const key = Buffer.from(face.pixels).toString('latin1');
    if (seen.has(key)) continue;
    seen.add(key);
    return face;
  }
  throw new Error(`dataset dicebear: there are no more different faces for "${label}"; ask for a smaller count`);
}

function faceOptions({ hair, glasses, hat }: FaceKind, { hairStyles }: Artist): Options {
  return {
    hair: hairStyles.filter((style) => !hair || style.startsWith(hair)),
    glassesProbability: glasses ? 100 : 0,
    hatProbability: hat ? 100 : 0,
    beardProbability: 0,
  };
}

async function loadArtist(importPackage: ImportPackage = (name) => import(name)): Promise<Artist> {
  const [core, style, resvg] = (await Promise.all(PACKAGES.map((name) => load(name, importPackage)))) as [
    typeof import('@dicebear/core'),
    typeof import('@dicebear/pixel-art'),
    typeof import('@resvg/resvg-js'),
  ];
  const { title, creator, source, license } = style.meta;
  const { hair } = style.schema.properties!;
  const rendering = { fitTo: { mode: 'width', value: FACE_GRID_PX }, font: { loadSystemFonts: false } } as const;
  return {
    // By way of PNG, whose alpha is straight; resvg's own bytes are premultiplied.
    draw: (options) => {
      const avatar = core.createAvatar(style, options);
      const png = new resvg.Resvg(avatar.toString(), rendering).render().asPng();
      return { pixels: decodePng(png, 'face').pixels, look: avatar.toJson().extra };
    },
    hairStyles: (hair as { default: Artist['hairStyles'] }).default,
    licence: `${license?.name} (${license?.url})`,
    attribution: `"${title}" by ${creator} (${source}), drawn with DiceBear`,
  };
}

async function load(name: string, importPackage: ImportPackage): Promise<unknown> {
  try {
    return await importPackage(name);
  } catch (error) {
    const remedy = `run npm i -D ${PACKAGES.join(' ')}`;
    throw new Error(`dataset dicebear: package ${name} is not installed; ${remedy}`, { cause: error });
  }
}
