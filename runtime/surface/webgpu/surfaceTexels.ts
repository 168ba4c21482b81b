// The maps of a surface from its albedo, texture to texture: no value passes through the CPU.
import { horizonSamples } from '../ambientOcclusion.ts';
import { enlargedSettings, type MaterialSettings } from '../materialSettings.ts';
import { NORMAL_DEFAULTS } from '../normals.ts';
import { gaussianWeights } from '../plane.ts';
import { type SurfaceOptions, surfaceSettings } from '../surfaceMaps.ts';
import { compileOnce, type Pipelines } from './pipelines.ts';
import { PASSES, type Pass, SURFACE_SHADER, UNIFORM_NAMES, type UniformName, WORKGROUP_SIDE } from './surfaceShader.ts';

/** Textures of the albedo's size, rgba8unorm with the usage STORAGE_BINDING; only their first mip level is written. */
export interface SurfaceTargets {
  /** Normal in RGB, height in alpha. */
  normal: GPUTexture;
  /** Ambient occlusion, roughness, metallic, and cavity in alpha. */
  orm: GPUTexture;
}

const LABEL = 'figment surface';

/** Compiles what `writeSurfaceTexels` needs, once for a device. */
export const prepareSurfaceTexels = compileOnce(LABEL, SURFACE_SHADER, Object.keys(PASSES) as Pass[]);

/**
 * Writes the maps that `surfaceMaps` makes of an albedo texture's texels, equal up to rounding of a byte. The work is
 * submitted when this returns; nothing is read back. Mipmaps are the caller's.
 *
 * @param pipelines what `prepareSurfaceTexels` gave for this device
 * @param albedo    rgba8unorm with the usage TEXTURE_BINDING, sRGB values; its first row is taken for the top: a texture that
 *                  has its bottom row first is asked for the other direction of `green`
 * @param generated height, roughness and metallic that were generated with the picture, rgba8unorm with the same usage, of the
 *                  albedo's size or smaller by a whole factor; null: they are guessed from the albedo
 * @param factor    by which the albedo was enlarged, 1 … 4: the options are those of the picture before
 * @throws          RangeError when an option is out of range or a texture has a size that does not fit
 */
export function writeSurfaceTexels(
  device: GPUDevice,
  pipelines: Pipelines<Pass>,
  albedo: GPUTexture,
  targets: SurfaceTargets,
  options: SurfaceOptions = {},
  generated: GPUTexture | null = null,
  factor = 1,
): void {
  const { width, height } = albedo;
  checkTargets(targets, width, height);
  if (generated) checkGenerated(generated, width, height);
  const settings = enlargedSettings(surfaceSettings(options, generated !== null), factor);
  const run = new Run(device, pipelines, width, height);
  const uniforms = run.uniforms({
    ...settings,
    rareIsLow: Number(settings.lowParts === 'rare'),
    greenSign: (options.green ?? NORMAL_DEFAULTS.green) === 'opengl' ? 1 : -1,
    cavityStrength: settings.strength,
    isGenerated: Number(generated !== null),
  });
  const picture = (generated ?? albedo).createView({ mipLevelCount: 1 });
  const first = run.plane('luma', { 0: uniforms, 1: picture });
  const relief = generated ? first : guessedHeight(run, uniforms, first, settings);
  const around = run.blurred(uniforms, relief, settings.edgePx);
  run.texels('normal', targets.normal, { 0: uniforms, 2: relief });
  const horizon = run.filled(horizonOf(settings.radiusPx));
  run.texels('orm', targets.orm, { 0: uniforms, 1: picture, 2: relief, 3: around, 4: horizon });
  run.submit();
}

/** The height that is guessed from the luma of the picture: see `heightMap`. */
function guessedHeight(run: Run, uniforms: GPUBuffer, luma: GPUBuffer, settings: MaterialSettings): GPUBuffer {
  const smooth = run.blurred(uniforms, luma, settings.grainPx);
  const wide = run.blurred(uniforms, luma, settings.reliefPx);
  const statistics = run.sums('statistics', { 0: uniforms, 3: smooth, 4: wide });
  return run.plane('height', { 0: uniforms, 2: luma, 3: smooth, 4: wide, 5: statistics });
}

function checkGenerated(maps: GPUTexture, width: number, height: number): void {
  const factor = width / maps.width;
  if (Number.isInteger(factor) && factor * maps.height === height) return;
  throw new RangeError(
    `writeSurfaceTexels: the generated maps are ${maps.width}×${maps.height}; expected ${width}×${height} or a whole fraction of it`,
  );
}

