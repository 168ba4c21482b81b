// Notes down what a function of tensors does, without computing anything: tfjs runs it on a backend that only remembers.
import {
  Add,
  type BackendValues,
  ClipByValue,
  Concat,
  type DataId,
  Exp,
  engine,
  Identity,
  KernelBackend,
  type KernelConfig,
  Maximum,
  Minimum,
  Multiply,
  RealDiv,
  Reshape,
  registerKernel,
  Slice,
  Sub,
  slice_util,
  Tensor,
  type TensorInfo,
  Transpose,
  tidy,
  util,
} from '@tensorflow/tfjs-core';
import { ATTENTION } from '../attention.ts';
import { CONV2D, type Conv2dAttrs, convOutSize } from '../conv2d.ts';
import { GROUP_NORM, type GroupNormAttrs, MODULATED_GROUP_NORM } from '../groupNorm.ts';
import { SEEDED_NORMALS } from '../normals.ts';
import { SILU } from '../silu.ts';
import { TEXELS, type TexelAttrs, texelShape } from '../texels.ts';
import { UPSAMPLE_2X } from '../upsample.ts';
import { type ConvAttrs, type Graph, type Operation, type PointwiseName, UnplannedError, type Value } from './graph.ts';

const NAME = 'figment-trace';

/** The values that the tensors of all traces stand for. */
const values = new WeakMap<DataId, Value>();

/** What is being noted down. */
interface Notes extends Graph {
  inputs: Value[];
  factors: Value[];
  /** Every value of this trace. */
  own: Set<Value>;
}

const blank = (): Notes => ({ inputs: [], factors: [], nodes: [], outputs: [], own: new Set() });
let notes = blank();

class TraceBackend extends KernelBackend {
  override write(written: BackendValues, shape: number[]): DataId {
    const numbers = written as ArrayLike<number>;
    const value: Value = { shape, node: null, numbers: Float32Array.from(numbers) };
    if (numbers.length === 1) notes.factors.push(value);
    return remembered(value);
  }
  override disposeData(): boolean {
    return true;
  }
  override numDataIds(): number {
    return 0;
  }
  override floatPrecision(): 32 {
    return 32;
  }
}

const tracer = new TraceBackend();

function remembered(value: Value): DataId {
  notes.own.add(value);
  const dataId = {};
  values.set(dataId, value);
  return dataId;
}

const infoOf = (value: Value): TensorInfo => ({
  dataId: remembered(value),
  shape: [...value.shape],
  dtype: 'float32',
});

/** The value of a tensor: of this trace, or of one before it, or one that exists. */
function tracedValue(tensor: TensorInfo): Value {
  const known = values.get(tensor.dataId);
  if (known) return withShape(notes.own.has(known) ? known : carriedOver(known), tensor.shape);
  if (!(tensor instanceof Tensor) || tensor.dtype !== 'float32')
    throw new UnplannedError(`a tensor of ${tensor.dtype}`);
  return { shape: tensor.shape, node: null, tensor };
}

/** A value of an earlier trace is an input of this one. */
function carriedOver(value: Value): Value {
  const known = notes.inputs.find(({ carried }) => carried === value);
  if (known) return known;
  const input: Value = { shape: value.shape, node: null, carried: value };
  notes.inputs.push(input);
  notes.own.add(input);
  return input;
}

function noted(operation: Operation, inputs: (Value | null)[], shape: readonly number[]): TensorInfo {
  const output: Value = { shape, node: null };
  output.node = { ...operation, inputs, output };
  notes.nodes.push(output.node);
  return infoOf(output);
}

/** The value in another shape: given numbers and tensors at once, others by a node. */
function withShape(value: Value, shape: readonly number[]): Value {
  if (util.arraysEqual([...value.shape], [...shape])) return value;
  if (!value.node && (value.tensor || value.numbers)) return { ...value, shape };
  const output: Value = { shape, node: null };
  output.node = { kind: 'reshape', attrs: null, inputs: [value], output };
  notes.nodes.push(output.node);
  return output;
}

// biome-ignore lint/suspicious/noExplicitAny: inputs and attributes are those of each kernel
type Note = (inputs: any, attrs: any) => TensorInfo;

const pointwise =
  (name: PointwiseName): Note =>
  (inputs) => {
    const taken = Object.values(inputs as Record<string, TensorInfo>).map(tracedValue);
    const shape = taken.map((value) => [...value.shape]).reduce(broadcast);
    return noted({ kind: 'pointwise', attrs: name }, taken, shape);
  };

function broadcast(a: number[], b: number[]): number[] {
  const rank = Math.max(a.length, b.length);
  const at = (shape: number[], i: number) => shape[i - rank + shape.length] ?? 1;
  return Array.from({ length: rank }, (_, i) => Math.max(at(a, i), at(b, i)));
}

const groupNorm: Note = ({ x, gamma, beta, scale, shift }, attrs: GroupNormAttrs) => {
  const modulation = scale ? [tracedValue(scale), tracedValue(shift)] : [];
  return noted(
    { kind: 'groupNorm', attrs },
    [tracedValue(x), tracedValue(gamma), tracedValue(beta), ...modulation],
    x.shape,
  );
};

