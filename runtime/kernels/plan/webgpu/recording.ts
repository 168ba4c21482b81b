// A plan on WebGPU: its buffers, its bind groups, and how they are replayed inside tfjs's command encoder.
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { engine, env, type Tensor } from '@tensorflow/tfjs-core';
import { submitKernels } from '../../webgpu/commands.ts';
import { dispatchOf, WebgpuContext } from '../../webgpu/context.ts';
import { type Graph, UnplannedError, type Value } from '../graph.ts';
import { checkSizes, type Layout, laidOut, type Store, slotsFor } from '../layout.ts';
import type { RecordedInput, Recording } from '../recordings.ts';
import { simplified } from '../simplify.ts';
import type { Command, Version } from './command.ts';
import { commandOf } from './lower.ts';
import type { Tiling } from './tiling.ts';

/** Members of tfjs 4.22's backend that its type declarations hide. */
interface HiddenMembers {
  commandEncoder: GPUCommandEncoder;
  computePassEncoder: GPUComputePassEncoder | null;
}

/** What a compute pass is told of one dispatch. */
interface Bound {
  pipeline: GPUComputePipeline;
  bindGroup: GPUBindGroup;
  size: [number, number, number];
}

/** A command with its buffers; the bind group is made at the first replay, when its pipeline is compiled. */
interface Dispatch extends Command {
  buffers: GPUBuffer[];
  /** Where its uniforms begin. */
  offset: number;
  bound: Bound | null;
}

/** Commands of a slice: about a convolution with what belongs to it. */
const SLICE = 4;

/** How far apart, in bytes, every device accepts the uniforms of two commands. */
const UNIFORM_ALIGNMENT = 256;

/** What a recording may hold for as long as it is kept: a picture of 1,024 pixels a side is made without one. */
const MAX_BYTES = 2 ** 27;

const BYTES = Float32Array.BYTES_PER_ELEMENT;

export class WebgpuRecording implements Recording {
  private readonly context: WebgpuContext;
  private readonly hidden: HiddenMembers;
  private readonly layout: Layout;
  private readonly buffers: GPUBuffer[] = [];
  private readonly bufferOf = new Map<Store, GPUBuffer>();
  private readonly dispatches: Dispatch[];
  /** The dispatches among them whose results stay. */
  private readonly constants: Dispatch[];
  private readonly uniforms: GPUBuffer;
  private readonly uniformBytes: DataView<ArrayBuffer>;
  /** The places of factors among the uniforms, in ascending order. */
  private readonly places: { offset: number; index: number }[] = [];
  /** Those that the graph was traced with. */
  private readonly factors: readonly number[];
  /** Those that are among the uniforms. */
  private written: readonly number[];
  private isReady = false;
  /** The version that the device's tiling had when the dispatches were bound. */
  private tilingVersion: number;

  /** @throws UnplannedError when the graph has an operation without a shader */
  constructor(
    private readonly backend: WebGPUBackend,
    graph: Graph,
    private readonly tiling: Tiling,
  ) {
    this.context = new WebgpuContext(backend);
    this.hidden = backend as unknown as HiddenMembers;
    this.layout = laidOut(simplified(graph));
    const { steps, constant } = this.layout;
    const commands = steps.map((step) => commandOf(step, this.layout, tiling));
    this.allocate(commands);
    this.uniforms = this.createBuffer(UNIFORM_ALIGNMENT * commands.length, GPUBufferUsage.UNIFORM);
    this.uniformBytes = new DataView(new ArrayBuffer(this.uniforms.size));
    const dispatches = commands.map((command, i) => this.dispatchOf(command, UNIFORM_ALIGNMENT * i));
    this.writeUniforms(dispatches, graph.factors);
    this.constants = dispatches.filter((_, i) => constant.has(steps[i]!));
    this.dispatches = dispatches.filter((_, i) => !constant.has(steps[i]!));
    this.factors = graph.factors.map(({ numbers }) => numbers![0]!);
    this.written = this.factors;
    this.tilingVersion = tiling.version;
  }

