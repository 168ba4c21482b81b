import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ModelFileError } from '../core/errors.ts';
import { parseSafetensors } from './safetensors.ts';
import { writeSafetensors } from './writeSafetensors.ts';

const FIXTURES = new URL('../testing/fixtures/', import.meta.url);
const SHARED_FIXTURES = new URL('../../../shared/fixtures/', import.meta.url);

/** A file by hand: any header, any length before it, any bytes after it. */
function file(header: unknown, data: ArrayLike<number> = [], headerLength?: number): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerLength ?? json.length), true);
  bytes.set(json, 8);
  bytes.set(data, 8 + json.length);
  return bytes;
}

function entry(dtype: unknown, shape: unknown, data_offsets: unknown) {
  return { dtype, shape, data_offsets };
}

function zeros(length: number): Uint8Array {
  return new Uint8Array(length);
}

/** One tensor "w" whose bytes are given. */
function single(dtype: string, shape: number[], data: ArrayLike<number>): Uint8Array {
  return file({ w: entry(dtype, shape, [0, data.length]) }, data);
}

function read(bytes: Uint8Array) {
  return parseSafetensors(bytes, 'test.safetensors');
}

describe('parseSafetensors', () => {
  it.each([
    ['F32', [0x00, 0x00, 0x80, 0x3f, 0x00, 0x00, 0x20, 0xc0], new Float32Array([1, -2.5])],
    ['F16', [0x00, 0x3c, 0x00, 0xc1], new Float32Array([1, -2.5])],
    ['BF16', [0x80, 0x3f, 0x20, 0xc0], new Float32Array([1, -2.5])],
    ['I32', [0x01, 0x00, 0x00, 0x00, 0xfe, 0xff, 0xff, 0xff], new Int32Array([1, -2])],
    ['I64', [...[7, 0, 0, 0, 0, 0, 0, 0], ...[0xfe, 255, 255, 255, 255, 255, 255, 255]], new Int32Array([7, -2])],
  ])('reads %s', (dtype, data, expected) => {
    expect(read(single(dtype, [2, 1], data)).tensors.get('w')).toEqual({ dtype, shape: [2, 1], data: expected });
  });

  it('reads metadata, a scalar and a tensor without values, in the order of the data', () => {
    const header = {
      last: entry('F32', [], [2, 6]),
      first: entry('F16', [1], [0, 2]),
      none: entry('F32', [3, 0], [2, 2]),
      __metadata__: { format: 'pt' },
    };
    const { metadata, tensors } = read(file(header, [0, 0x3c, 0, 0, 0x80, 0x3f]));
    expect(metadata).toEqual({ format: 'pt' });
    expect([...tensors.keys()]).toEqual(['first', 'none', 'last']);
    expect(tensors.get('last')).toEqual({ dtype: 'F32', shape: [], data: new Float32Array([1]) });
    expect(tensors.get('none')?.data.length).toBe(0);
  });

  it.each([0, 1, 2, 3])('reads bytes that lie %d bytes into a Node buffer, and copies them', (offset) => {
    const header = { w: entry('F32', [1], [0, 4]), h: entry('F16', [1], [4, 6]) };
    const bytes = file(header, [0, 0, 0x80, 0x3f, 0, 0xc0]);
    const buffer = Buffer.concat([Buffer.alloc(offset), bytes]).subarray(offset);
    const { tensors } = read(buffer);
    buffer.fill(0xff);
    expect(tensors.get('w')!.data).toEqual(new Float32Array([1]));
    expect(tensors.get('h')!.data).toEqual(new Float32Array([-2]));
  });

  it('reads names that objects have of their own', () => {
    const header = '{"constructor":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}}';
    expect([...read(file(header, zeros(2))).tensors.keys()]).toEqual(['constructor']);
  });

  const one = entry('F32', [1], [0, 4]);
  it.each<[string, Uint8Array, string]>([
    ['an empty file', zeros(0), 'expected at least 8 bytes, found 0'],
    ['a file cut in its length', zeros(7), 'expected at least 8 bytes, found 7'],
    ['a header longer than the file', file('{}', [], 3), 'expected a header of at most 2 bytes, but its length says 3'],
    [
      'a header of more than ten million bytes, whatever is in it',
      file(' '.repeat(10_000_001)),
      'expected a header of at most 10000000 bytes, but its length says 10000001',
    ],
    ['a header of 2^62 bytes', file('{}', [], 2 ** 62), 'expected a header of at most 2 bytes'],
    ['an empty header', file(''), 'header: expected JSON'],
    ['a header that is not JSON', file('{"w":'), 'header: expected JSON'],
    ['a header that is not UTF-8', file('{}', [0xff], 3), 'header: expected UTF-8 text'],
    ['a header that is a list', file('[]'), 'header: expected a JSON object'],
    ['a header that is null', file('null'), 'header: expected a JSON object'],
    ['a deeply nested header', file('['.repeat(100_000)), 'header: expected at most 3 levels of nesting'],
    [
      'a repeated name',
      file(`{"w":${JSON.stringify(one)},"w":${JSON.stringify(one)}}`, zeros(4)),
      'header: the name "w" is used twice',
    ],
    [
      '__proto__',
      file(`{"__proto__":${JSON.stringify(one)}}`, zeros(4)),
      'header: the name "__proto__" is not allowed',
    ],
    ['metadata that is a list', file({ __metadata__: [] }), 'expected __metadata__ to be an object of strings'],
    ['metadata with a number', file({ __metadata__: { a: 1 } }), 'expected __metadata__ "a" to be a string, found 1'],
    ['an entry that is a list', file({ w: [] }), 'tensor "w": expected an object with dtype, shape and data_offsets'],
    [
      'a name of 265 characters',
      file({ ['w'.repeat(265)]: entry('F32', [0], [0, 0]) }),
      ': expected a name of at most 264 characters',
    ],
    ['an unknown dtype', file({ w: entry('F64', [1], [0, 8]) }, zeros(8)), 'tensor "w": dtype "F64" is not one of F32'],
    ['a dtype of Object', file({ w: entry('toString', [1], [0, 8]) }), 'tensor "w": dtype "toString" is not one of'],
    ['no dtype', file({ w: { shape: [], data_offsets: [0, 4] } }, zeros(4)), 'tensor "w": dtype undefined is not one'],
    ['no shape', file({ w: { dtype: 'F32', data_offsets: [0, 4] } }, zeros(4)), 'expected shape to be a list of whole'],
    [
      'a negative size',
      file({ w: entry('F32', [-1], [0, 4]) }, zeros(4)),
      'tensor "w": expected shape to be a list of',
    ],
    ['a broken size', file({ w: entry('F32', [1.5], [0, 6]) }, zeros(6)), 'found [1.5]'],
    ['a size as text', file({ w: entry('F32', ['1'], [0, 4]) }, zeros(4)), 'found ["1"]'],
    [
      'a size beyond 2^53',
      file({ w: entry('F32', [2 ** 53], [0, 0]) }),
      'expected shape to be a list of whole numbers',
    ],
    ['an overflowing shape', file({ w: entry('F32', [2 ** 31, 2 ** 33], [0, 0]) }), 'tensor "w": shape [2147483648,'],
    ['an overflow behind a zero', file({ w: entry('F32', [2 ** 40, 2 ** 40, 0], [0, 0]) }), 'is too large'],
    ['a missing offset', file({ w: entry('F32', [1], [0]) }, zeros(4)), 'expected data_offsets to be [begin, end]'],
    ['three offsets', file({ w: entry('F32', [1], [0, 4, 4]) }, zeros(4)), 'expected data_offsets to be [begin, end]'],
    ['offsets backwards', file({ w: entry('F32', [1], [4, 0]) }, zeros(4)), 'found [4,0]'],
    ['a negative offset', file({ w: entry('F32', [1], [-4, 0]) }, zeros(4)), 'found [-4,0]'],
    [
      'offsets that do not match',
      file({ w: entry('F32', [2], [0, 4]) }, zeros(4)),
      'shape [2] of F32 needs 8 bytes, but',
    ],
    ['data cut off', file({ w: one }, zeros(3)), 'tensor "w": data_offsets [0, 4] run past the data, which end at 3'],
    ['data left over', file({ w: one }, zeros(5)), 'where its tensors do, not'],
    ['data without a tensor', file({}, zeros(1)), 'where its tensors do, not'],
    ['an overlap', file({ a: one, b: entry('F32', [1], [2, 6]) }, zeros(6)), '"b": data_offsets [2, 6] overlap'],
    ['the same data twice', file({ a: one, b: one }, zeros(4)), '"b": data_offsets [0, 4] overlap'],
    ['a hole', file({ a: one, b: entry('F32', [1], [5, 9]) }, zeros(9)), '"b": data_offsets [5, 9] leave a hole'],
    ['a hole at the start', file({ w: entry('F32', [1], [4, 8]) }, zeros(8)), '"w": data_offsets [4, 8] leave a hole'],
    [
      'an int64 above int32',
      single('I64', [1], [0, 0, 0, 0x80, 0, 0, 0, 0]),
      'tensor "w": value 0 is outside int32; expected −2147483648 to 2147483647',
    ],
    [
      'an int64 below int32',
      single('I64', [1], [0, 0, 0, 0, 255, 255, 255, 255]),
      'tensor "w": value 0 is outside int32; expected −2147483648 to 2147483647',
    ],
    ['a NaN in F32', single('F32', [1], [0, 0, 0xc0, 0x7f]), 'expected finite values, but value 0 is NaN'],
    [
      'an infinity in F16',
      single('F16', [2], [0, 0, 0, 0xfc]),
      '"w": expected finite values, but value 1 is -Infinity',
    ],
    ['an infinity in BF16', single('BF16', [1], [0x80, 0x7f]), '"w": expected finite values, but value 0 is Infinity'],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => read(bytes)).toThrow(ModelFileError);
    expect(() => read(bytes)).toThrow('parseSafetensors: test.safetensors: ');
    expect(() => read(bytes)).toThrow(message);
  });

  it('reads NaN and infinity where they are allowed', () => {
    const bytes = single('F16', [2], [0, 0x7e, 0, 0x7c]);
    const { tensors } = parseSafetensors(bytes, 'test.safetensors', { allowNonFinite: true });
    expect(tensors.get('w')!.data).toEqual(new Float32Array([Number.NaN, Infinity]));
  });

  it('keeps error messages short, however long the names', () => {
    const bytes = file({ ['n'.repeat(100_000)]: entry('F32', new Array(10_000).fill(1), [0, 0]) });
    const message = (() => {
      try {
        return String(read(bytes));
      } catch (error) {
        return (error as Error).message;
      }
    })();
    expect(message).toContain('nnn');
    expect(message.length).toBeLessThan(500);
  });

  it('survives cuts and flipped bytes: a result or a ModelFileError', () => {
    const original = writeSafetensors(smallTensors(), { metadata: { format: 'pt' } });
    const random = lehmer(1);
    let numRefused = 0;
    for (let round = 0; round < 4000; round++) {
      const bytes = original.slice(0, round % 2 ? undefined : random(original.length));
      for (let flips = random(4); flips > 0 && bytes.length > 0; flips--)
        bytes[random(bytes.length)]! ^= 1 << random(8);
      try {
        read(bytes);
      } catch (error) {
        if (!(error instanceof ModelFileError)) throw error;
        numRefused++;
      }
    }
    expect(numRefused).toBeGreaterThan(2500);
  });
});