const NOTES: Record<string, Note> = {
  [CONV2D]: ({ x, filter, bias }, attrs: Conv2dAttrs) => {
    const [n, h, w] = x.shape as [number, number, number];
    const [kh, kw, , cout] = filter.shape as [number, number, number, number];
    const { top, bottom, left, right } = attrs.padding;
    const height = convOutSize(h, top, bottom, kh, attrs.stride);
    const width = convOutSize(w, left, right, kw, attrs.stride);
    const plain: ConvAttrs = { ...attrs, upsample: false, addend: null, scale: 1, silu: false };
    const inputs = [tracedValue(x), tracedValue(filter), bias ? tracedValue(bias) : null, null];
    return noted({ kind: 'conv', attrs: plain }, inputs, [n, height, width, cout]);
  },
  [GROUP_NORM]: groupNorm,
  [MODULATED_GROUP_NORM]: groupNorm,
  [ATTENTION]: ({ q, k, v }, { numHeads }) =>
    noted({ kind: 'attention', attrs: { numHeads } }, [q, k, v].map(tracedValue), q.shape),
  [UPSAMPLE_2X]: ({ x }) => {
    const [n, h, w, c] = x.shape;
    return noted({ kind: 'upsample2x', attrs: null }, [tracedValue(x)], [n, 2 * h, 2 * w, c]);
  },
  [SEEDED_NORMALS]: ({ seeds, stream }, { shape }) =>
    noted({ kind: 'normals', attrs: null }, [seeds, stream].map(tracedValue), shape),
  [TEXELS]: ({ image }, attrs: TexelAttrs) =>
    noted({ kind: 'texels', attrs }, [tracedValue(image)], texelShape(image.shape)),
  [SILU]: pointwise('silu'),
  [Add]: pointwise('add'),
  [Sub]: pointwise('sub'),
  [Multiply]: pointwise('mul'),
  [RealDiv]: pointwise('div'),
  [Maximum]: pointwise('max'),
  [Minimum]: pointwise('min'),
  [Exp]: pointwise('exp'),
  [ClipByValue]: ({ x }, { clipValueMin, clipValueMax }) => {
    const bounds = [clipValueMin, clipValueMax].map((bound): Value => ({ shape: [], node: null, numbers: [bound] }));
    notes.factors.push(...bounds);
    return noted({ kind: 'pointwise', attrs: 'clip' }, [tracedValue(x), ...bounds], x.shape);
  },
  [Identity]: ({ x }) => infoOf(tracedValue(x)),
  [Reshape]: ({ x }, { shape }) =>
    infoOf(withShape(tracedValue(x), util.inferFromImplicitShape(shape, x.size ?? util.sizeFromShape(x.shape)))),
  [Slice]: ({ x }, { begin, size }) => {
    const [from, shape] = slice_util.parseSliceParams(x, begin, size);
    return noted({ kind: 'slice', attrs: { begin: from! } }, [tracedValue(x)], shape!);
  },
  [Concat]: (inputs, { axis }) => {
    const parts = Object.values(inputs as Record<string, TensorInfo>);
    const along = util.parseAxisParam(axis, parts[0]!.shape)[0]!;
    const shape = [...parts[0]!.shape];
    shape[along] = parts.reduce((sum, part) => sum + part.shape[along]!, 0);
    return noted({ kind: 'concat', attrs: { axis: along } }, parts.map(tracedValue), shape);
  },
  [Transpose]: ({ x }, { perm }) => {
    if (String(perm) !== '0,2,1,3') throw new UnplannedError(`a transposition by ${perm}`);
    const [a, b, c, d] = x.shape;
    return noted({ kind: 'swap', attrs: null }, [tracedValue(x)], [a, c, b, d]);
  },
};

function registerTracer(): void {
  for (const [kernelName, note] of Object.entries(NOTES)) {
    const kernelFunc = (({ inputs, attrs }) => note(inputs, attrs)) as KernelConfig['kernelFunc'];
    registerKernel({ kernelName, backendName: NAME, kernelFunc });
  }
}

/** tfjs's engine as far as its backend is exchanged; its own setBackend also sets up every kernel again. */
const host = engine() as unknown as { backendName: string; backendInstance: KernelBackend };
let isRegistered = false;

/** The value of a tensor of a trace. */
export function valueOfTraced(tensor: Tensor): Value {
  return values.get(tensor.dataId)!;
}

/** Makes an input of a graph while it is traced. */
export type NewInput = (shape: readonly number[]) => Tensor;

/**
 * The operations by which a function makes tensors of inputs.
 *
 * @throws UnplannedError for an operation that no plan has, or a tensor that is not float32
 */
export function traced(work: (newInput: NewInput) => Tensor[]): Graph {
  if (!isRegistered) registerTracer();
  isRegistered = true;
  const { backendName, backendInstance } = host;
  const newInput: NewInput = (shape) => {
    const value: Value = { shape, node: null };
    notes.inputs.push(value);
    return engine().makeTensorFromTensorInfo(infoOf(value));
  };
  notes = blank();
  try {
    Object.assign(host, { backendName: NAME, backendInstance: tracer });
    let outputs: Value[] = [];
    tidy(() => {
      outputs = work(newInput).map(tracedValue);
    });
    const { inputs, factors, nodes } = notes;
    return { inputs, factors, nodes, outputs };
  } catch (error) {
    const { message } = error as Error;
    throw /^Kernel '.*' not registered/.test(message) ? new UnplannedError(message) : error;
  } finally {
    Object.assign(host, { backendName, backendInstance });
    notes = blank();
  }
}
