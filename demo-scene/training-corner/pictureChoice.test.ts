import { expect, it } from 'vitest';
import { chosenFolder, droppedFolder, sentenceOf } from './pictureChoice.ts';

function fileAt(webkitRelativePath: string): File {
  const file = new File([], webkitRelativePath.split('/').at(-1)!);
  return Object.defineProperty(file, 'webkitRelativePath', { value: webkitRelativePath });
}

/** An entry of the file system as browsers give it: its contents come two at a time. */
function entryOf(fullPath: string, inside?: FileSystemEntry[]): FileSystemEntry {
  const isFile = inside === undefined;
  const createReader = () => {
    const left = [...inside!];
    return { readEntries: (resolve: (some: FileSystemEntry[]) => void) => resolve(left.splice(0, 2)) };
  };
  const file = (resolve: (file: File) => void) => resolve(new File([], fullPath));
  return { fullPath, isFile, isDirectory: !isFile, createReader, file } as unknown as FileSystemEntry;
}

const itemOf = (entry: FileSystemEntry | null) => ({ webkitGetAsEntry: () => entry }) as DataTransferItem;
const pathsOf = ({ files }: { files: { path: string }[] }) => files.map(({ path }) => path);

it('takes the chosen folder as the data set', () => {
  const folder = chosenFolder([fileAt('items/gem/1.png'), fileAt('items/sword/1.png')]);
  expect(folder.name).toBe('items');
  expect(pathsOf(folder)).toEqual(['gem/1.png', 'sword/1.png']);
});

it('reads a dropped folder to its depths, however many files it has', async () => {
  const gems = [1, 2, 3, 4, 5].map((i) => entryOf(`/items/gem/${i}.png`));
  const folder = await droppedFolder([
    itemOf(entryOf('/items', [entryOf('/items/gem', gems), entryOf('/items/a.txt')])),
  ]);
  expect(folder.name).toBe('items');
  expect(pathsOf(folder)).toEqual([...[1, 2, 3, 4, 5].map((i) => `gem/${i}.png`), 'a.txt']);
});

it('takes folders that are dropped side by side as labels, and passes over what is no file', async () => {
  const [gem, sword] = ['gem', 'sword'].map((name) => entryOf(`/${name}`, [entryOf(`/${name}/1.png`)]));
  expect(pathsOf(await droppedFolder([itemOf(gem!), itemOf(null), itemOf(sword!)]))).toEqual([
    'gem/1.png',
    'sword/1.png',
  ]);
  expect(pathsOf(await droppedFolder([itemOf(gem!)]))).toEqual(['gem/1.png']);
});

it('tells whose pictures there are, and how many', () => {
  const gems = { name: 'gems', isBuiltIn: false, labels: ['red_gem'], numImages: 1, widthPx: 16, heightPx: 8 };
  expect(sentenceOf(gems)).toBe('Your folder “gems”: red gem; 1 picture of 16×8 px.');
  const { name } = chosenFolder([fileAt('gem/1.png')]);
  expect(sentenceOf({ ...gems, name, numImages: 2 })).toBe('Your pictures: red gem; 2 pictures of 16×8 px.');
  expect(sentenceOf({ ...gems, isBuiltIn: true })).toMatch(/^The built-in gems: /);
});
