import { encodeJson } from '../../runtime/core/encodeJson.ts';
import { INDEX_FILE } from '../../runtime/core/fileNames.ts';
import type { ModelIndex } from '../../runtime/index.ts';

/**
 * The files of a model that has another decoder now: where its palette's colours come out of that, and what grain it loses, is not
 * known. All else that a palette knows holds; `figment palette` and `figment grain` find the rest again.
 */
export function forNewDecoder(files: Record<string, Uint8Array>): Record<string, Uint8Array> {
  const index = JSON.parse(new TextDecoder().decode(files[INDEX_FILE])) as ModelIndex;
  const { palette, grain, ...others } = index.figment;
  if (!palette?.offsets && !grain) return files;
  const { offsets: _, ...known } = palette ?? {};
  const figment = { ...others, ...(palette && { palette: known }) };
  return { ...files, [INDEX_FILE]: encodeJson({ ...index, figment }) };
}
