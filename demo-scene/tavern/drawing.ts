import type { AbstractEngine } from '@babylonjs/core/Engines/abstractEngine.js';
import type { Scene } from '@babylonjs/core/scene.js';
import { element } from '../shared/page.ts';
import { adaptResolution, COARSE_AT_FIRST, type Quality } from './quality.ts';

/** Where the CPU draws, it rests so long after a frame while the first face is painted. */
const REST_MS = 250;
/** Until all shaders are there nothing is drawn, for a frame would delay them; but no longer than this. */
const PATIENCE_MS = 1000;

/** Draws the scene over and over, with as many pixels as the window has and the quality allows. */
export class Drawing {
  private coarseness: number;
  private isFaceAwaited = true;
  private restsUntil = 0;

  constructor(
    private readonly engine: AbstractEngine,
    private readonly quality: Quality,
  ) {
    this.coarseness = quality.adapts ? COARSE_AT_FIRST : 1;
    this.resize();
    new ResizeObserver(() => this.resize()).observe(element('main'));
  }

  /** @param onWhole called when all of the scene has been drawn for the first time */
  begin(scene: Scene, onWhole: () => void): void {
    const begun = performance.now();
    let isWhole = false;
    this.engine.runRenderLoop(() => {
      if (performance.now() < this.restsUntil) return;
      const wasWhole = isWhole;
      isWhole ||= scene.isReady();
      if (!isWhole && performance.now() < begun + PATIENCE_MS) return;
      scene.render();
      if (isWhole && !wasWhole) onWhole();
      const isPainterFirst = this.quality.adapts && this.isFaceAwaited && isWhole;
      if (isPainterFirst) this.restsUntil = performance.now() + REST_MS;
    });
  }

  /** To be called when the first face is there, or nobody paints any: from now on the page is to move. */
  endRests(): void {
    if (!this.isFaceAwaited) return;
    this.isFaceAwaited = false;
    this.restsUntil = 0;
    if (!this.quality.adapts) return;
    adaptResolution(this.engine, (coarseness) => {
      this.coarseness = coarseness;
      this.resize();
    });
  }

  private resize(): void {
    this.engine.setHardwareScalingLevel(this.coarseness / Math.min(devicePixelRatio, this.quality.maxPixelRatio));
    this.engine.resize();
  }
}
