import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { env, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { type Program, programSource } from './program.ts';

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
    const pipeline = this.pipelineOf(program, compileOnly);
    if (compileOnly) return outputs;
    const [first, ...others] = outputs;
    const flat = { ...first!, shape: [util.sizeFromShape(first!.shape)] };
    const dispatch = dispatchOf(numWorkgroups, this.backend.device.limits.maxComputeWorkgroupsPerDimension);
    const recording: Recording = { pipeline, dispatch, outputShape: flat.shape, pixelsOpType: 0 };
    this.hidden.recordAndSubmit(recording, flat, [...inputs, ...others], uniformData(program, uniforms));
    return outputs;
  }

  /** Releases an intermediate result. */
  dispose(tensor: TensorInfo): void {
    this.backend.disposeData(tensor.dataId);
  }

  private pipelineOf(program: Program, compileOnly: boolean): Pipeline {
    const key = `figment ${program.key}`;
    const cached = this.hidden.pipelineCache[key];
    if (cached) return cached;
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
function dispatchOf(numWorkgroups: number, limit: number): [number, number, number] {
  if (numWorkgroups <= limit) return [numWorkgroups, 1, 1];
  const side = Math.ceil(Math.sqrt(numWorkgroups));
  return [side, side, 1];
}