  *replay(
    inputs: readonly RecordedInput[],
    outputs: readonly Tensor[],
    factors: readonly number[] = this.factors,
  ): Generator<void, void> {
    if (env().getBool('WEBGPU_ENGINE_COMPILE_ONLY')) return this.compile(outputs);
    checkSizes('input', this.layout.inputs, inputs);
    checkSizes('output', this.layout.outputs, outputs);
    this.followTiling();
    this.writeFactors(factors);
    // Values of the CPU go first, since they overtake what is encoded: nothing of this replay may be yet.
    for (const isOfCpu of [true, false]) {
      for (const [i, input] of inputs.entries()) {
        if (input instanceof Float32Array === isOfCpu) this.fill(this.buffer(this.layout.inputs[i]!.store), input);
      }
    }
    if (!this.isReady) this.encode(this.constants, 0, this.constants.length);
    for (let first = 0; first < this.dispatches.length; first += SLICE) {
      this.encode(this.dispatches, first, Math.min(first + SLICE, this.dispatches.length));
      yield;
    }
    this.isReady = true;
    for (const [i, output] of outputs.entries()) this.copyOut(this.layout.outputs[i]!.store, output);
  }

  dispose(): void {
    // What is encoded must be with the queue before its buffers go.
    if (engine().registry.webgpu === this.backend) submitKernels();
    for (const buffer of this.buffers) buffer.destroy();
  }

  private compile(outputs: readonly Tensor[]): void {
    for (const command of [...this.constants, ...this.dispatches]) {
      for (const { program } of command.versions ?? [command]) this.context.pipelineOf(program);
    }
    for (const output of outputs) this.backend.uploadToGPU(output.dataId);
  }

  private allocate(commands: readonly Command[]): void {
    const views = [...this.layout.inputs, ...this.layout.outputs];
    const stores = new Set([
      ...commands.flatMap(({ inputs, output }) => [...inputs, output]),
      ...views.map(({ store }) => store),
    ]);
    const { slots, sizes } = slotsFor(stores);
    this.assertSizes(sizes.map((size) => BYTES * size));
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC;
    const memory = sizes.map((size) => this.createBuffer(BYTES * size, usage));
    for (const store of stores) this.bufferOf.set(store, this.givenBuffer(store) ?? memory[slots.get(store)!]!);
  }

  private assertSizes(sizesBytes: readonly number[]): void {
    const sum = sizesBytes.reduce((a, b) => a + b, 0);
    const largest = Math.max(0, ...sizesBytes);
    if (sum > MAX_BYTES || largest > this.backend.device.limits.maxStorageBufferBindingSize) {
      throw new UnplannedError(`${sum} bytes of buffers, the largest of ${largest}`);
    }
  }

  /** The buffer of a tensor, which stays its own, or a new one for numbers. */
  private givenBuffer({ tensor, numbers }: Store): GPUBuffer | null {
    if (tensor) return this.bufferOfTensor(tensor);
    if (!numbers) return null;
    const buffer = this.createBuffer(BYTES * numbers.length, GPUBufferUsage.STORAGE);
    this.backend.queue.writeBuffer(buffer, 0, Float32Array.from(numbers));
    return buffer;
  }

  private bufferOfTensor({ dataId }: Tensor): GPUBuffer {
    this.backend.uploadToGPU(dataId);
    return this.backend.tensorMap.get(dataId).resource as GPUBuffer;
  }

  private buffer(store: Store): GPUBuffer {
    return this.bufferOf.get(store)!;
  }

  private createBuffer(size: number, usage: number): GPUBuffer {
    const buffer = this.backend.device.createBuffer({ size, usage: usage | GPUBufferUsage.COPY_DST });
    this.buffers.push(buffer);
    return buffer;
  }

  private dispatchOf(command: Command, offset: number): Dispatch {
    const buffers = [command.output, ...command.inputs].map((store) => this.buffer(store));
    return { ...command, buffers, offset, bound: null };
  }

  private writeUniforms(dispatches: readonly Dispatch[], factors: readonly Value[]): void {
    const bytes = this.uniformBytes;
    for (const { program, offset, uniforms, factors: own } of dispatches) {
      for (const [i, [name, type]] of Object.entries(program.uniforms).entries()) {
        const at = offset + BYTES * (i + 1); // the first is tfjs's own
        if (type === 'i32') bytes.setInt32(at, uniforms[name]!, true);
        else bytes.setFloat32(at, uniforms[name]!, true);
        const factor = own.find((entry) => entry.name === name);
        const index = factor ? factors.indexOf(factor.value) : -1;
        if (index >= 0) this.places.push({ offset: at, index });
      }
    }
    this.backend.queue.writeBuffer(this.uniforms, 0, bytes.buffer);
  }