function checkTargets(targets: SurfaceTargets, width: number, height: number): void {
  for (const [name, target] of Object.entries(targets)) {
    if (target.width === width && target.height === height) continue;
    throw new RangeError(
      `writeSurfaceTexels: the ${name} texture is ${target.width}×${target.height}; expected ${width}×${height}, as the albedo`,
    );
  }
}

/** The dx, dy, distance and direction of each texel in which the horizon is looked for. */
function horizonOf(radiusPx: number): Float32Array<ArrayBuffer> {
  const samples = horizonSamples(radiusPx).flatMap((ofDirection, direction) =>
    ofDirection.map(({ dx, dy, distancePx }) => [dx, dy, distancePx, direction]),
  );
  return Float32Array.from(samples.flat());
}

type Bindings = Record<number, GPUBuffer | GPUTextureView>;

/** Passes over one picture, with the buffers between them. */
class Run {
  private readonly encoder: GPUCommandEncoder;
  private readonly buffers: GPUBuffer[] = [];

  constructor(
    private readonly device: GPUDevice,
    private readonly pipelines: Pipelines<Pass>,
    private readonly width: number,
    private readonly height: number,
  ) {
    this.encoder = device.createCommandEncoder({ label: LABEL });
  }

  uniforms(values: Record<UniformName, number>): GPUBuffer {
    const content = new ArrayBuffer(Math.ceil((2 + UNIFORM_NAMES.length) / 4) * 16);
    new Int32Array(content).set([this.width, this.height]);
    new Float32Array(content).set(
      UNIFORM_NAMES.map((name) => values[name]),
      2,
    );
    return this.filled(new Float32Array(content), GPUBufferUsage.UNIFORM);
  }

  filled(values: Float32Array<ArrayBuffer>, usage: GPUBufferUsageFlags = GPUBufferUsage.STORAGE): GPUBuffer {
    const buffer = this.buffer(values.length, usage | GPUBufferUsage.COPY_DST);
    this.device.queue.writeBuffer(buffer, 0, values);
    return buffer;
  }

  blurred(uniforms: GPUBuffer, plane: GPUBuffer, sigmaPx: number): GPUBuffer {
    const weights = this.filled(gaussianWeights(sigmaPx));
    const alongRows = this.plane('blurRows', { 0: uniforms, 2: weights, 3: plane });
    return this.plane('blurColumns', { 0: uniforms, 2: weights, 3: alongRows });
  }

  /** A pass that writes a value for each texel. */
  plane(pass: Pass, bindings: Bindings): GPUBuffer {
    const written = this.buffer(this.width * this.height, GPUBufferUsage.STORAGE);
    this.dispatch(pass, { ...bindings, 7: written }, this.numWorkgroups());
    return written;
  }

  /** A pass of one workgroup that writes one value. */
  sums(pass: Pass, bindings: Bindings): GPUBuffer {
    const written = this.buffer(1, GPUBufferUsage.STORAGE);
    this.dispatch(pass, { ...bindings, 7: written }, [1, 1]);
    return written;
  }

  texels(pass: Pass, target: GPUTexture, bindings: Bindings): void {
    this.dispatch(pass, { ...bindings, 8: target.createView({ mipLevelCount: 1 }) }, this.numWorkgroups());
  }

  submit(): void {
    this.device.queue.submit([this.encoder.finish()]);
    for (const buffer of this.buffers) buffer.destroy(); // once the passes are done
  }

  private buffer(numValues: number, usage: GPUBufferUsageFlags): GPUBuffer {
    const size = numValues * Float32Array.BYTES_PER_ELEMENT;
    const buffer = this.device.createBuffer({ label: LABEL, size, usage });
    this.buffers.push(buffer);
    return buffer;
  }

  private numWorkgroups(): [number, number] {
    return [Math.ceil(this.width / WORKGROUP_SIDE), Math.ceil(this.height / WORKGROUP_SIDE)];
  }

  private dispatch(pass: Pass, bindings: Bindings, [across, down]: [number, number]): void {
    const pipeline = this.pipelines[pass];
    const entries = PASSES[pass].map((binding) => {
      const resource = bindings[binding]!;
      return { binding, resource: resource instanceof GPUBuffer ? { buffer: resource } : resource };
    });
    const bindGroup = this.device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
    const encoder = this.encoder.beginComputePass({ label: `${LABEL} ${pass}` });
    encoder.setPipeline(pipeline);
    encoder.setBindGroup(0, bindGroup);
    encoder.dispatchWorkgroups(across, down);
    encoder.end();
  }
}
