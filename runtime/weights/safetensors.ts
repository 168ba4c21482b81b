import { ModelFileError, quote } from '../core/errors.ts';
import { decodeBfloat16, decodeFloat16 } from './float16.ts';
import { type HeaderEntry, readHeader } from './safetensorsHeader.ts';
import { findNonFinite, type WeightTensor } from './weightTensor.ts';

export interface SafetensorsFile {
  metadata: Record<string, string>;
  tensors: Map<string, StoredTensor>; // in the order of their data
}

export interface StoredTensor extends WeightTensor {
  dtype: string; // as stored: F32, F16, BF16, I32 or I64
}

export interface ParseSafetensorsOptions {
  allowNonFinite?: boolean; // accept NaN and infinity
  isBeginning?: boolean; // the file's beginning is there alone, up to the end of a tensor: read the tensors that it holds
}

export const PARSE_SAFETENSORS_DEFAULTS: Required<ParseSafetensorsOptions> = {
  allowNonFinite: false,
  isBeginning: false,
};

/**
 * Reads a safetensors file, which is taken to be untrusted: whatever is wrong with it ends in a ModelFileError.
 * Floats (F32, F16, BF16) become float32; integers (I32, I64) become int32. The results share no memory with `bytes`.
 *
 * Source: https://github.com/huggingface/safetensors#format
 * @param fileName named in errors
 * @throws ModelFileError naming the file and the tensor, and what was expected
 */
export function parseSafetensors(
  bytes: Uint8Array,
  fileName: string,
  options: ParseSafetensorsOptions = {},
): SafetensorsFile {
  const { allowNonFinite, isBeginning } = { ...PARSE_SAFETENSORS_DEFAULTS, ...options };
  const { metadata, entries } = readHeader(bytes, fileName, isBeginning);
  const tensors = new Map<string, StoredTensor>();
  for (const entry of entries) {
    const data = decodeEntry(entry, bytes.subarray(entry.begin, entry.end), fileName);
    if (!allowNonFinite && data instanceof Float32Array) refuseNonFinite(data, entry, fileName);
    tensors.set(entry.name, { dtype: entry.dtype, shape: entry.shape, data });
  }
  return { metadata, tensors };
}

function decodeEntry(entry: HeaderEntry, bytes: Uint8Array, fileName: string): Float32Array | Int32Array {
  switch (entry.dtype) {
    case 'F32':
      return new Float32Array(copyOf(bytes));
    case 'F16':
      return decodeFloat16(asUint16(bytes));
    case 'BF16':
      return decodeBfloat16(asUint16(bytes));
    case 'I32':
      return new Int32Array(copyOf(bytes));
    case 'I64':
      return decodeInt64(new Int32Array(copyOf(bytes)), entry, fileName);
  }
}

/** A copy with a buffer of its own; `slice` would not do, which on a Node Buffer copies nothing. */
function copyOf(bytes: Uint8Array): ArrayBuffer {
  const copy = new Uint8Array(bytes.length);
  copy.set(bytes);
  return copy.buffer;
}

/** A view where the bytes are aligned, which spares a large file one pass; else a copy. */
function asUint16(bytes: Uint8Array): Uint16Array {
  const isAligned = bytes.byteOffset % 2 === 0;
  return isAligned ? new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2) : new Uint16Array(copyOf(bytes));
}

/** An int64 fits int32 when its upper half only repeats the sign of the lower. */
function decodeInt64(halves: Int32Array, { name }: HeaderEntry, fileName: string): Int32Array {
  const values = new Int32Array(halves.length / 2);
  for (let i = 0; i < values.length; i++) {
    const low = halves[2 * i]!;
    if (halves[2 * i + 1] !== low >> 31) {
      const found = `value ${i} is outside int32; expected −2147483648 to 2147483647`;
      throw new ModelFileError('parseSafetensors', fileName, `tensor ${quote(name)}: ${found}; use another checkpoint`);
    }
    values[i] = low;
  }
  return values;
}

function refuseNonFinite(data: Float32Array, { name }: HeaderEntry, fileName: string): void {
  const index = findNonFinite(data);
  if (index < 0) return;
  const found = `expected finite values, but value ${index} is ${data[index]}`;
  throw new ModelFileError('parseSafetensors', fileName, `tensor ${quote(name)}: ${found}; use another checkpoint`);
}
