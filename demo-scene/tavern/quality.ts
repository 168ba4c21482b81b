import type { AbstractEngine } from '@babylonjs/core/Engines/abstractEngine.js';

/** The effects that a frame is drawn with, from which its cost follows. */
export interface Quality {
  name: 'high' | 'low';
  shadows: boolean;
  glow: boolean;
  /** How many samples of a texture make it sharp where it is seen from the side. */
  anisotropy: number;
  /** How many point lights a surface takes into account. */
  numLights: number;
  /** The most device pixels for one pixel of the page, along each side. */
  maxPixelRatio: number;
  /** Whether fewer pixels are drawn where frames take too long. */
  adapts: boolean;
}

const HIGH: Quality = {
  name: 'high',
  shadows: true,
  glow: true,
  anisotropy: 8,
  numLights: 6,
  maxPixelRatio: 2,
  adapts: false,
};
const LOW: Quality = {
  name: 'low',
  shadows: false,
  glow: false,
  anisotropy: 1,
  numLights: 3,
  maxPixelRatio: 1,
  adapts: false,
};

/** What a visitor may ask for. */
export type QualityWish = 'auto' | Quality['name'];

/** What `?quality=high` or `?quality=low` in the address asks for, or else the visitor's choice. */
export function qualityWish(search: string, chosen: QualityWish): QualityWish {
  const asked = new URLSearchParams(search).get('quality') ?? chosen;
  return asked === 'high' || asked === 'low' ? asked : 'auto';
}

/** The quality that is wished for; `auto` is low where the CPU draws. */
export function chooseQuality(engine: AbstractEngine, search: string, chosen: QualityWish): Quality {
  const asked = qualityWish(search, chosen);
  if (asked === 'high') return HIGH;
  if (asked === 'low') return LOW;
  return drawsOnCpu(adapterOf(engine)) ? { ...LOW, adapts: true } : HIGH;
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

/**
 * Whether the CPU draws here, asked before there is an engine: smooth edges, which engines are made with or without, would
 * take it several times as long.
 */
export function isDrawnByCpu(): boolean {
  const context = document.createElement('canvas').getContext('webgl2');
  if (!context) return false;
  context.getExtension('WEBGL_debug_renderer_info'); // by which browsers tell the adapter's whole name
  const renderer = String(context.getParameter(UNMASKED_RENDERER));
  context.getExtension('WEBGL_lose_context')?.loseContext();
  return drawsOnCpu(renderer);
}

const UNMASKED_RENDERER = 0x9246; // WEBGL_debug_renderer_info

function drawsOnCpu(adapter: string): boolean {
  return /swiftshader|llvmpipe|software|basic render/i.test(adapter);
}

/** The fewest frames a second with which the page still moves, and so many more that sharper pictures are worth a try. */
const FEWEST_FPS = 15;
const PLENTY_FPS = 27;
/** The most pixels of the page that one drawn pixel covers, along each side. */
const COARSEST = 4;
/** Where it begins: while the first faces are painted, the painter needs the processor that draws. */
export const COARSE_AT_FIRST = 3;
/** A frame takes longer in proportion to the pixels; aiming a little higher saves a second attempt. */
const AIM_FPS = 18;
const FINER = 0.85;
/** How many fast moments it takes until what was too slow is tried again. */
const PATIENCE = 8;

/**
 * How coarse to draw so that the page moves: from how long frames took it follows how many pixels there may be. What was too
 * slow once is tried again after many fast moments alone, when whatever took the processor may have ended.
 */
export class Coarseness {
  /** How many pixels of the page one drawn pixel covers, along each side: 1 … 4. */
  value = COARSE_AT_FIRST;
  private tooFine = 0;
  private numFast = 0;

  /** Takes the frames a second of the last moments into account. @returns whether the value has changed */
  measure(fps: number): boolean {
    const before = this.value;
    if (fps < FEWEST_FPS) {
      this.tooFine = Math.max(this.tooFine, this.value);
      this.value = Math.min(COARSEST, this.value * Math.min(2, Math.sqrt(AIM_FPS / Math.max(1, fps))));
    } else if (fps > PLENTY_FPS) {
      const finer = Math.max(1, this.value * FINER);
      if (finer > this.tooFine || (finer === 1 && this.tooFine < 1)) this.value = finer;
      else if (++this.numFast % PATIENCE === 0) this.tooFine = 0;
    }
    return this.value !== before;
  }
}

const WINDOW_MS = 1500;

/** Draws fewer pixels for as long as frames take too long. @param resize applies the coarseness */
export function adaptResolution(engine: AbstractEngine, resize: (coarseness: number) => void): void {
  const coarseness = new Coarseness();
  let numFrames = 0;
  let since = performance.now();
  engine.onEndFrameObservable.add(() => {
    numFrames++;
    const lastedMs = performance.now() - since;
    if (lastedMs < WINDOW_MS) return;
    const wasSeen = document.visibilityState === 'visible' && lastedMs < 4 * WINDOW_MS;
    if (wasSeen && coarseness.measure((1000 * numFrames) / lastedMs)) resize(coarseness.value);
    [numFrames, since] = [0, performance.now()];
  });
}
