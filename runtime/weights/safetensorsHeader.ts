import { MAX_WORD_LENGTH } from '../core/attributes.ts';
import { ModelFileError, quote } from '../core/errors.ts';
import { type Fail, isObject, parseUntrustedJson } from '../core/untrustedJson.ts';

/** The element types read here, and the bytes of one value. */
export const DTYPE_BYTES = { F32: 4, F16: 2, BF16: 2, I32: 4, I64: 8 } as const;
export type Dtype = keyof typeof DTYPE_BYTES;

export interface HeaderEntry {
  name: string;
  dtype: Dtype;
  shape: number[];
  begin: number; // bytes from the start of the file
  end: number;
}

export interface SafetensorsHeader {
  metadata: Record<string, string>;
  entries: HeaderEntry[]; // in the order of their data
}

const LENGTH_BYTES = 8;
const MAX_HEADER_BYTES = 10_000_000; // a hundred thousand tensors; parsing takes many times as much memory
/** The longest name of a tensor: that of an attribute, and what networks and checkpoints put around it. */
export const MAX_NAME_LENGTH = MAX_WORD_LENGTH + 64;
const MAX_HEADER_DEPTH = 3; // { name: { shape: [ ] } }
const METADATA_NAME = '__metadata__';

/**
 * Reads and checks the header of a safetensors file: an uint64 length, then JSON, then the data it describes.
 * Nothing as large as the header says is allocated before that has been compared with the file's own length.
 *
 * Source: https://github.com/huggingface/safetensors#format
 * @param isBeginning whether the bytes are the file's beginning alone, whose last tensors are missing
 * @returns entries whose data lie inside the bytes, follow one another without a hole, and fit shape × dtype
 * @throws  ModelFileError naming the file and the tensor
 */
export function readHeader(bytes: Uint8Array, fileName: string, isBeginning = false): SafetensorsHeader {
  const fail = failer(fileName);
  const dataStart = LENGTH_BYTES + readHeaderLength(bytes, fail);
  const json = bytes.subarray(LENGTH_BYTES, dataStart);
  const header = parseUntrustedJson(json, MAX_HEADER_DEPTH, (problem) => fail(`header: ${problem}`));
  const entries = Object.entries(header)
    .filter(([name]) => name !== METADATA_NAME)
    .map(([name, value]) => checkEntry(name, value, dataStart, fail))
    .sort((a, b) => a.begin - b.begin || a.end - b.end);
  const there = isBeginning ? entries.filter(({ end }) => end <= bytes.length) : entries;
  checkContiguous(there, dataStart, bytes.length, fail);
  return { metadata: checkMetadata(header[METADATA_NAME] ?? {}, fail), entries: there };
}

function failer(fileName: string): Fail {
  return (problem) => {
    throw new ModelFileError('parseSafetensors', fileName, `${problem}; the file is damaged, fetch or save it again`);
  };
}

function readHeaderLength(bytes: Uint8Array, fail: Fail): number {
  if (bytes.length < LENGTH_BYTES) fail(`expected at least ${LENGTH_BYTES} bytes, found ${bytes.length}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, LENGTH_BYTES);
  const length = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
  const available = Math.min(bytes.length - LENGTH_BYTES, MAX_HEADER_BYTES);
  if (length > available) fail(`expected a header of at most ${available} bytes, but its length says ${length}`);
  return length;
}

function checkMetadata(value: unknown, fail: Fail): Record<string, string> {
  if (!isObject(value)) return fail(`expected ${METADATA_NAME} to be an object of strings`);
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') fail(`expected ${METADATA_NAME} ${quote(key)} to be a string, found ${quote(text)}`);
  }
  return value as Record<string, string>;
}

function checkEntry(name: string, value: unknown, dataStart: number, fail: Fail): HeaderEntry {
  const failEntry: Fail = (problem) => fail(`tensor ${quote(name)}: ${problem}`);
  if (name.length > MAX_NAME_LENGTH) failEntry(`expected a name of at most ${MAX_NAME_LENGTH} characters`);
  if (!isObject(value)) return failEntry('expected an object with dtype, shape and data_offsets');
  const dtype = checkDtype(value.dtype, failEntry);
  const shape = checkShape(value.shape, failEntry);
  const [begin, end] = checkOffsets(value.data_offsets, failEntry);
  const sizeBytes = shape.reduce((product, size) => product * size, DTYPE_BYTES[dtype]);
  if (end - begin !== sizeBytes) {
    failEntry(`shape ${quote(shape)} of ${dtype} needs ${sizeBytes} bytes, but data_offsets hold ${end - begin}`);
  }
  return { name, dtype, shape, begin: dataStart + begin, end: dataStart + end };
}

function checkDtype(value: unknown, fail: Fail): Dtype {
  const known = typeof value === 'string' && Object.hasOwn(DTYPE_BYTES, value);
  return known ? (value as Dtype) : fail(`dtype ${quote(value)} is not one of ${Object.keys(DTYPE_BYTES).join(', ')}`);
}

function checkShape(value: unknown, fail: Fail): number[] {
  if (!Array.isArray(value) || !value.every(isSize)) {
    return fail(`expected shape to be a list of whole numbers from 0 up, found ${quote(value)}`);
  }
  // Every partial product is checked, so that a zero further on cannot hide an overflow.
  value.reduce((product: number, size: number) => {
    const next = product * size;
    return next * 8 <= Number.MAX_SAFE_INTEGER ? next : fail(`shape ${quote(value)} is too large`);
  }, 1);
  return value;
}

function checkOffsets(value: unknown, fail: Fail): [number, number] {
  const [begin, end, ...rest]: unknown[] = Array.isArray(value) ? value : [];
  if (!isSize(begin) || !isSize(end) || begin > end || rest.length > 0) {
    return fail(`expected data_offsets to be [begin, end] in bytes, found ${quote(value)}`);
  }
  return [begin, end];
}

/** The format allows neither overlaps nor holes, so the data must follow one another from the first byte to the last. */
function checkContiguous(entries: HeaderEntry[], dataStart: number, numBytes: number, fail: Fail): void {
  let position = dataStart;
  for (const { name, begin, end } of entries) {
    const where = `tensor ${quote(name)}: data_offsets [${begin - dataStart}, ${end - dataStart}]`;
    if (end > numBytes) fail(`${where} run past the data, which end at ${numBytes - dataStart}`);
    if (begin < position) fail(`${where} overlap the tensor before, which ends at ${position - dataStart}`);
    if (begin > position) fail(`${where} leave a hole: the data before end at ${position - dataStart}`);
    position = end;
  }
  if (position !== numBytes)
    fail(`expected the file to end at byte ${position}, where its tensors do, not ${numBytes}`);
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
