import type { AbstractEngine } from '@babylonjs/core/Engines/abstractEngine.js';

/** Fetches the shaders of the room's materials while the room is built; Babylon asks for them as late as it first draws. */
export function fetchShaders({ isWebGPU }: AbstractEngine): void {
  const shaders: Promise<unknown>[] = isWebGPU
    ? [
        import('@babylonjs/core/ShadersWGSL/pbr.vertex.js'),
        import('@babylonjs/core/ShadersWGSL/pbr.fragment.js'),
        import('@babylonjs/core/ShadersWGSL/default.vertex.js'),
        import('@babylonjs/core/ShadersWGSL/default.fragment.js'),
      ]
    : [
        import('@babylonjs/core/Shaders/pbr.vertex.js'),
        import('@babylonjs/core/Shaders/pbr.fragment.js'),
        import('@babylonjs/core/Shaders/default.vertex.js'),
        import('@babylonjs/core/Shaders/default.fragment.js'),
      ];
  for (const shader of shaders) shader.catch(() => {}); // Babylon asks again, and tells
}