  /** What was encoded before still needs the former factors. */
  private writeFactors(factors: readonly number[]): void {
    if (this.places.every(({ index }) => factors[index] === this.written[index])) return;
    submitKernels();
    this.written = [...factors];
    for (const { offset, index } of this.places) this.uniformBytes.setFloat32(offset, factors[index]!, true);
    const [first, last] = [this.places[0]!.offset, this.places[this.places.length - 1]!.offset];
    const { buffer } = this.uniformBytes;
    this.backend.queue.writeBuffer(this.uniforms, first, buffer, first, last + BYTES - first);
  }

  private fill(buffer: GPUBuffer, input: RecordedInput): void {
    if (input instanceof Float32Array) {
      submitKernels();
      this.backend.queue.writeBuffer(buffer, 0, input as Float32Array<ArrayBuffer>);
      return;
    }
    const { tensor, offset } = 'tensor' in input ? input : { tensor: input, offset: 0 };
    this.copy(this.bufferOfTensor(tensor), BYTES * offset, buffer, buffer.size);
  }

  private copyOut(store: Store, output: Tensor): void {
    const buffer = this.bufferOfTensor(output);
    this.copy(this.buffer(store), 0, buffer, buffer.size);
    this.backend.tensorMap.get(output.dataId).values = null as never; // of what was read before
  }

  private copy(from: GPUBuffer, offset: number, to: GPUBuffer, size: number): void {
    this.backend.ensureCommandEncoderReady();
    this.backend.endComputePassEncoder();
    this.hidden.commandEncoder.copyBufferToBuffer(from, offset, to, 0, size);
  }

  private encode(dispatches: readonly Dispatch[], first: number, end: number): void {
    if (first === end) return;
    this.backend.ensureCommandEncoderReady();
    this.hidden.computePassEncoder ??= this.hidden.commandEncoder.beginComputePass();
    const pass = this.hidden.computePassEncoder;
    let current: GPUComputePipeline | null = null; // another slice may have set its own
    for (let i = first; i < end; i++) {
      const dispatch = dispatches[i]!;
      dispatch.bound ??= this.bind(dispatch);
      const { pipeline } = dispatch.bound;
      if (pipeline !== current) pass.setPipeline(pipeline);
      current = pipeline;
      dispatchBound(pass, dispatch.bound);
    }
  }

  /** Each way to compute the first dispatch that has several, for a pass to be timed. */
  trials(): ((pass: GPUComputePassEncoder) => void)[] {
    const dispatch = this.dispatches.find(({ versions }) => versions)!;
    return dispatch.versions!.map((version) => {
      const bound = this.boundAs(version, dispatch);
      return (pass) => {
        pass.setPipeline(bound.pipeline);
        dispatchBound(pass, bound);
      };
    });
  }

  /** Lets go of what was bound before a tuning has chosen otherwise. */
  private followTiling(): void {
    if (this.tilingVersion === this.tiling.version) return;
    this.tilingVersion = this.tiling.version;
    for (const dispatch of this.dispatches) if (dispatch.versions) dispatch.bound = null;
  }

  private bind(dispatch: Dispatch): Bound {
    const { versions, chosen } = dispatch;
    return this.boundAs(versions ? versions[chosen!()]! : dispatch, dispatch);
  }

  private boundAs({ program, numWorkgroups }: Version, { buffers, offset }: Dispatch): Bound {
    const pipeline = this.context.pipelineOf(program) as GPUComputePipeline;
    const size = Math.ceil((BYTES * (1 + Object.keys(program.uniforms).length)) / 16) * 16;
    const resources = [...buffers.map((buffer) => ({ buffer })), { buffer: this.uniforms, offset, size }];
    const entries = resources.map((resource, binding) => ({ binding, resource }));
    const { device } = this.backend;
    return {
      pipeline,
      bindGroup: device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }),
      size: dispatchOf(numWorkgroups, device.limits.maxComputeWorkgroupsPerDimension),
    };
  }
}

function dispatchBound(pass: GPUComputePassEncoder, { bindGroup, size: [x, y] }: Bound): void {
  pass.setBindGroup(0, bindGroup);
  if (y === 1) pass.dispatchWorkgroups(x);
  else pass.dispatchWorkgroups(x, y);
}
