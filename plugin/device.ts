// The engine that draws, and the device that it shares with tfjs. Babylon cannot be given a device, so it makes its own.
import type { AbstractEngine } from '@babylonjs/core/Engines/abstractEngine.js';
import type { EngineOptions } from '@babylonjs/core/Engines/thinEngine.js';
import type { WebGPUEngineOptions } from '@babylonjs/core/Engines/webgpuEngine.js';
import {
  adapterName,
  type BackendChoice,
  definedOf,
  isSoftwareAdapter,
  messageOf,
  useWebgpuDevice,
} from '../runtime/index.ts';

/** Babylon's own options for the engine that is made, WebGPU or WebGL. */
export type CreateEngineOptions = WebGPUEngineOptions & EngineOptions;

/** The canvas that an engine draws in: one of a page, or one that a web worker was given. */
type Canvas = HTMLCanvasElement | OffscreenCanvas;

/** The defaults for both engines, in Babylon's names. */
export const CREATE_ENGINE_DEFAULTS = {
  antialias: true,
  powerPreference: 'high-performance',
  /** Asks for all that the adapter allows, such as larger buffers and wider workgroups, which tfjs uses. */
  setMaximumLimits: true,
} as const satisfies CreateEngineOptions;

/** A device that draws a scene, with the description of its adapter. */
export interface SharedDevice {
  device: GPUDevice;
  info: GPUAdapterInfo;
}

/** Babylon 9.35's WebGPUEngine: it has a device once it is initialised; the description of its adapter is private. */
interface DeviceOwner {
  _device?: GPUDevice;
  _adapterInfo: GPUAdapterInfo;
}

/** For engines of `CreateEngineAsync` that are not WebGPU: the reason why. */
const reasons = new WeakMap<AbstractEngine, string>();

/** The device that tfjs computes on, or is about to: it has one at a time. */
let adopted: { engine: AbstractEngine; device: GPUDevice; done: Promise<BackendChoice> } | null = null;

/**
 * Makes an engine whose GPU Figment can compute on: WebGPU where it works, otherwise WebGL 2. `describeDevice` says which
 * one it is, and why. Only the code of the engine that is used is loaded.
 *
 * @param canvas  that of a page, or one that a web worker was given
 * @param options passed to Babylon's engine, over `CREATE_ENGINE_DEFAULTS`
 * @throws        Error where there is neither WebGPU nor WebGL
 */
export async function CreateEngineAsync(canvas: Canvas, options: CreateEngineOptions = {}): Promise<AbstractEngine> {
  const settings = { ...CREATE_ENGINE_DEFAULTS, ...definedOf(options) };
  const flaw = await flawOfWebgpu(settings);
  const engine = flaw ?? (await startWebgpu(canvas, settings));
  return typeof engine === 'string' ? startWebgl(canvas, settings, engine) : engine;
}

/** Says why there is no WebGPU; null when there is. */
async function flawOfWebgpu(options: GPURequestAdapterOptions): Promise<string | null> {
  const { gpu } = navigator;
  if (!gpu) return 'this browser, or a page without https, offers no WebGPU';
  const adapter = await gpu.requestAdapter(options).catch(() => null);
  return adapter ? null : 'WebGPU finds no adapter';
}

/** Starts an engine, or says why it does not start. */
async function startWebgpu(canvas: Canvas, options: WebGPUEngineOptions): Promise<AbstractEngine | string> {
  const { WebGPUEngine } = await import('@babylonjs/core/Engines/webgpuEngine.js');
  const engine = new WebGPUEngine(canvas, options);
  try {
    await engine.initAsync(options.glslangOptions, options.twgslOptions); // WebGPUEngine.CreateAsync never ends if this fails
    return engine;
  } catch (error) {
    engine.dispose();
    return `WebGPU does not start (${messageOf(error)})`;
  }
}

async function startWebgl(canvas: Canvas, options: EngineOptions, flaw: string): Promise<AbstractEngine> {
  const { Engine } = await import('@babylonjs/core/Engines/engine.js');
  try {
    const engine = new Engine(canvas, undefined, options);
    reasons.set(engine, flaw);
    return engine;
  } catch (error) {
    const flaws = `${flaw}, and WebGL does not start (${messageOf(error)})`;
    throw new Error(`CreateEngineAsync: ${flaws}; turn on the browser's graphics acceleration`, { cause: error });
  }
}

