import type { AbstractEngine } from '@babylonjs/core/Engines/abstractEngine.js';

/** How much a frame may cost. */
export interface Quality {
  name: 'high' | 'low';
  shadows: boolean;
  glow: boolean;
  /** Point lights that a surface takes into account. */
  numLights: number;
  /** Device pixels for a pixel of the page, at most. */
  maxPixelRatio: number;
}

const HIGH: Quality = { name: 'high', shadows: true, glow: true, numLights: 6, maxPixelRatio: 2 };
const LOW: Quality = { name: 'low', shadows: false, glow: false, numLights: 3, maxPixelRatio: 1 };

/** What a visitor may ask for. */
export type QualityWish = 'auto' | Quality['name'];

/** `?quality=high` or `?quality=low` in the address, else what was chosen before; otherwise low where the CPU draws. */
export function chooseQuality(engine: AbstractEngine, search: string, chosen: QualityWish): Quality {
  const asked = new URLSearchParams(search).get('quality') ?? chosen;
  if (asked === 'high') return HIGH;
  if (asked === 'low') return LOW;
  return drawsOnCpu(adapterOf(engine)) ? LOW : HIGH;
}

/** What draws, in the browser's words. */
export function adapterOf(engine: AbstractEngine): string {
  const { vendor, renderer } = (engine as AbstractEngine & EngineInfo).getInfo();
  const device = /^ANGLE \([^,]*, (?:Vulkan [\d.]+ \()?([^,(]+)/.exec(renderer)?.[1];
  if (device) return device.trim();
  return [vendor, renderer].filter((part) => part && !/^unknown/i.test(part)).join(' ') || 'unnamed adapter';
}

/** Both of Babylon's engines have it; their common type has not. */
interface EngineInfo {
  getInfo(): { vendor: string; renderer: string };
}

function drawsOnCpu(adapter: string): boolean {
  return /swiftshader|llvmpipe|software|basic render/i.test(adapter);
}
