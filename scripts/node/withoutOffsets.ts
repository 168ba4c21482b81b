import { encodeJson } from '../../runtime/core/encodeJson.ts';
import { INDEX_FILE } from '../../runtime/core/fileNames.ts';
import type { ModelIndex } from '../../runtime/index.ts';

/**
 * The files of a model that has another decoder now: where its palette's colours come out of that is not known. All else that a
 * palette knows holds; `figment palette` finds the offsets again.
 */
export function withoutOffsets(files: Record<string, Uint8Array>): Record<string, Uint8Array> {
  const index = JSON.parse(new TextDecoder().decode(files[INDEX_FILE])) as ModelIndex;
  const { palette } = index.figment;
  if (!palette?.offsets) return files;
  const { offsets: _, ...others } = palette;
  return { ...files, [INDEX_FILE]: encodeJson({ ...index, figment: { ...index.figment, palette: others } }) };
}
