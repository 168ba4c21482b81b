import { PBRMaterial } from '@babylonjs/core/Materials/PBR/pbrMaterial.js';
import { ShaderLanguage } from '@babylonjs/core/Materials/shaderLanguage.js';
import { RawTexture } from '@babylonjs/core/Materials/Textures/rawTexture.js';
import { Logger } from '@babylonjs/core/Misc/logger.js';
import { pbrPixelShader } from '@babylonjs/core/Shaders/pbr.fragment.js';
import { bumpFragment } from '@babylonjs/core/Shaders/ShadersInclude/bumpFragment.js';
import { pbrPixelShaderWGSL } from '@babylonjs/core/ShadersWGSL/pbr.fragment.js';
import { bumpFragmentWGSL } from '@babylonjs/core/ShadersWGSL/ShadersInclude/bumpFragment.js';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createScene } from '../testing/tinyScene.ts';
import { HashTiling } from './hashTiling.ts';

// How it looks, and that it does not repeat, is tested in a browser: plugin/testing/surface.test.ts.
const scene = createScene();
let material: PBRMaterial;

beforeEach(() => {
  material = new PBRMaterial('floor', scene);
});

afterEach(() => material.dispose());

const texture = () => RawTexture.CreateRGBATexture(new Uint8Array(4), 1, 1, scene);
const surface = () => ({ albedo: texture(), normal: texture(), orm: texture() });

const SOURCES = {
  [ShaderLanguage.GLSL]: pbrPixelShader.shader + bumpFragment.shader,
  [ShaderLanguage.WGSL]: pbrPixelShaderWGSL.shader + bumpFragmentWGSL.shader,
};

describe('HashTiling', () => {
  it.each([ShaderLanguage.GLSL, ShaderLanguage.WGSL] as const)(
    "finds where Babylon's shader reads the maps (language %i)",
    (language) => {
      const code = new HashTiling(material, [surface()]).getCustomCode('fragment', language)!;
      const patterns = Object.keys(code).filter((point) => point.startsWith('!'));
      expect(patterns).toHaveLength(3);
      for (const point of patterns) {
        const found = [...SOURCES[language].matchAll(new RegExp(point.slice(1), 'g'))];
        expect(found.length, point).toBeGreaterThanOrEqual(1);
      }
    },
  );

  it('gives the shader its further textures, each under a name of its own', () => {
    const others = [surface(), surface()];
    const tiling = new HashTiling(material, others);
    const samplers: string[] = [];
    tiling.getSamplers(samplers);
    expect(samplers).toEqual([1, 2].flatMap((i) => [`figmentAlbedo${i}`, `figmentNormal${i}`, `figmentOrm${i}`]));
    const { CUSTOM_FRAGMENT_DEFINITIONS } = tiling.getCustomCode('fragment', ShaderLanguage.GLSL)!;
    for (const name of samplers) expect(CUSTOM_FRAGMENT_DEFINITIONS).toContain(`uniform sampler2D ${name};`);
    expect(
      others.flatMap(({ albedo, normal, orm }) => [albedo, normal, orm]).every((one) => tiling.hasTexture(one)),
    ).toBe(true);
    expect(tiling.hasTexture(texture())).toBe(false);
    expect(tiling.getCustomCode('vertex')).toBeNull();
  });

  it('turns parallax off, which would read the height of one surface alone', () => {
    material.useParallax = true;
    new HashTiling(material);
    expect(material.useParallax).toBe(false);
  });

  it('warns of pictures whose mean it cannot read, for want of mipmaps or of a sampling mode that reads them', () => {
    const warn = vi.spyOn(Logger, 'Warn').mockImplementation(() => {});
    const [crisp, small] = [texture(), RawTexture.CreateRGBATexture(new Uint8Array(4), 1, 1, scene, false)];
    material.albedoTexture = texture();
    new HashTiling(material, [surface()]);
    expect(warn).not.toHaveBeenCalled();
    crisp.updateSamplingMode(RawTexture.NEAREST_SAMPLINGMODE);
    for (const albedo of [crisp, small]) {
      albedo.name = albedo === crisp ? 'crisp' : 'small';
      const own = new PBRMaterial('floor', scene);
      own.albedoTexture = texture();
      new HashTiling(own, [{ ...surface(), albedo }]);
      expect(warn).toHaveBeenLastCalledWith(
        expect.stringContaining(`HashTiling: texture ${albedo.name} has no mipmaps`),
      );
      own.dispose();
    }
    warn.mockRestore();
  });

  it('refuses more surfaces than there are samplers for, and cells out of range', () => {
    expect(() => new HashTiling(material, [surface(), surface(), surface()])).toThrow(
      /variations is 4; expected 1 to 3 surfaces/,
    );
    expect(() => new HashTiling(material, [], { cellSize: 9 })).toThrow(/cellSize is 9; expected 0.1 to 8 tiles/);
  });
});
