import { posix } from 'node:path';
import { babylonLibrary } from './babylonLibrary.ts';
import type { Library, LibraryMaterial } from './bakePlan.ts';
import { gltfLibrary } from './gltfLibrary.ts';

/** The bytes of a library; its addresses of maps are relative to it. */
export async function writeLibrary({ kind, path, materials }: Library): Promise<Uint8Array> {
  const folder = posix.dirname(path);
  const addressed = materials.map((material) => ({ ...material, maps: addressesFrom(folder, material.maps) }));
  const content = kind === 'babylon' ? babylonLibrary(addressed) : await gltfLibrary(addressed);
  return new TextEncoder().encode(`${JSON.stringify(content, null, 2)}\n`);
}

function addressesFrom(folder: string, maps: LibraryMaterial['maps']): LibraryMaterial['maps'] {
  const entries = Object.entries(maps).map(([name, path]) => [name, addressFrom(folder, path)]);
  return Object.fromEntries(entries);
}

/** A relative address; names may hold what an address may not. */
function addressFrom(folder: string, path: string): string {
  return posix.relative(folder, path).split('/').map(encodeURIComponent).join('/');
}