/** A sentence for people that says what draws, and whether Figment can compute on it. */
export function describeDevice(engine: AbstractEngine): string {
  const shared = sharesDevice(engine);
  if (!shared) {
    const why = reasons.get(engine) ?? 'it is not an initialised WebGPUEngine';
    return `${engine.name}; generation cannot use the scene's GPU: ${why}.`;
  }
  const adapter = `WebGPU on ${adapterName(shared.info)}`;
  if (isSoftwareAdapter(shared.info)) return `${adapter}, which computes on the CPU.`;
  return `${adapter}; generation can use the scene's GPU.`;
}

/** The device of a WebGPUEngine; null for other engines, and before it is initialised or after it is disposed. */
export function sharesDevice(engine: AbstractEngine): SharedDevice | null {
  if (!engine.isWebGPU || engine.isDisposed) return null;
  const { _device: device, _adapterInfo } = engine as unknown as DeviceOwner;
  if (!device) return null;
  return { device, info: device.adapterInfo ?? _adapterInfo };
}

/** Whether tfjs computes on the device of another engine that is still there, which would lose its tensors. */
export function computesElsewhere(engine: AbstractEngine): boolean {
  return adopted !== null && adopted.engine !== engine && sharesDevice(adopted.engine)?.device === adopted.device;
}

/**
 * Makes tfjs compute on the device that draws the scene. Further calls for the same device change nothing.
 *
 * @throws Error when the engine has no device, or one with lower limits than tfjs's kernels need; while tfjs computes on the
 *         device of another engine
 */
export async function adoptDeviceAsync(engine: AbstractEngine): Promise<BackendChoice> {
  const shared = sharesDevice(engine);
  if (!shared) {
    const what = engine.isWebGPU
      ? 'is not initialised, or is disposed; await engine.initAsync() first'
      : 'has no device';
    throw new Error(`adoptDeviceAsync: the ${engine.name} engine ${what}; CreateEngineAsync makes one that fits`);
  }
  if (computesElsewhere(engine)) {
    const remedy = "load this model with compute: 'worker', or dispose that engine first";
    throw new Error(`adoptDeviceAsync: the models of another engine compute on its device; ${remedy}`);
  }
  if (adopted?.device !== shared.device) {
    assertLimits(shared.device.limits);
    adopted = { engine, device: shared.device, done: adopt(shared, adopted?.done) };
  }
  return adopted.done;
}

async function adopt({ device, info }: SharedDevice, previous?: Promise<unknown>): Promise<BackendChoice> {
  const forget = () => {
    if (adopted?.device === device) adopted = null;
  };
  await previous?.catch(() => {});
  try {
    await useWebgpuDevice(device, info);
  } catch (error) {
    forget();
    throw error;
  }
  device.lost.then(forget);
  const adapter = adapterName(info);
  return { backend: 'webgpu', adapter, reason: `The scene is drawn on this device (${adapter}).` };
}

/**
 * The limits that the largest kernels of tfjs and Figment need: WebGPU's defaults, which devices in compatibility mode do
 * not reach. tfjs uses wider workgroups as soon as their x is allowed, without checking their total.
 */
function requiredLimits({ maxComputeWorkgroupSizeX }: GPUSupportedLimits) {
  return {
    maxComputeWorkgroupSizeX: 256,
    maxComputeInvocationsPerWorkgroup: maxComputeWorkgroupSizeX >= 512 ? 512 : 256,
    maxComputeWorkgroupStorageSize: 16_384,
    maxStorageBuffersPerShaderStage: 8,
    maxStorageTexturesPerShaderStage: 1,
  };
}

function assertLimits(limits: GPUSupportedLimits): void {
  for (const [name, needed] of Object.entries(requiredLimits(limits))) {
    const actual = limits[name as keyof ReturnType<typeof requiredLimits>];
    if (actual >= needed) continue;
    const remedy = 'create the engine with CreateEngineAsync, or with the option setMaximumLimits: true';
    throw new Error(`adoptDeviceAsync: the engine's device has ${name} ${actual}; tfjs needs ${needed}: ${remedy}`);
  }
}
