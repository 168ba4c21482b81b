import { zipSync } from 'fflate';

/** A model's files, path → bytes, as a zip with one folder; weights do not shrink, and are stored as they are. */
export function zipModel(name: string, files: Record<string, Uint8Array>): Uint8Array<ArrayBuffer> {
  const inFolder = Object.entries(files).map(([path, bytes]) => [`${name}/${path}`, bytes]);
  return zipSync(Object.fromEntries(inFolder), { level: 0 }) as Uint8Array<ArrayBuffer>;
}
