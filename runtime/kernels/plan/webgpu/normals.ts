// Random numbers on the GPU: those of core/random, of the same counters and keys.
import type { Program } from '../../webgpu/context.ts';
import { channelsOf, type Node, sizeOf, UnplannedError, type Value } from '../graph.ts';
import type { View } from '../layout.ts';
import type { Command } from './command.ts';

const WORKGROUP_SIZE = 64;

/** Values that one call of the generator gives. */
const BLOCK = 4;

const PROGRAM: Program = {
  key: 'plan normals',
  lanes: 1,
  inputs: { seeds: 'u32' },
  outputs: { y: 'Value' },
  uniforms: { numThreads: 'i32', numBlocks: 'i32', size: 'i32', seedOffset: 'i32', yOffset: 'i32', stream: 'f32' },
  workgroupSize: WORKGROUP_SIZE,
  code: `
    const TO_UNIT = 2.3283064365386963e-10; // 1 / 2^32

    /** High 32 bits of the 64-bit product. */
    fn mulHigh(a: u32, b: u32) -> u32 {
      let aLow = a & 0xffffu;
      let aHigh = a >> 16u;
      let bLow = b & 0xffffu;
      let bHigh = b >> 16u;
      let cross = aHigh * bLow + ((aLow * bLow) >> 16u);
      let middle = aLow * bHigh + (cross & 0xffffu);
      return aHigh * bHigh + (cross >> 16u) + (middle >> 16u);
    }

    /** Philox4x32-10 of a block's number, as in core/random. */
    fn philox(block: u32, seed: u32, stream: u32) -> vec4<u32> {
      var counter = vec4<u32>(block, 0u, 0u, 0u);
      var key = vec2<u32>(seed, stream);
      for (var round = 0; round < 10; round++) {
        let high0 = mulHigh(0xd2511f53u, counter.x);
        let high1 = mulHigh(0xcd9e8d57u, counter.z);
        counter = vec4<u32>(
          high1 ^ counter.y ^ key.x, 0xcd9e8d57u * counter.z, high0 ^ counter.w ^ key.y, 0xd2511f53u * counter.x,
        );
        key += vec2<u32>(0x9e3779b9u, 0xbb67ae85u);
      }
      return counter;
    }

    /** -ln((word + 1/2) / 2^32). Near 1 the logarithm is a series, since the quotient itself would be rounded to 1. */
    fn surprise(word: u32) -> f32 {
      if (word < 0x80000000u) { return -log((f32(word) + 0.5) * TO_UNIT); }
      let rest = (f32(~word) + 0.5) * TO_UNIT;
      let s = rest / (2.0 - rest);
      let q = s * s;
      return 2.0 * s * (1.0 + q * (1.0/3.0 + q * (1.0/5.0 + q * (1.0/7.0 + q * (1.0/9.0 + q * (1.0/11.0 + q / 13.0))))));
    }

    /** Cosine and sine of a share word / 2^32 of a turn: of what is left beside the nearest quarter, by their series. */
    fn direction(word: u32) -> vec2<f32> {
      let quarter = (word + 0x20000000u) >> 30u;
      let angle = f32(bitcast<i32>(word - (quarter << 30u))) * (1.5707963267948966 / 1073741824.0);
      let q = angle * angle;
      let cosine = 1.0 - q * (1.0/2.0 - q * (1.0/24.0 - q * (1.0/720.0 - q * (1.0/40320.0 - q / 3628800.0))));
      let sine = angle * (1.0 - q * (1.0/6.0 - q * (1.0/120.0 - q * (1.0/5040.0 - q / 362880.0))));
      switch quarter & 3u {
        case 0u: { return vec2<f32>(cosine, sine); }
        case 1u: { return vec2<f32>(-sine, cosine); }
        case 2u: { return vec2<f32>(-cosine, -sine); }
        default: { return vec2<f32>(sine, -cosine); }
      }
    }

    fn normalPair(first: u32, second: u32) -> vec2<f32> { return sqrt(2.0 * surprise(first)) * direction(second); }

    fn main(group: i32, local: i32) {
      let i = group * WORKGROUP_SIZE + local;
      if (i >= uniforms.numThreads) { return; }
      let image = i / uniforms.numBlocks;
      let block = i % uniforms.numBlocks;
      let words = philox(u32(block), seeds[uniforms.seedOffset + image], u32(uniforms.stream));
      let values = vec4<f32>(normalPair(words.x, words.y), normalPair(words.z, words.w));
      let first = ${BLOCK} * block;
      for (var k = 0; k < min(${BLOCK}, uniforms.size - first); k++) {
        y[uniforms.yOffset + image * uniforms.size + first + k] = values[k];
      }
    }
  `,
};

/** @param viewOf where each value lies */
export function normalsCommand(node: Node & { kind: 'normals' }, viewOf: (value: Value) => View): Command {
  const [seeds, stream] = node.inputs as [Value, Value];
  const { output } = node;
  const [from, to] = [viewOf(seeds), viewOf(output)];
  if (to.stride !== channelsOf(output)) throw new UnplannedError('noise among other values');
  const size = sizeOf(output) / output.shape[0]!;
  const numBlocks = Math.ceil(size / BLOCK);
  const numThreads = output.shape[0]! * numBlocks;
  const places = { seedOffset: from.offset, yOffset: to.offset };
  return {
    program: PROGRAM,
    inputs: [from.store],
    output: to.store,
    uniforms: { numThreads, numBlocks, size, ...places, stream: stream.numbers![0]! },
    factors: [{ name: 'stream', value: stream }],
    numWorkgroups: Math.ceil(numThreads / WORKGROUP_SIZE),
  };
}
