import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { env, type TensorInfo, util } from '@tensorflow/tfjs-core';

/** Values that one shader element holds: 4 where the innermost size allows it, else 1. */
export type Lanes = 1 | 4;

/** The type of a buffer's elements in WGSL; a `Value` is as wide as the program's lanes. */
type ElementType = 'Value' | 'f32' | 'u32' | 'vec2<f32>';

/**
 * One compute shader: `code` defines `fn main(group: i32, local: i32)`, called by every thread of every workgroup; of a
 * workgroup in three dimensions, `local` is a vec3<i32>.
 */
export interface Program {
  /** Identifies the program: programs with the same key have the same source. */
  key: string;
  lanes: Lanes;
  inputs: Record<string, ElementType>;
  outputs: Record<string, ElementType>;
  /** Read in the code as `uniforms.name`; all of them and all buffers must be used, or WebGPU drops the binding. */
  uniforms: Record<string, 'i32' | 'f32'>;
  workgroupSize: number | readonly [number, number, number];
  code: string;
}

export function lanesFor(...sizes: number[]): Lanes {
  return sizes.every((size) => size % 4 === 0) ? 4 : 1;
}

/** The type `Value`, and the functions of it that the kernels share. */
function valueSource(lanes: Lanes): string {
  return `
    alias Value = ${lanes === 4 ? 'vec4<f32>' : 'f32'};
    fn addUp(value: Value) -> f32 { return ${lanes === 4 ? 'dot(value, vec4<f32>(1.0))' : 'value'}; }
    fn sigmoid(z: Value) -> Value { return 1.0 / (1.0 + exp(min(-z, Value(80.0)))); }
    fn siluSlope(z: Value) -> Value { let s = sigmoid(z); return s * (1.0 + z * (1.0 - s)); }
  `;
}

/** Bindings in the order in which `WebgpuContext.run` hands them over. */
function bindingSource({ inputs, outputs }: Program): string {
  const [first, ...others] = Object.entries(outputs).map((entry) => ['read_write', ...entry]);
  const buffers = [first!, ...Object.entries(inputs).map((entry) => ['read', ...entry]), ...others];
  const lines = buffers.map(
    ([access, name, type], i) => `@group(0) @binding(${i}) var<storage, ${access}> ${name}: array<${type}>;`,
  );
  return [...lines, `@group(0) @binding(${buffers.length}) var<uniform> uniforms: Uniforms;`].join('\n');
}

/** The whole shader. The first uniform is tfjs's own and unused. */
function programSource(program: Program): string {
  const fields = Object.entries(program.uniforms).map(([name, type]) => `${name}: ${type}`);
  const size = [program.workgroupSize].flat();
  return `
    ${valueSource(program.lanes)}
    struct Uniforms { ${['reserved: i32', ...fields].join(', ')} }
    ${bindingSource(program)}
    const WORKGROUP_SIZE = ${size.reduce((a, b) => a * b)};
    ${program.code}
    @compute @workgroup_size(${size})
    fn _start(@builtin(workgroup_id) id: vec3<u32>, @builtin(num_workgroups) count: vec3<u32>,
              @builtin(local_invocation_id) local: vec3<u32>) {
      main(i32(id.y * count.x + id.x), ${size.length > 1 ? 'vec3<i32>(local)' : 'i32(local.x)'});
    }
  `;
}

type Pipeline = GPUComputePipeline | Promise<GPUComputePipeline>;

interface Uniform {
  type: 'int32' | 'float32';
  data: number[];
}

/** What `recordAndSubmit` reads of a program whose uniforms are the caller's alone. */
interface Recording {
  pipeline: Pipeline;
  dispatch: [number, number, number];
  outputShape: number[];
  pixelsOpType: 0;
}

/** Members of tfjs 4.22's backend that its type declarations hide. */
interface HiddenMembers {
  pipelineCache: Record<string, Pipeline>;
  recordAndSubmit(program: Recording, output: TensorInfo, inputs: TensorInfo[], uniforms: Uniform[]): void;
}

/**
 * Runs programs inside tfjs's WebGPU backend. tfjs's own `runWebGPUProgram` allows one output a program; here a program
 * may have several: all but the first travel as further bindings, through the same command encoder and buffer pool.
 */
export class WebgpuContext {
  private readonly hidden: HiddenMembers;

  constructor(readonly backend: WebGPUBackend) {
    this.hidden = backend as unknown as HiddenMembers;
  }

  /** Runs `numWorkgroups` workgroups; inputs and uniforms in the program's order, outputs float32 of these shapes. */
  run(
    program: Program,
    inputs: TensorInfo[],
    outputShapes: number[][],
    uniforms: Record<string, number>,
    numWorkgroups: number,
  ): TensorInfo[] {
    const outputs = outputShapes.map((shape) => this.backend.makeTensorInfo(shape, 'float32'));
    for (const tensor of [...inputs, ...outputs]) this.backend.uploadToGPU(tensor.dataId);
    const compileOnly = env().getBool('WEBGPU_ENGINE_COMPILE_ONLY');
    const pipeline = this.pipelineOf(program);
    if (compileOnly) return outputs;
    const [first, ...others] = outputs;
    const flat = { ...first!, shape: [util.sizeFromShape(first!.shape)] };
    const dispatch = dispatchOf(numWorkgroups, this.backend.device.limits.maxComputeWorkgroupsPerDimension);
    const recording: Recording = { pipeline, dispatch, outputShape: flat.shape, pixelsOpType: 0 };
    this.hidden.recordAndSubmit(recording, flat, [...inputs, ...others], uniformData(program, uniforms));
    return outputs;
  }

  /** Frees an intermediate result. */
  dispose(tensor: TensorInfo): void {
    this.backend.disposeData(tensor.dataId);
  }

  /** A promise of it while pipelines are compiled ahead: see `compileOnly`. */
  pipelineOf(program: Program): Pipeline {
    const key = `figment ${program.key}`;
    const cached = this.hidden.pipelineCache[key];
    if (cached) return cached;
    const compileOnly = env().getBool('WEBGPU_ENGINE_COMPILE_ONLY');
    const { device } = this.backend;
    const module = device.createShaderModule({ code: programSource(program), label: key });
    const descriptor: GPUComputePipelineDescriptor = { compute: { module }, label: key, layout: 'auto' };
    const pipeline = compileOnly
      ? device.createComputePipelineAsync(descriptor)
      : device.createComputePipeline(descriptor);
    this.hidden.pipelineCache[key] = pipeline;
    return pipeline;
  }
}

function uniformData(program: Program, values: Record<string, number>): Uniform[] {
  return Object.entries(program.uniforms).map(([name, type]) => ({
    type: type === 'i32' ? 'int32' : 'float32',
    data: [values[name]!],
  }));
}

/** One dimension, or a square of them beyond the device's limit; programs ignore the workgroups in excess. */
export function dispatchOf(numWorkgroups: number, limit: number): [number, number, number] {
  if (numWorkgroups <= limit) return [numWorkgroups, 1, 1];
  const side = Math.ceil(Math.sqrt(numWorkgroups));
  return [side, side, 1];
}
