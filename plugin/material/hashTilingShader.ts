// The fragment shader code of hash tiling, in both languages.

export type ShaderDialect = 'glsl' | 'wgsl';

/** The maps of a surface, with Babylon's sampler for that of the first surface, and Babylon's define for it. */
export const TILED_MAPS = [
  { name: 'Albedo', sampler: 'albedoSampler', define: 'ALBEDO' },
  { name: 'Normal', sampler: 'bumpSampler', define: 'BUMP' },
  { name: 'Orm', sampler: 'reflectivitySampler', define: 'REFLECTIVITY' },
] as const;

type TiledMap = (typeof TILED_MAPS)[number];

/** The shader's name for a map of the n-th further surface, from 1. */
export const samplerName = ({ name }: TiledMap, surface: number) => `figment${name}${surface}`;

/** The samplers of a map, one for each surface. */
function samplersOf(map: TiledMap, numSurfaces: number): string[] {
  return Array.from({ length: numSurfaces }, (_, i) => (i === 0 ? map.sampler : samplerName(map, i)));
}

/**
 * Custom code for Babylon's material plugins: where the shader would read a map, it reads a blend of three places, each from
 * a surface of its own.
 */
export function hashTilingCode(numSurfaces: number, dialect: ShaderDialect): Record<string, string> {
  const definitions = dialect === 'glsl' ? GLSL_CORNERS : WGSL_CORNERS;
  const mapCode = dialect === 'glsl' ? glslMap : wgslMap;
  const maps = TILED_MAPS.map((map) => `#ifdef ${map.define}\n${mapCode(map, numSurfaces)}\n#endif`);
  const calls = TILED_MAPS.map(({ name, sampler }) => [callPattern(sampler, dialect), `figment${name}($1)$2`]);
  return {
    CUSTOM_FRAGMENT_DEFINITIONS: [definitions, ...maps].join('\n').replaceAll('NUM_SURFACES', `${numSurfaces}u`),
    ...Object.fromEntries(calls),
  };
}

/** A regular expression, in the form for plugins, that finds Babylon's code which reads a map. */
function callPattern(sampler: string, dialect: ShaderDialect): string {
  const read =
    dialect === 'glsl' ? `(?:TEXRD|texture2D)\\(${sampler}` : `(?:TEXRD|textureSample)\\(${sampler},${sampler}Sampler`;
  return `!${read},([\\w.]+UV\\d?\\+uvOffset)\\)(;?)`; // Babylon drops lines that hold only a semicolon
}

/**
 * Finds the three corners of the triangle around a place, a random shift and surface for each, and their weights, which are
 * cubed so that the blend is short.
 *
 * Source: Heitz & Neyret 2018, "High-performance by-example noise using a histogram-preserving blending operator", HPG,
 * listing 1; the powers of the weights: Burley 2019, "On histogram-preserving blending for randomized texture tiling",
 * JCGT 8(4); the hash, pcg3d: Jarzynski & Olano 2020, "Hash functions for GPU rendering", JCGT 9(3).
 */
const GLSL_CORNERS = `
  struct FigmentCorners { vec2 places[3]; uint surfaces[3]; vec3 weights; };

  uvec3 figmentHash(ivec2 corner) {
    uvec3 v = uvec3(uvec2(corner), 17u) * 1664525u + 1013904223u;
    v.x += v.y * v.z; v.y += v.z * v.x; v.z += v.x * v.y;
    v ^= v >> 16u;
    v.x += v.y * v.z; v.y += v.z * v.x; v.z += v.x * v.y;
    return v;
  }

  FigmentCorners figmentCornersOf(vec2 uv) {
    vec2 skewed = mat2(1.0, 0.0, -0.57735027, 1.15470054) * (uv / figmentCellSize);
    ivec2 base = ivec2(floor(skewed));
    vec3 inside = vec3(fract(skewed), 0.0);
    inside.z = 1.0 - inside.x - inside.y;
    bool isLower = inside.z > 0.0;
    vec3 weights = isLower ? inside.zyx : vec3(-inside.z, 1.0 - inside.y, 1.0 - inside.x);
    ivec2 corners[3];
    corners[0] = base + (isLower ? ivec2(0, 0) : ivec2(1, 1));
    corners[1] = base + (isLower ? ivec2(0, 1) : ivec2(1, 0));
    corners[2] = base + (isLower ? ivec2(1, 0) : ivec2(0, 1));
    FigmentCorners result;
    for (int i = 0; i < 3; i++) {
      uvec3 hash = figmentHash(corners[i]);
      result.places[i] = uv + vec2(hash.xy >> 8u) / 16777216.0;
      result.surfaces[i] = (hash.z >> 8u) % NUM_SURFACES;
    }
    weights = weights * weights * weights;
    result.weights = weights / (weights.x + weights.y + weights.z);
    return result;
  }`;