/** The minimal standard generator: random(n) is a whole number below n. */
function lehmer(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48271) % 0x7fffffff;
    return state % below;
  };
}

function smallTensors(): [string, { shape: number[]; data: Float32Array | Int32Array }][] {
  return [
    ['b.weight', { shape: [2, 3], data: new Float32Array([1, -2.5, 0.1, 3e-8, -0, 60000]) }],
    ['a.bias', { shape: [1], data: new Float32Array([0.5]) }],
    ['ids', { shape: [2], data: new Int32Array([-(2 ** 31), 2 ** 31 - 1]) }],
  ];
}

describe('writeSafetensors', () => {
  it('writes the format, byte for byte', () => {
    const bytes = writeSafetensors([['w', { shape: [1], data: new Float32Array([1]) }]]);
    const json = '{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}  '; // 54 characters, padded to 56
    expect(Buffer.from(bytes)).toEqual(
      Buffer.concat([Buffer.from([56, 0, 0, 0, 0, 0, 0, 0]), Buffer.from(json), Buffer.from([0, 0, 0x80, 0x3f])]),
    );
  });

  it('comes back bit for bit in F32', () => {
    const { tensors, metadata } = read(writeSafetensors(smallTensors(), { metadata: { format: 'pt' } }));
    expect(metadata).toEqual({ format: 'pt' });
    expect([...tensors.keys()]).toEqual(['a.bias', 'b.weight', 'ids']);
    for (const [name, { shape, data }] of smallTensors()) {
      expect(tensors.get(name)).toEqual({ dtype: name === 'ids' ? 'I32' : 'F32', shape, data });
    }
  });

  it('rounds to F16 and leaves integers', () => {
    const { tensors } = read(writeSafetensors(smallTensors(), { dtype: 'F16' }));
    const rounded = new Float32Array([1, -2.5, 0.0999755859375, 2 ** -25 * 2, -0, 60000]);
    expect(tensors.get('b.weight')).toEqual({ dtype: 'F16', shape: [2, 3], data: rounded });
    expect(tensors.get('ids')!.dtype).toBe('I32');
  });

  it('keeps 4-byte values aligned behind an odd number of F16 values', () => {
    const bytes = writeSafetensors(smallTensors(), { dtype: 'F16' });
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + bytes[0]! + 256 * bytes[1]!)));
    expect(header.ids.data_offsets[0] % 4).toBe(0);
  });

  it('does not depend on the order given', () => {
    expect(writeSafetensors(smallTensors().reverse())).toEqual(writeSafetensors(smallTensors()));
  });

  it.each<[string, [string, { shape: number[]; data: Float32Array }][], string]>([
    ['a value beyond F16', [['w', { shape: [1], data: new Float32Array([65520]) }]], 'value 0 is 65520, beyond F16'],
    ['NaN', [['w', { shape: [1], data: new Float32Array([Number.NaN]) }]], 'value 0 is NaN'],
    [
      'a wrong shape',
      [['w', { shape: [2], data: new Float32Array(1) }]],
      'shape [2] needs 2 values, but the data hold 1',
    ],
    ['a reserved name', [['__metadata__', { shape: [1], data: new Float32Array(1) }]], 'this name is reserved'],
    ['__proto__', [['__proto__', { shape: [1], data: new Float32Array(1) }]], 'this name is reserved'],
    [
      'a name twice',
      [
        ['w', { shape: [1], data: new Float32Array(1) }],
        ['w', { shape: [1], data: new Float32Array(1) }],
      ],
      'this name is used twice',
    ],
  ])('refuses %s', (_, tensors, message) => {
    expect(() => writeSafetensors(tensors, { dtype: 'F16' })).toThrow(RangeError);
    expect(() => writeSafetensors(tensors, { dtype: 'F16' })).toThrow(`writeSafetensors: tensor "${tensors[0]![0]}"`);
    expect(() => writeSafetensors(tensors, { dtype: 'F16' })).toThrow(message);
  });

  it('refuses a name that would not be read again', () => {
    const named = (length: number) =>
      writeSafetensors([['w'.repeat(length), { shape: [0], data: new Float32Array() }]]);
    expect([...parseSafetensors(named(264), 'c').tensors.keys()]).toEqual(['w'.repeat(264)]);
    expect(() => named(265)).toThrow(/writeSafetensors: tensor "w+…: this name is longer than 264 characters/);
  });
});

