// The WGSL of group normalisation. One workgroup takes one group of one image, as `width` columns of Values: a thread
// stays in one column and takes every `rows`-th pixel, so the channel's parameters are read once.
import type { Lanes, Program } from './context.ts';

export interface NormVariant {
  lanes: Lanes;
  silu: boolean;
  modulated: boolean;
}

const GROUP_WORKGROUP_SIZE = 256;
/** A workgroup that sums over images takes 16 channels, with 16 threads for each of them. */
export const FOLD_COLUMNS = 16;
const FOLD_ROWS = 16;

const UNIFORMS = { numPixels: 'i32', numChannels: 'i32', width: 'i32', numGroups: 'i32', count: 'i32' } as const;

const MODULATION_INPUTS = { scale: 'Value', shift: 'Value' } as const;

/** Where x and y lie in their buffers, and scale and shift in theirs; the strides are from one pixel or image to the next. */
const PLACES = { xOffset: 'i32', xStride: 'i32', yOffset: 'i32', yStride: 'i32' } as const;
const MODULATION_PLACES = { scaleOffset: 'i32', shiftOffset: 'i32', modulationStride: 'i32' } as const;

/**
 * This thread's share of the group in x: columns `column`, `column + columns`, …, pixels `start`, `start + rows`, …, which
 * are `stride` apart.
 */
const LAYOUT = `
  struct Share { first: i32, stride: i32, column: i32, columns: i32, start: i32, rows: i32 }

  fn firstOf(group: i32, offset: i32, stride: i32) -> i32 {
    return offset + (group / uniforms.numGroups) * uniforms.numPixels * stride
      + (group % uniforms.numGroups) * uniforms.width;
  }

  fn shareOf(group: i32, local: i32, offset: i32, stride: i32) -> Share {
    let columns = min(uniforms.width, WORKGROUP_SIZE);
    let rows = WORKGROUP_SIZE / columns;
    let row = local / columns;
    let start = select(uniforms.numPixels, row, row < rows);
    return Share(firstOf(group, offset, stride), stride, local % columns, columns, start, rows);
  }
`;

/** Mean and 1 / sqrt(var + epsilon), the variance from the deviations. */
const STATS = `
  var<workgroup> scalars: array<f32, WORKGROUP_SIZE>;

  fn sumOverWorkgroup(value: f32, local: i32) -> f32 {
    workgroupBarrier();
    scalars[local] = value;
    for (var reach = WORKGROUP_SIZE / 2; reach > 0; reach /= 2) {
      workgroupBarrier();
      if (local < reach) { scalars[local] += scalars[local + reach]; }
    }
    workgroupBarrier();
    return scalars[0];
  }

  fn meanOf(s: Share, local: i32) -> f32 {
    var sum = Value(0.0);
    for (var c = s.column; c < uniforms.width; c += s.columns) {
      for (var p = s.start; p < uniforms.numPixels; p += s.rows) { sum += x[s.first + p * s.stride + c]; }
    }
    return sumOverWorkgroup(addUp(sum), local) / f32(uniforms.count);
  }

  fn rstdOf(s: Share, mean: f32, local: i32) -> f32 {
    var sum = Value(0.0);
    for (var c = s.column; c < uniforms.width; c += s.columns) {
      for (var p = s.start; p < uniforms.numPixels; p += s.rows) {
        let deviation = x[s.first + p * s.stride + c] - mean;
        sum += deviation * deviation;
      }
    }
    return 1.0 / sqrt(sumOverWorkgroup(addUp(sum), local) / f32(uniforms.count) + uniforms.epsilon);
  }
`;

/** The affine map of a channel, z = xHat · slope + offset; `c` counts the image's channels. */
function affine(modulated: boolean, scaleAt = 'i', shiftAt = 'i'): string {
  if (!modulated) return 'let slope = gamma[c]; let offset = beta[c];';
  return `
    let factor = 1.0 + scale[${scaleAt}];
    let slope = gamma[c] * factor;
    let offset = beta[c] * factor + shift[${shiftAt}];
  `;
}

