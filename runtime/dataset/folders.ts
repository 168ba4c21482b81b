import * as v from 'valibot';
import { asCell } from '../core/csv.ts';
import { quote } from '../core/errors.ts';
import { isTransparent, type NumChannels, type PixelImage, withChannels } from '../core/pixels.ts';
import { readAttributes, VocabularySchema } from './attributeTable.ts';
import { type Dataset, DatasetError, MAX_IMAGE_BYTES, MAX_LABEL_LENGTH } from './dataset.ts';
import { checkDatasetFile, credit, plainText } from './datasetFile.ts';
import { type DatasetSource, type DecodePng, readImage } from './source.ts';

interface LabelledImage {
  path: string;
  classLabel: number;
  image: PixelImage;
}

/** Stands for the licence and the attribution where the folder does not state them. */
const UNSTATED = 'unstated';

/** What `dataset.json` may say of class folders. */
const foldersSchema = v.object({
  name: v.optional(plainText),
  licence: v.optional(credit, UNSTATED),
  attribution: v.optional(credit, UNSTATED),
  attributes: v.optional(VocabularySchema),
});

type FoldersDescription = v.InferOutput<typeof foldersSchema>;

/**
 * Reads a data set with a folder of PNG files for each class, whose name is the label. Labels and files are taken in the order of
 * their names. Letters with accents, which some systems store in pieces, are whole in labels (Unicode NFC), as keyboards write
 * them. Blanks around a name are no part of the label, as in sheets: no option could name it, and no file could be called so. The
 * images must all have one size; they are read as RGBA when any pixel of any of them is less than opaque, else as RGB.
 * Attributes are those that `attributes.csv` has for their file names.
 *
 * @param json what `dataset.json` holds, if there is one
 * @throws DatasetError with every problem of all files
 */
export async function openFolders(source: DatasetSource, decode: DecodePng, json: unknown = {}): Promise<Dataset> {
  const description = checkDatasetFile(source, foldersSchema, json);
  const name = description.name ?? (source.name ?? 'dataset').slice(0, MAX_LABEL_LENGTH);
  const names = (await source.list('')).sort();
  const labels = names.filter((entry) => entry.endsWith('/') && !isHidden(entry)).map((entry) => entry.slice(0, -1));
  const problems = names.filter(isImage).map((file) => `${file}: lies outside the class folders; move it into one`);
  if (labels.length === 0)
    problems.push('the folder has no class folders, and no dataset.json that lists classes; expected one of the two');
  problems.push(...nameProblems(labels));
  const read: LabelledImage[] = [];
  let numBytes = 0;
  for (const [classLabel, label] of labels.entries()) {
    for (const path of await listImages(source, label, problems)) {
      const image = await readImage(source, decode, path, problems);
      if (image) read.push({ path, classLabel, image });
      numBytes += image?.pixels.length ?? 0;
      if (numBytes > MAX_IMAGE_BYTES) throw new DatasetError(name, [...problems, tooMuch(path)]);
    }
  }
  problems.push(...sizeProblems(read));
  const { attributes: vocabulary } = description;
  const table = problems.length === 0 && vocabulary && { attributes: vocabulary, classes: classesOf(labels, read) };
  const attributes = table ? await readAttributes(source, table, problems) : undefined;
  if (problems.length > 0) throw new DatasetError(name, problems);
  return { ...assemble(description, name, labels, read), ...(attributes && { attributes }) };
}

/** What `attributes.csv` may name: the labels, and the files of each with their places in it. */
function classesOf(folders: readonly string[], read: readonly LabelledImage[]) {
  const classes = folders.map((folder) => ({ label: asCell(folder), count: 0, files: new Map<string, number>() }));
  for (const { path, classLabel } of read) {
    const entry = classes[classLabel]!;
    entry.files.set(asCell(path.slice(folders[classLabel]!.length + 1)), entry.count++);
  }
  return classes;
}

const tooMuch = (path: string) =>
  `${path}: with it the images have more than ${MAX_IMAGE_BYTES} bytes of pixels; split the data set, or make them smaller`;

/** Names every folder whose name cannot be a label, or looks like that of one before it. */
function nameProblems(folders: readonly string[]): string[] {
  const labels = folders.map(asCell);
  return labels.flatMap((label, i) => {
    if (label.length > MAX_LABEL_LENGTH) {
      return `${label.slice(0, 40)}…/: its name is longer than ${MAX_LABEL_LENGTH} characters; rename it`;
    }
    if (/\p{Cc}/u.test(label)) return `${quote(label)}/: its name has a control character; rename it`;
    if (label === '') return `${quote(folders[i]!)}/: its name is blank; rename it`;
    const isRepeated = labels.indexOf(label) < i;
    return isRepeated
      ? `${label}/: two folders are called so, with letters put together otherwise, or blanks around; rename one`
      : [];
  });
}

const TWO_FILES = 'two files are called so, with letters put together otherwise; rename one';

/** The PNG files of a class, sorted; what else lies there is a problem when somebody may have meant it as an image. */
async function listImages(source: DatasetSource, label: string, problems: string[]): Promise<string[]> {
  const paths = (await source.list(label))
    .filter((entry) => !isHidden(entry))
    .sort()
    .map((entry) => `${label}/${entry}`);
  for (const path of paths) {
    if (path.endsWith('/')) problems.push(`${path}: is a folder inside a class, which is not read; move its files up`);
    else if (isImage(path) && !isPng(path)) problems.push(`${path}: is not a PNG file; convert it to PNG`);
  }
  const images = paths.filter(isPng);
  const names = new Set<string>();
  for (const path of images) {
    if (names.has(path.normalize())) problems.push(`${path}: ${TWO_FILES}`);
    names.add(path.normalize());
  }
  if (images.length === 0) problems.push(`${label}/: class "${label}" is empty; expected at least one PNG file`);
  return images;
}

/** Names every image whose size is not the commonest one. */
function sizeProblems(read: LabelledImage[]): string[] {
  const counts = new Map<string, number>();
  for (const { image } of read) counts.set(sizeOf(image), (counts.get(sizeOf(image)) ?? 0) + 1);
  const common = [...counts].sort((a, b) => b[1] - a[1])[0]?.[0];
  return read
    .filter(({ image }) => sizeOf(image) !== common)
    .map(({ path, image }) => `${path}: mixed sizes: is ${sizeOf(image)}; expected ${common}, as most images`);
}

function assemble(
  { licence, attribution }: FoldersDescription,
  name: string,
  folders: string[],
  read: LabelledImage[],
): Dataset {
  const { width, height } = read[0]!.image;
  const channels: NumChannels = read.some(({ image }) => isTransparent(image)) ? 4 : 3;
  const images = new Uint8Array(read.length * width * height * channels);
  read.forEach(({ image }, index) => {
    images.set(withChannels(image, channels), index * width * height * channels);
  });
  return {
    name,
    widthPx: width,
    heightPx: height,
    channels,
    labels: folders.map(asCell),
    licence,
    attribution,
    images,
    classLabels: Int32Array.from(read, ({ classLabel }) => classLabel),
    sources: read.map(({ path }) => path),
  };
}

function sizeOf({ width, height }: PixelImage): string {
  return `${width}x${height}`;
}

function isHidden(name: string): boolean {
  return name.startsWith('.');
}

function isPng(path: string): boolean {
  return /\.png$/i.test(path);
}

function isImage(path: string): boolean {
  return /\.(png|jpe?g|gif|webp|bmp|tiff?)$/i.test(path);
}
