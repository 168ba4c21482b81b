import { readFile } from 'node:fs/promises';
import { composeAtlas, type SheetTile } from '../../runtime/index.ts';
import { packageVersion } from '../node/packageRoot.ts';
import { decodePng, encodePng } from '../node/png.ts';
import type { Sheet } from './bakePlan.ts';
import { sha256, writeOutput } from './baker.ts';
import type { FileRecord } from './manifest.ts';
import { placeInside } from './outputPaths.ts';

/** Lays baked pictures on their sheet: the PNG, and after it the JSON. */
export async function writeSheet(out: string, sheet: Sheet): Promise<[string, FileRecord][]> {
  const tiles: SheetTile[] = [];
  for (const { name, path } of sheet.tiles) {
    const png = decodePng(await readFile(await placeInside(out, path)), path);
    if (png.width !== sheet.widthPx || png.height !== sheet.heightPx) {
      throw new Error(
        `bake: ${path} is ${png.width}×${png.height} pixels; expected ${sheet.widthPx}×${sheet.heightPx}`,
      );
    }
    tiles.push({ name, pixels: png.pixels });
  }
  const image = sheet.image.slice(sheet.image.lastIndexOf('/') + 1);
  const composed = composeAtlas(tiles, sheet, image, packageVersion());
  const files: [string, Uint8Array][] = [
    [sheet.image, encodePng(composed.sheet)],
    [sheet.atlas, new TextEncoder().encode(`${JSON.stringify(composed.atlas, null, 2)}\n`)],
  ];
  for (const [path, bytes] of files) await writeOutput(out, path, bytes);
  return files.map(([path, bytes]) => [path, { key: sheet.key, sha256: sha256(bytes) }]);
}
