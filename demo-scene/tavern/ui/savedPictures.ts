// What a visitor saves of a sitter: of a guest the face and all frames of the figure, of a surface all its maps.
import { framesInRows, type Still } from '../../shared/frames.ts';
import { create, drawStill, pngOf, saveBlob } from '../../shared/page.ts';
import type { Sitter } from '../people/sitter.ts';

/** All pictures of a sitter, by what they are. */
export async function picturesOf(sitter: Sitter): Promise<Readonly<Record<string, Still>>> {
  if (sitter.mapsAsync) return sitter.mapsAsync();
  if (!sitter.face) return { picture: await wholePicture(sitter) };
  return { face: await wholePicture(sitter.face), figure: await wholePicture(sitter) };
}

/** The picture of a sitter with all its frames. @throws Error before it is painted */
async function wholePicture(sitter: Sitter): Promise<Still> {
  const pixels = await sitter.pixelsAsync();
  if (!pixels) throw new Error('The picture is not painted yet.');
  return framesInRows(pixels, sitter.artist!.generator.info);
}

/** Saves pictures as PNG files, without enlarging them: one by itself, several in a zip. */
export async function savePictures(name: string, pictures: Readonly<Record<string, Still>>): Promise<void> {
  const files = await Promise.all(
    Object.entries(pictures).map(async ([part, still]) => [`${name}-${part}.png`, await fileOf(still)] as const),
  );
  if (files.length === 1) {
    saveBlob(files[0]![1], `${name}.png`);
    return;
  }
  const { zipSync } = await import('fflate');
  const bytes = files.map(async ([file, blob]) => [file, new Uint8Array(await blob.arrayBuffer())] as const);
  const zip = zipSync(Object.fromEntries(await Promise.all(bytes)), { level: 0 }) as Uint8Array<ArrayBuffer>;
  saveBlob(new Blob([zip], { type: 'application/zip' }), `${name}.zip`);
}

function fileOf(still: Still): Promise<Blob> {
  const canvas = create('canvas');
  drawStill(canvas, still);
  return pngOf(canvas);
}
