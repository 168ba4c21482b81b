import type { GeneratedTexture } from '../texture/generatedTexture.ts';

/** Has a texture forget that its bytes are in memory, as those that WebGPU paints never are: a lost device takes them along. */
export function asOnGpu(texture: GeneratedTexture): void {
  Object.assign(Reflect.get(texture, 'shown'), { isOnCpu: false });
}