/** `c` counts the channels of this image, `i` those of all images. */
const CHANNEL = `
  let c = (group % uniforms.numGroups) * uniforms.width + column;
  let i = (group / uniforms.numGroups) * uniforms.numChannels + c;
`;

const variantKey = ({ lanes, silu, modulated }: NormVariant) =>
  `${lanes}${silu ? ' silu' : ''}${modulated ? ' mod' : ''}`;

export function forwardProgram(variant: NormVariant): Program {
  const { lanes, silu, modulated } = variant;
  return {
    key: `group norm ${variantKey(variant)}`,
    lanes,
    inputs: { x: 'Value', gamma: 'Value', beta: 'Value', ...(modulated ? MODULATION_INPUTS : {}) },
    outputs: { y: 'Value' },
    uniforms: {
      ...UNIFORMS,
      numWorkgroups: 'i32',
      epsilon: 'f32',
      ...PLACES,
      ...(modulated ? MODULATION_PLACES : {}),
    },
    workgroupSize: GROUP_WORKGROUP_SIZE,
    code: `
      ${LAYOUT}
      ${STATS}
      fn main(group: i32, local: i32) {
        if (group >= uniforms.numWorkgroups) { return; }
        let s = shareOf(group, local, uniforms.xOffset, uniforms.xStride);
        let yFirst = firstOf(group, uniforms.yOffset, uniforms.yStride);
        let mean = meanOf(s, local);
        let rstd = rstdOf(s, mean, local);
        for (var column = s.column; column < uniforms.width; column += s.columns) {
          let c = (group % uniforms.numGroups) * uniforms.width + column;
          ${modulated ? 'let i = (group / uniforms.numGroups) * uniforms.modulationStride + c;' : ''}
          ${affine(modulated, 'uniforms.scaleOffset + i', 'uniforms.shiftOffset + i')}
          for (var p = s.start; p < uniforms.numPixels; p += s.rows) {
            let z = (x[s.first + p * s.stride + column] - mean) * rstd * slope + offset;
            y[yFirst + p * uniforms.yStride + column] = ${silu ? 'z * sigmoid(z)' : 'z'};
          }
        }
      }
    `,
  };
}

/**
 * dx, and for every image and channel A = sum dz and B = sum dz xHat, in one buffer (2, B, C). dx holds dz · slope
 * until the group's means of it are known.
 */
export function gradientProgram(variant: NormVariant): Program {
  const { lanes, silu, modulated } = variant;
  return {
    key: `group norm gradient ${variantKey(variant)}`,
    lanes,
    inputs: {
      x: 'Value',
      gamma: 'Value',
      ...(silu ? { beta: 'Value' as const } : {}),
      ...(modulated ? { scale: 'Value' as const } : {}),
      ...(modulated && silu ? { shift: 'Value' as const } : {}),
      dy: 'Value',
    },
    outputs: { dx: 'Value', sums: 'Value' },
    uniforms: { ...UNIFORMS, numWorkgroups: 'i32', epsilon: 'f32' },
    workgroupSize: GROUP_WORKGROUP_SIZE,
    code: `
      ${LAYOUT}
      ${STATS}
      var<workgroup> sharesA: array<Value, WORKGROUP_SIZE>;
      var<workgroup> sharesB: array<Value, WORKGROUP_SIZE>;

      fn main(group: i32, local: i32) {
        if (group >= uniforms.numWorkgroups) { return; }
        let s = shareOf(group, local, 0, uniforms.numChannels);
        let mean = meanOf(s, local);
        let rstd = rstdOf(s, mean, local);
        let columns = min(uniforms.width, WORKGROUP_SIZE);
        let offsetB = uniforms.numWorkgroups / uniforms.numGroups * uniforms.numChannels;
        var sum = 0.0;
        var weightedSum = 0.0;
        for (var first = 0; first < uniforms.width; first += columns) {
          let column = min(first + s.column, uniforms.width - 1);
          let start = select(uniforms.numPixels, s.start, first + s.column < uniforms.width);
          ${CHANNEL}
          ${gradientAffine(variant)}
          var a = Value(0.0);
          var b = Value(0.0);
          for (var p = start; p < uniforms.numPixels; p += s.rows) {
            let at = s.first + p * uniforms.numChannels + column;
            let xHat = (x[at] - mean) * rstd;
            let dz = ${silu ? 'dy[at] * siluSlope(xHat * slope + offset)' : 'dy[at]'};
            dx[at] = dz * slope;
            a += dz;
            b += dz * xHat;
          }
          sum += addUp(a * slope);
          weightedSum += addUp(b * slope);
          workgroupBarrier();
          sharesA[local] = a;
          sharesB[local] = b;
          workgroupBarrier();
          if (local < s.columns && first + local < uniforms.width) {
            for (var row = 1; row < s.rows; row++) {
              a += sharesA[local + row * s.columns];
              b += sharesB[local + row * s.columns];
            }
            sums[i] = a;
            sums[offsetB + i] = b;
          }
        }
        let meanOfSum = sumOverWorkgroup(sum, local) / f32(uniforms.count);
        let meanOfWeighted = sumOverWorkgroup(weightedSum, local) / f32(uniforms.count);
        for (var column = s.column; column < uniforms.width; column += s.columns) {
          for (var p = s.start; p < uniforms.numPixels; p += s.rows) {
            let at = s.first + p * uniforms.numChannels + column;
            dx[at] = rstd * (dx[at] - meanOfSum - (x[at] - mean) * rstd * meanOfWeighted);
          }
        }
      }
    `,
  };
}

