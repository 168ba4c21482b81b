import { definedOf } from '../core/definedOf.ts';
import { quote } from '../core/errors.ts';
import { encodeFloat16 } from './float16.ts';
import { DTYPE_BYTES, type Dtype, MAX_NAME_LENGTH } from './safetensorsHeader.ts';
import { findNonFinite, numElements, type WeightTensor } from './weightTensor.ts';

export interface WriteSafetensorsOptions {
  dtype?: 'F32' | 'F16'; // of the float tensors; integers are stored as I32
  metadata?: Record<string, string>;
  isFirst?: ((name: string) => boolean) | undefined; // tensors that come before the others of as many bytes a value
}

export const WRITE_SAFETENSORS_DEFAULTS: Required<WriteSafetensorsOptions> = {
  dtype: 'F32',
  metadata: {},
  isFirst: () => false,
};

/**
 * Writes a safetensors file. Tensors are sorted by name, those of 4 bytes a value before those of 2, which keeps each
 * aligned; the same tensors give the same bytes.
 *
 *   const bytes = writeSafetensors([['w', { shape: [2], data: new Float32Array([1, 2]) }]], { dtype: 'F16' });
 *
 * @throws RangeError naming the tensor: a shape that does not fit the data, a repeated, reserved or too long name, a value that
 *         is not finite or that is beyond F16
 */
export function writeSafetensors(
  tensors: Iterable<[string, WeightTensor]>,
  options: WriteSafetensorsOptions = {},
): Uint8Array {
  const { dtype, metadata, isFirst } = { ...WRITE_SAFETENSORS_DEFAULTS, ...definedOf(options) };
  const rank = ({ name, dtype }: EncodedTensor) => 2 * DTYPE_BYTES[dtype] + Number(isFirst(name));
  const inOrder = (a: EncodedTensor, b: EncodedTensor) =>
    rank(b) - rank(a) || (a.name < b.name ? -1 : Number(a.name > b.name));
  const parts = [...tensors].map(([name, tensor]) => encodeTensor(name, tensor, dtype)).sort(inOrder);
  const header = encodeHeader(parts, metadata);
  const bytes = new Uint8Array(8 + header.length + parts.reduce((sum, part) => sum + part.bytes.length, 0));
  new DataView(bytes.buffer).setUint32(0, header.length, true);
  bytes.set(header, 8);
  let position = 8 + header.length;
  for (const part of parts) {
    bytes.set(part.bytes, position);
    position += part.bytes.length;
  }
  return bytes;
}

interface EncodedTensor {
  name: string;
  dtype: Dtype;
  shape: number[];
  bytes: Uint8Array;
}

function encodeTensor(name: string, { shape, data }: WeightTensor, floatDtype: 'F32' | 'F16'): EncodedTensor {
  if (name === '__proto__' || name === '__metadata__') fail(name, 'this name is reserved');
  if (name.length > MAX_NAME_LENGTH) fail(name, `this name is longer than ${MAX_NAME_LENGTH} characters`);
  if (numElements(shape) !== data.length) {
    fail(name, `shape [${shape.join(', ')}] needs ${numElements(shape)} values, but the data hold ${data.length}`);
  }
  if (data instanceof Int32Array) return { name, dtype: 'I32', shape, bytes: bytesOf(data) };
  const index = findNonFinite(data);
  if (index >= 0) fail(name, `value ${index} is ${data[index]}; only finite values are saved`);
  if (floatDtype === 'F32') return { name, dtype: 'F32', shape, bytes: bytesOf(data) };
  return { name, dtype: 'F16', shape, bytes: bytesOf(toFloat16(name, data)) };
}

function toFloat16(name: string, data: Float32Array): Uint16Array {
  const bits = encodeFloat16(data);
  const index = bits.findIndex((pattern) => (pattern & 0x7c00) === 0x7c00);
  if (index >= 0) fail(name, `value ${index} is ${data[index]}, beyond F16's ±65504; write F32 instead`);
  return bits;
}

function encodeHeader(parts: EncodedTensor[], metadata: Record<string, string>): Uint8Array {
  const entries: [string, unknown][] = Object.keys(metadata).length > 0 ? [['__metadata__', metadata]] : [];
  const names = new Set<string>();
  let begin = 0;
  for (const { name, dtype, shape, bytes } of parts) {
    if (names.has(name)) fail(name, 'this name is used twice');
    names.add(name);
    entries.push([name, { dtype, shape, data_offsets: [begin, begin + bytes.length] }]);
    begin += bytes.length;
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const header = new Uint8Array(Math.ceil(json.length / 8) * 8).fill(' '.charCodeAt(0));
  header.set(json);
  return header;
}

function bytesOf(data: Float32Array | Int32Array | Uint16Array): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function fail(name: string, problem: string): never {
  throw new RangeError(`writeSafetensors: tensor ${quote(name)}: ${problem}`);
}
