// ONNX graphs, built node by node, and their bytes.
// Source: https://github.com/onnx/onnx, onnx.proto and docs/IR.md.
import protobuf from 'protobufjs';

const IR_VERSION = 8;
const OPSET = 17;

export type OnnxType = 'float32' | 'int64';

/** A size, or the name of one that is known when the graph runs. */
export type OnnxShape = readonly (number | string)[];

/** What a graph takes or gives. */
export interface OnnxValue {
  name: string;
  type: OnnxType;
  shape: OnnxShape;
}

type Attribute = number | string | readonly number[];

interface OnnxNode {
  operation: string;
  inputs: readonly string[];
  output: string;
  attributes: Readonly<Record<string, Attribute>>;
}

interface Initializer {
  type: OnnxType;
  shape: readonly number[];
  data: Float32Array | BigInt64Array;
}

/** A graph that grows by operations; what they give is named, and goes into others by its name. */
export class OnnxGraph {
  readonly #nodes: OnnxNode[] = [];
  readonly #initializers = new Map<string, Initializer>();
  readonly #inputs: OnnxValue[] = [];
  readonly #outputs: OnnxValue[] = [];

  /** @returns its name */
  input(name: string, type: OnnxType, shape: OnnxShape): string {
    this.#inputs.push({ name, type, shape });
    return name;
  }

  /** Gives a value of the graph away under a name. */
  output(value: string, name: string, shape: OnnxShape): void {
    this.#add({ operation: 'Identity', inputs: [value], output: name, attributes: {} });
    this.#outputs.push({ name, type: 'float32', shape });
  }

  /** An operation of one result. @returns the result's name */
  op(operation: string, inputs: readonly string[], attributes: Readonly<Record<string, Attribute>> = {}): string {
    return this.#add({ operation, inputs, output: `${operation}_${this.#nodes.length}`, attributes });
  }

  /** A tensor that comes with the graph. One name stands for one tensor. @returns its name */
  floats(name: string, shape: readonly number[], data: Float32Array): string {
    this.#initializers.set(name, { type: 'float32', shape, data });
    return name;
  }

  /** Whole numbers that come with the graph: shapes, and where slices begin. @returns their name */
  integers(values: readonly number[]): string {
    const name = `integers_${values.join('_')}`.replaceAll('-', 'm');
    this.#initializers.set(name, { type: 'int64', shape: [values.length], data: BigInt64Array.from(values, BigInt) });
    return name;
  }

  #add(node: OnnxNode): string {
    this.#nodes.push(node);
    return node.output;
  }

  /** The bytes of a model.onnx. @param name of the graph */
  encode(name: string): Uint8Array {
    const model = {
      irVersion: IR_VERSION,
      producerName: 'figment',
      opsetImport: [{ domain: '', version: OPSET }],
      graph: {
        name,
        node: this.#nodes.map(({ operation, inputs, output, attributes }) => ({
          opType: operation,
          name: output,
          input: inputs,
          output: [output],
          attribute: Object.entries(attributes).map(encodeAttribute),
        })),
        initializer: Array.from(this.#initializers, ([tensor, { type, shape, data }]) => ({
          name: tensor,
          dims: shape,
          dataType: DATA_TYPES[type],
          rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
        })),
        input: this.#inputs.map(encodeValue),
        output: this.#outputs.map(encodeValue),
      },
    };
    return MODEL.encode(MODEL.fromObject(model)).finish();
  }
}

const DATA_TYPES: Record<OnnxType, number> = { float32: 1, int64: 7 };
const ATTRIBUTE_TYPES = { float: 1, int: 2, string: 3, ints: 7 };

/** Attributes that are real numbers even where their value is a whole one. */
const REAL = ['epsilon', 'alpha'];

function encodeAttribute([name, value]: [string, Attribute]): object {
  if (typeof value === 'string') return { name, type: ATTRIBUTE_TYPES.string, s: new TextEncoder().encode(value) };
  if (typeof value !== 'number') return { name, type: ATTRIBUTE_TYPES.ints, ints: value };
  if (REAL.includes(name)) return { name, type: ATTRIBUTE_TYPES.float, f: value };
  return { name, type: ATTRIBUTE_TYPES.int, i: value };
}

function encodeValue({ name, type, shape }: OnnxValue): object {
  const dim = shape.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }));
  return { name, type: { tensorType: { elemType: DATA_TYPES[type], shape: { dim } } } };
}

const field = (id: number, type: string) => ({ id, type });
const list = (id: number, type: string) => ({ id, type, rule: 'repeated' });

/** The messages of ONNX that these graphs are made of. */
const MODEL = protobuf.Root.fromJSON({
  nested: {
    Model: {
      fields: {
        irVersion: field(1, 'int64'),
        producerName: field(2, 'string'),
        graph: field(7, 'Graph'),
        opsetImport: list(8, 'Opset'),
      },
    },
    Opset: { fields: { domain: field(1, 'string'), version: field(2, 'int64') } },
    Graph: {
      fields: {
        node: list(1, 'Node'),
        name: field(2, 'string'),
        initializer: list(5, 'Tensor'),
        input: list(11, 'Value'),
        output: list(12, 'Value'),
      },
    },
    Node: {
      fields: {
        input: list(1, 'string'),
        output: list(2, 'string'),
        name: field(3, 'string'),
        opType: field(4, 'string'),
        attribute: list(5, 'Attribute'),
      },
    },
    Attribute: {
      fields: {
        name: field(1, 'string'),
        f: field(2, 'float'),
        i: field(3, 'int64'),
        s: field(4, 'bytes'),
        ints: list(8, 'int64'),
        type: field(20, 'int32'),
      },
    },
    Tensor: {
      fields: {
        dims: list(1, 'int64'),
        dataType: field(2, 'int32'),
        name: field(8, 'string'),
        rawData: field(9, 'bytes'),
      },
    },
    Value: { fields: { name: field(1, 'string'), type: field(2, 'Type') } },
    Type: { fields: { tensorType: field(1, 'TensorType') } },
    TensorType: { fields: { elemType: field(1, 'int32'), shape: field(2, 'Shape') } },
    Shape: { fields: { dim: list(1, 'Dimension') } },
    Dimension: {
      fields: { dimValue: field(1, 'int64'), dimParam: field(2, 'string') },
      oneofs: { value: { oneof: ['dimValue', 'dimParam'] } },
    },
  },
}).lookupType('Model');