/** The affine map for the gradient, which needs the offset only where there is an activation. */
function gradientAffine({ silu, modulated }: NormVariant): string {
  if (silu) return affine(modulated);
  return modulated ? 'let slope = gamma[c] * (1.0 + scale[i]);' : 'let slope = gamma[c];';
}

/** dGamma and dBeta, summed over the images in a fixed order; with modulation also dScale and dShift. */
export function parameterProgram(modulated: boolean): Program {
  const weighted = modulated ? ' * (1.0 + scale[at])' : '';
  return {
    key: `group norm parameters${modulated ? ' mod' : ''}`,
    lanes: 1,
    inputs: {
      sums: 'f32',
      ...(modulated ? { gamma: 'f32' as const, beta: 'f32' as const, scale: 'f32' as const } : {}),
    },
    outputs: {
      dGamma: 'f32',
      dBeta: 'f32',
      ...(modulated ? { dScale: 'f32' as const, dShift: 'f32' as const } : {}),
    },
    uniforms: { numImages: 'i32', numChannels: 'i32' },
    workgroupSize: FOLD_COLUMNS * FOLD_ROWS,
    code: `
      var<workgroup> sharesA: array<f32, WORKGROUP_SIZE>;
      var<workgroup> sharesB: array<f32, WORKGROUP_SIZE>;

      fn main(group: i32, local: i32) {
        let c = group * ${FOLD_COLUMNS} + local % ${FOLD_COLUMNS};
        let numImages = select(0, uniforms.numImages, c < uniforms.numChannels);
        var a = 0.0;
        var b = 0.0;
        for (var image = local / ${FOLD_COLUMNS}; image < numImages; image += ${FOLD_ROWS}) {
          let at = image * uniforms.numChannels + c;
          let sumA = sums[at];
          let sumB = sums[uniforms.numImages * uniforms.numChannels + at];
          a += sumA${weighted};
          b += sumB${weighted};
          ${modulated ? 'dScale[at] = gamma[c] * sumB + beta[c] * sumA; dShift[at] = sumA;' : ''}
        }
        sharesA[local] = a;
        sharesB[local] = b;
        workgroupBarrier();
        if (local >= ${FOLD_COLUMNS} || c >= uniforms.numChannels) { return; }
        for (var row = 1; row < ${FOLD_ROWS}; row++) {
          a += sharesA[local + row * ${FOLD_COLUMNS}];
          b += sharesB[local + row * ${FOLD_COLUMNS}];
        }
        dGamma[c] = b;
        dBeta[c] = a;
      }
    `,
  };
}
