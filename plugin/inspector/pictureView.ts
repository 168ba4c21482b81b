import { createElement, useEffect, useRef } from 'react';
import type { PaintedPicture } from './paintable.ts';

const SHOWN_PX = 160;

/** A picture as it is, its pixels enlarged; read again whenever `version` is another object. */
export function PictureView({ read, version }: { read: () => Promise<PaintedPicture>; version: object }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    let isOver = false;
    read().then(
      (picture) => !isOver && canvas.current && draw(picture, canvas.current),
      () => {}, // it was disposed, or has no picture yet
    );
    return () => {
      isOver = true;
    };
  }, [read, version]);
  const style = { imageRendering: 'pixelated', height: SHOWN_PX, maxWidth: '100%', objectFit: 'contain' } as const;
  return createElement('canvas', { ref: canvas, style, role: 'img', 'aria-label': 'the picture' });
}

function draw({ pixels, widthPx, heightPx }: PaintedPicture, canvas: HTMLCanvasElement): void {
  [canvas.width, canvas.height] = [widthPx, heightPx];
  canvas.getContext('2d')!.putImageData(new ImageData(Uint8ClampedArray.from(pixels), widthPx, heightPx), 0, 0);
}