/** Every safetensors file below a folder. */
function safetensorsIn(folder: URL): URL[] {
  if (!existsSync(folder)) return [];
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return paths.filter((path) => path.endsWith('.safetensors')).map((path) => new URL(path, folder));
}

describe('files that diffusers wrote', () => {
  it('reads names, types and shapes', () => {
    const path = new URL('pipeline/case.safetensors', FIXTURES);
    const { tensors } = parseSafetensors(readFileSync(path), 'case.safetensors');
    expect([...tensors].map(([name, { dtype, shape }]) => [name, dtype, shape])).toEqual([
      ['image', 'F32', [2, 4, 32, 32]],
      ['latents', 'F32', [2, 4, 8, 8]],
      ['latents_out', 'F32', [2, 4, 8, 8]],
      ['class_labels', 'I32', [2]],
    ]);
  });

  const files = [...safetensorsIn(FIXTURES), ...safetensorsIn(SHARED_FIXTURES)];
  it.each(files.map((url) => url.href.split('/fixtures/')[1]!))(
    'reads and rewrites %s without changing a bit',
    (name) => {
      const stored = readFileSync(files.find((url) => url.href.endsWith(`/fixtures/${name}`))!);
      const headerLength = stored.readUInt32LE(0);
      const header = JSON.parse(stored.toString('utf8', 8, 8 + headerLength));
      const { metadata, tensors } = parseSafetensors(stored, name);
      const rewritten = read(writeSafetensors(tensors, { metadata }));
      for (const tensorName of Object.keys(header).filter((key) => key !== '__metadata__')) {
        const { dtype, shape, data_offsets } = header[tensorName];
        const [begin, end] = data_offsets.map((offset: number) => 8 + headerLength + offset);
        for (const tensor of [tensors.get(tensorName)!, rewritten.tensors.get(tensorName)!]) {
          expect(tensor.shape).toEqual(shape);
          if (!['F32', 'I32'].includes(dtype)) continue; // it is widened, as tests above check
          expect(Buffer.from(tensor.data.buffer).equals(stored.subarray(begin, end))).toBe(true);
        }
      }
      expect(rewritten.tensors.size).toBe(tensors.size);
      expect(rewritten.metadata).toEqual(header.__metadata__ ?? {});
    },
  );
});
