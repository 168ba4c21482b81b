import type { AbstractEngine } from '@babylonjs/core/Engines/abstractEngine.js';

/** The effects that a frame is drawn with, from which its cost follows. */
export interface Quality {
  name: 'high' | 'low';
  shadows: boolean;
  glow: boolean;
  /** How many point lights a surface takes into account. */
  numLights: number;
  /** The most device pixels for one pixel of the page, along each side. */
  maxPixelRatio: number;
}

const HIGH: Quality = { name: 'high', shadows: true, glow: true, numLights: 6, maxPixelRatio: 2 };
const LOW: Quality = { name: 'low', shadows: false, glow: false, numLights: 3, maxPixelRatio: 1 };

/** What a visitor may ask for. */
export type QualityWish = 'auto' | Quality['name'];

/** Takes `?quality=high` or `?quality=low` from the address, or else the visitor's choice; `auto` is low where the CPU draws. */
export function chooseQuality(engine: AbstractEngine, search: string, chosen: QualityWish): Quality {
  const asked = new URLSearchParams(search).get('quality') ?? chosen;
  if (asked === 'high') return HIGH;
  if (asked === 'low') return LOW;
  return drawsOnCpu(adapterOf(engine)) ? LOW : HIGH;
}

/** The name of the graphics adapter, as the browser gives it. */
export function adapterOf(engine: AbstractEngine): string {
  const { vendor, renderer } = (engine as AbstractEngine & EngineInfo).getInfo();
  const device = /^ANGLE \([^,]*, (?:Vulkan [\d.]+ \()?([^,(]+)/.exec(renderer)?.[1];
  if (device) return device.trim();
  return [vendor, renderer].filter((part) => part && !/^unknown/i.test(part)).join(' ') || 'unnamed adapter';
}

/** A method that both of Babylon's engines have, but not their common type. */
interface EngineInfo {
  getInfo(): { vendor: string; renderer: string };
}

function drawsOnCpu(adapter: string): boolean {
  return /swiftshader|llvmpipe|software|basic render/i.test(adapter);
}
