import type { AbstractEngine } from '@babylonjs/core/Engines/abstractEngine.js';
import type { MaterialDefines } from '@babylonjs/core/Materials/materialDefines.js';
import { MaterialPluginBase } from '@babylonjs/core/Materials/materialPluginBase.js';
import type { PBRMaterial } from '@babylonjs/core/Materials/PBR/pbrMaterial.js';
import { ShaderLanguage } from '@babylonjs/core/Materials/shaderLanguage.js';
import type { BaseTexture } from '@babylonjs/core/Materials/Textures/baseTexture.js';
import type { UniformBuffer } from '@babylonjs/core/Materials/uniformBuffer.js';
import type { Scene } from '@babylonjs/core/scene.js';
import { quote } from '../../runtime/index.ts';
import { WITHOUT_MIPMAPS } from '../texture/texelTexture.ts';
import { warnOnce } from '../warnOnce.ts';
import { hashTilingCode, samplerName, TILED_MAPS } from './hashTilingShader.ts';

/** The textures of another surface, with the same size and look as the material's own. */
export interface TiledSurface {
  albedo: BaseTexture;
  normal: BaseTexture;
  orm: BaseTexture;
}

export interface HashTilingOptions {
  /** The length of a triangle's side in tiles, 0.1 … 8: small triangles mix more often, large ones leave more intact. */
  cellSize: number;
}

export const HASH_TILING_DEFAULTS: Readonly<HashTilingOptions> = { cellSize: 0.6 };

const NAME = 'FigmentHashTiling';
const DEFINE = 'FIGMENT_TILING_SURFACES';
const PRIORITY = 200;
const MAX_SURFACES = 3;

/**
 * Lets a PBRMaterial's maps never repeat: the floor is cut into triangles, each of whose corners shows one of several
 * surfaces at a random place; between the corners they are blended. It suits surfaces without a grid, such as stone, grass and
 * wood grain, but not bricks. Parallax is turned off, because it would read the height without the blend.
 *
 *   new HashTiling(stone, [{ albedo, normal, orm }], { cellSize: 1 });
 *
 * Textures need mipmaps, from which the mean of a map is read, and a sampling mode that reads them. With WebGL 1, which has no integers in shaders, one surface
 * repeats. Source: see hashTilingShader.ts.
 */
export class HashTiling extends MaterialPluginBase {
  readonly cellSize: number;

  /**
   * @param others further surfaces, 0 to 2; the caller disposes them
   * @throws RangeError for more, or a size out of range
   */
  constructor(
    material: PBRMaterial,
    private readonly others: readonly TiledSurface[] = [],
    options: Partial<HashTilingOptions> = {},
  ) {
    checkHashTiling({ ...options, variations: others.length + 1 });
    super(material, NAME, PRIORITY, { [DEFINE]: 0 }, true, false);
    this.cellSize = options.cellSize ?? HASH_TILING_DEFAULTS.cellSize;
    this.doNotSerialize = true;
    material.useParallax = false;
    const engine = material.getScene().getEngine();
    this._enable(engine.isWebGPU || engine.version > 1);
    warnOfMipmaps(material, others);
  }

  override getClassName(): string {
    return 'HashTiling';
  }

  override isCompatible(language: ShaderLanguage): boolean {
    return language === ShaderLanguage.GLSL || language === ShaderLanguage.WGSL;
  }

  override prepareDefines(defines: MaterialDefines): void {
    defines[DEFINE] = this.numSurfaces;
  }

  override isReadyForSubMesh(): boolean {
    return this.textures().every(([, texture]) => texture.isReadyOrNotBlocking());
  }

  override getSamplers(samplers: string[]): void {
    samplers.push(...this.textures().map(([name]) => name));
  }

  override getUniforms(language?: ShaderLanguage) {
    const isGlsl = language !== ShaderLanguage.WGSL;
    return {
      ubo: [{ name: 'figmentCellSize', size: 1, type: 'float' }],
      fragment: isGlsl ? 'uniform float figmentCellSize;' : 'uniform figmentCellSize: f32;',
    };
  }

  override bindForSubMesh(uniforms: UniformBuffer, _scene: Scene, _engine: AbstractEngine): void {
    uniforms.updateFloat('figmentCellSize', this.cellSize);
    for (const [name, texture] of this.textures()) uniforms.setTexture(name, texture);
  }

  override getActiveTextures(textures: BaseTexture[]): void {
    textures.push(...this.textures().map(([, texture]) => texture));
  }

  override hasTexture(texture: BaseTexture): boolean {
    return this.textures().some(([, own]) => own === texture);
  }

  override getCustomCode(shaderType: string, language?: ShaderLanguage): Record<string, string> | null {
    if (shaderType !== 'fragment') return null;
    return hashTilingCode(this.numSurfaces, language === ShaderLanguage.WGSL ? 'wgsl' : 'glsl');
  }

  /** Babylon calls this before the constructor has ended. */
  private get numSurfaces(): number {
    return (this.others?.length ?? 0) + 1;
  }

  /** The further textures, by the names of their samplers. */
  private textures(): [name: string, texture: BaseTexture][] {
    return (this.others ?? []).flatMap(({ albedo, normal, orm }, i) =>
      [albedo, normal, orm].map((texture, map): [string, BaseTexture] => [
        samplerName(TILED_MAPS[map]!, i + 1),
        texture,
      ]),
    );
  }
}

/** Warns of pictures whose mean cannot be read. */
function warnOfMipmaps({ name, albedoTexture }: PBRMaterial, others: readonly TiledSurface[]): void {
  const albedos = [albedoTexture, ...others.map(({ albedo }) => albedo)];
  const lacking = albedos.find((texture) => texture?.noMipmap || WITHOUT_MIPMAPS.includes(texture?.samplingMode ?? -1));
  if (!lacking) return;
  const problem = `texture ${lacking.name} has no mipmaps, or a sampling mode that reads none`;
  const remedy = 'take mipmaps, with Texture.TRILINEAR_SAMPLINGMODE or, for pixel art, NEAREST_LINEAR_MIPLINEAR';
  warnOnce(`HashTiling: ${problem}, so that ${name} loses contrast; ${remedy}`);
}

/** @throws RangeError when there are more surfaces than samplers for them, or the size is out of range */
export function checkHashTiling({
  variations = 1,
  cellSize,
}: { variations?: number } & Partial<HashTilingOptions>): void {
  if (!Number.isInteger(variations) || variations < 1 || variations > MAX_SURFACES) {
    throw new RangeError(`HashTiling: variations is ${quote(variations)}; expected 1 to ${MAX_SURFACES} surfaces`);
  }
  if (cellSize === undefined || (cellSize >= 0.1 && cellSize <= 8)) return;
  throw new RangeError(`HashTiling: cellSize is ${quote(cellSize)}; expected 0.1 to 8 tiles`);
}