/**
 * Blends a map at a place. Differences from the mean are enlarged, so that the blend has as much contrast as its parts.
 *
 * Source: Heitz & Neyret 2018, eq. (2), the variance-preserving blend; a map's mean is its smallest mip level.
 */
function glslMap(map: TiledMap, numSurfaces: number): string {
  const samplers = samplersOf(map, numSurfaces);
  const reads = samplers.map((sampler, i) => {
    const block = `value = textureGrad(${sampler}, place, across, along); own = textureLod(${sampler}, place, 16.0);`;
    return `${i === 0 ? '' : 'else '}if (surface == ${i}u) { ${block} }`;
  });
  return `
  ${samplers
    .slice(1)
    .map((sampler) => `uniform sampler2D ${sampler};`)
    .join('\n')}
  vec4 figment${map.name}(vec2 uv) {
    vec2 across = dFdx(uv);
    vec2 along = dFdy(uv);
    FigmentCorners corners = figmentCornersOf(uv);
    vec4 mean = vec4(0.0);
    vec4 difference = vec4(0.0);
    for (int i = 0; i < 3; i++) {
      uint surface = corners.surfaces[i];
      vec2 place = corners.places[i];
      vec4 value = vec4(0.0);
      vec4 own = vec4(0.0);
      ${reads.join('\n      ')}
      mean += corners.weights[i] * own;
      difference += corners.weights[i] * (value - own);
    }
    return clamp(mean + difference / length(corners.weights), 0.0, 1.0);
  }`;
}

/** The same as in GLSL. */
const WGSL_CORNERS = `
  struct FigmentCorners { places: array<vec2f, 3>, surfaces: array<u32, 3>, weights: vec3f }

  fn figmentHash(corner: vec2i) -> vec3u {
    var v = vec3u(bitcast<vec2u>(corner), 17u) * 1664525u + 1013904223u;
    v.x += v.y * v.z; v.y += v.z * v.x; v.z += v.x * v.y;
    v ^= v >> vec3u(16u);
    v.x += v.y * v.z; v.y += v.z * v.x; v.z += v.x * v.y;
    return v;
  }

  fn figmentCornersOf(uv: vec2f) -> FigmentCorners {
    let skewed = mat2x2f(1.0, 0.0, -0.57735027, 1.15470054) * (uv / uniforms.figmentCellSize);
    let base = vec2i(floor(skewed));
    let part = fract(skewed);
    let inside = vec3f(part, 1.0 - part.x - part.y);
    let isLower = inside.z > 0.0;
    var weights = select(vec3f(-inside.z, 1.0 - inside.y, 1.0 - inside.x), inside.zyx, isLower);
    var corners = array<vec2i, 3>(
      base + select(vec2i(1, 1), vec2i(0, 0), isLower),
      base + select(vec2i(1, 0), vec2i(0, 1), isLower),
      base + select(vec2i(0, 1), vec2i(1, 0), isLower),
    );
    var result: FigmentCorners;
    for (var i = 0; i < 3; i++) {
      let hash = figmentHash(corners[i]);
      result.places[i] = uv + vec2f(hash.xy >> vec2u(8u)) / 16777216.0;
      result.surfaces[i] = (hash.z >> 8u) % NUM_SURFACES;
    }
    weights = weights * weights * weights;
    result.weights = weights / (weights.x + weights.y + weights.z);
    return result;
  }`;

function wgslMap(map: TiledMap, numSurfaces: number): string {
  const samplers = samplersOf(map, numSurfaces);
  const reads = samplers.map((sampler, i) => {
    const texture = `${sampler}, ${sampler}Sampler, place`;
    const block = `value = textureSampleGrad(${texture}, across, along); own = textureSampleLevel(${texture}, 16.0);`;
    return `${i === 0 ? '' : 'else '}if (surface == ${i}u) { ${block} }`;
  });
  const declarations = samplers
    .slice(1)
    .map((sampler) => `var ${sampler}Sampler: sampler;\nvar ${sampler}: texture_2d<f32>;`);
  return `
${declarations.join('\n')}
  fn figment${map.name}(uv: vec2f) -> vec4f {
    let across = dpdx(uv);
    let along = dpdy(uv);
    var corners = figmentCornersOf(uv);
    var mean = vec4f(0.0);
    var difference = vec4f(0.0);
    for (var i = 0; i < 3; i++) {
      let surface = corners.surfaces[i];
      let place = corners.places[i];
      var value = vec4f(0.0);
      var own = vec4f(0.0);
      ${reads.join('\n      ')}
      mean += corners.weights[i] * own;
      difference += corners.weights[i] * (value - own);
    }
    return clamp(mean + difference / length(corners.weights), vec4f(0.0), vec4f(1.0));
  }`;
}
