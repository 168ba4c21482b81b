import { numElements, type WeightTensor } from './weightTensor.ts';

/**
 * The layouts of PyTorch (and so of diffusers' files) and of TensorFlow.js:
 *
 *                       PyTorch                TensorFlow.js
 *   convolution weight  (out, in, kh, kw)      (kh, kw, in, out)
 *   linear weight       (out, in)              (in, out)
 *   embedding table     (rows, dim)            (rows, dim)
 *   activation          (B, C, H, W)           (B, H, W, C)
 *   position embedding  (1, C, H, W)           (1, H, W, C)
 */

type Values = Float32Array | Int32Array;

/**
 * Converts a weight from PyTorch's layout; ranks 0 and 1 and embedding tables come back as they are.
 * @param name the tensor's name in the file, which tells an embedding from a linear weight
 * @throws RangeError for a rank other than 0, 1, 2 or 4, or a shape that does not fit the data
 */
export function fromTorch(name: string, tensor: WeightTensor): WeightTensor {
  checkWeight('fromTorch', name, tensor);
  if (staysAsItIs(name, tensor)) return tensor;
  const { shape, data } = tensor;
  if (shape.length === 2) return { shape: shape.toReversed(), data: transpose(data, 1, shape[0]!, shape[1]!) };
  if (isOfPlaces(name)) return nchwToNhwc(tensor);
  const [numOut, numIn, height, width] = shape as [number, number, number, number];
  return { shape: [height, width, numIn, numOut], data: reverseAxes(data, numOut, numIn, height * width) };
}

/** The inverse of `fromTorch`: converts a weight to PyTorch's layout. */
export function toTorch(name: string, tensor: WeightTensor): WeightTensor {
  checkWeight('toTorch', name, tensor);
  if (staysAsItIs(name, tensor)) return tensor;
  const { shape, data } = tensor;
  if (shape.length === 2) return { shape: shape.toReversed(), data: transpose(data, 1, shape[0]!, shape[1]!) };
  if (isOfPlaces(name)) return nhwcToNchw(tensor);
  const [height, width, numIn, numOut] = shape as [number, number, number, number];
  return { shape: [numOut, numIn, height, width], data: reverseAxes(data, height * width, numIn, numOut) };
}

/**
 * Converts activations, (B, C, H, W) to (B, H, W, C).
 * @throws RangeError for a rank other than 4, or a shape that does not fit the data
 */
export function nchwToNhwc(tensor: WeightTensor): WeightTensor {
  const [numImages, channels, height, width] = imageShape('nchwToNhwc', tensor);
  const data = transpose(tensor.data, numImages, channels, height * width);
  return { shape: [numImages, height, width, channels], data };
}

/** The inverse of `nchwToNhwc`: (B, H, W, C) to (B, C, H, W). */
export function nhwcToNchw(tensor: WeightTensor): WeightTensor {
  const [numImages, height, width, channels] = imageShape('nhwcToNchw', tensor);
  const data = transpose(tensor.data, numImages, height * width, channels);
  return { shape: [numImages, channels, height, width], data };
}

function staysAsItIs(name: string, { shape }: WeightTensor): boolean {
  return shape.length < 2 || (shape.length === 2 && name.endsWith('embedding.weight'));
}

/** Whether a tensor holds values for places, as activations do. */
function isOfPlaces(name: string): boolean {
  return name.endsWith('position_embedding');
}

/** (batch, rows, columns) to (batch, columns, rows). */
function transpose(data: Values, batch: number, rows: number, columns: number): Values {
  const result = emptyLike(data);
  let i = 0;
  for (let n = 0; n < batch; n++) {
    for (let row = 0; row < rows; row++) {
      let target = n * rows * columns + row;
      for (let column = 0; column < columns; column++, target += rows) result[target] = data[i++]!;
    }
  }
  return result;
}

/** (a, b, c) to (c, b, a). */
function reverseAxes(data: Values, a: number, b: number, c: number): Values {
  const result = emptyLike(data);
  let i = 0;
  for (let ia = 0; ia < a; ia++) {
    for (let ib = 0; ib < b; ib++) {
      let target = ib * a + ia;
      for (let ic = 0; ic < c; ic++, target += a * b) result[target] = data[i++]!;
    }
  }
  return result;
}

function emptyLike(data: Values): Values {
  return data instanceof Int32Array ? new Int32Array(data.length) : new Float32Array(data.length);
}

function checkWeight(operation: string, name: string, { shape, data }: WeightTensor): void {
  const { length: rank } = shape;
  if (rank > 4 || rank === 3) {
    throw new RangeError(`${operation}: "${name}" has rank ${rank}; expected a weight of rank 0, 1, 2 or 4`);
  }
  checkLength(`${operation}: "${name}"`, shape, data);
}

function imageShape(operation: string, { shape, data }: WeightTensor): [number, number, number, number] {
  if (shape.length !== 4) throw new RangeError(`${operation}: expected images of rank 4, found rank ${shape.length}`);
  checkLength(operation, shape, data);
  return shape as [number, number, number, number];
}

function checkLength(subject: string, shape: number[], data: Values): void {
  if (numElements(shape) === data.length) return;
  throw new RangeError(`${subject}: shape [${shape.join(', ')}] does not fit ${data.length} values`);
}
