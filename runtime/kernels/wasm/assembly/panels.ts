// Panels, as the products of conv2d.ts read matrices: 16 channels of one row after the other, then the next 16.
import { loadLanes } from './math';

/** Channels of a panel; the last one has 8 where no more are left. */
export const PANEL: i32 = 16;

/** How wide the panel is that begins at channel `first` of so many. */
@inline
export function panelWidth(first: i32, channels: i32): i32 {
  return channels - first > 8 ? PANEL : 8;
}

/** Where channel `c` of row `r` stands in panels of so many rows and channels, in bytes. */
@inline
export function placeInPanels(r: i32, c: i32, rows: i32, channels: i32): usize {
  const first = c & ~(PANEL - 1);
  return <usize>(first * rows + r * panelWidth(first, channels) + c - first) << 2;
}

/** Rows of so many channels, `step` bytes apart, into panels of 16 channels, each of all rows; the last one is filled with 0. */
export function packRows(x: usize, panels: usize, rows: i32, channels: i32, step: usize): void {
  let o = panels;
  for (let first = 0; first < channels; first += PANEL) {
    const width = panelWidth(first, channels);
    let p = x + (<usize>first << 2);
    for (let r = 0; r < rows; r++) {
      for (let j = 0; j < width; j += 4) {
        v128.store(o, loadLanes(p + (<usize>j << 2), channels - first - j));
        o += 16;
      }
      p += step;
    }
  }
}

/** The transpose of such rows into panels of 16 rows, each of all channels; the last one is filled with 0. */
export function packColumns(x: usize, panels: usize, rows: i32, channels: i32, step: usize): void {
  let o = panels;
  for (let first = 0; first < rows; first += PANEL) {
    const width = panelWidth(first, rows);
    for (let c = 0; c < channels; c++) {
      const p = x + <usize>first * step + (<usize>c << 2);
      for (let j = 0; j < width; j++) {
        store<f32>(o, first + j < rows ? load<f32>(p + <usize>j * step) : 0);
        o += 4;
      }
    }
  }
}

/** A filter (taps, cin, cout) into panels of 16 output channels, (cout/16, taps * cin, 16). */
export function packFilter(filter: usize, out: usize, taps: i32, cin: i32, cout: i32): void {
  packRows(filter, out, taps * cin, cout, <usize>cout << 2);
}

/** The panels for the gradient by the input: taps reversed, input and output channels exchanged. */
export function packFilterTransposed(filter: usize, out: usize, taps: i32, cin: i32, cout: i32): void {
  let o = out;
  for (let c0 = 0; c0 < cin; c0 += PANEL) {
    const width = panelWidth(c0, cin);
    for (let t = taps - 1; t >= 0; t--) {
      for (let k = 0; k < cout; k++) {
        for (let j = 0; j < width; j++) {
          const ci = c0 + j;
          store<f32>(o, ci < cin ? load<f32>(filter + (<usize>((t * cin + ci) * cout + k) << 2)) : 0);
          o += 4;
        }
      }
    }
  }
}

/** Channels-last rows (pixels, c) into panels of 4 channels: (ceil(c / 4), pixels, 4), filled up with 0. */
export function packPixels(x: usize, out: usize, pixels: i32, c: i32): void {
  let o = out;
  for (let c0 = 0; c0 < c; c0 += 4) {
    let p = x + (<usize>c0 << 2);
    for (let i = 0; i < pixels; i++) {
      v128.store(o, loadLanes(p, c - c0));
      p += <usize>c << 2;
      o += 16;
    }
  }
}
