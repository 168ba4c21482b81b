import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createScene, loadTiny } from '../../../plugin/testing/tinyScene.ts';
import { memoryStorage } from '../../testing/memoryStorage.ts';
import { Keeping } from './keeping.ts';

const LABELS = ['elf', 'orc'];
const HASH = 'a'.repeat(64);
const ELF = { label: 'elf', seed: 7, guidanceScale: 2 };
const { info } = await loadTiny(createScene());
const open = (hash = HASH) => new Keeping({ ...info, hash, labels: LABELS, widthPx: 2, heightPx: 2 });
const IMAGE = Uint8Array.from({ length: 16 }, (_, i) => 16 * i);
const EDITED = { ...ELF, image: btoa('0123456789abcdef'), strength: 0.8, keepAlpha: true };

beforeEach(() => vi.stubGlobal('localStorage', memoryStorage()));
afterEach(() => vi.unstubAllGlobals());

describe('Keeping', () => {
  it('keeps what fixes a picture beyond a reload, until it is let go', () => {
    const interpolate = { seed: 4_294_967_295, amount: 0.35 };
    const recipe = { ...ELF, interpolate, sampler: 'dpm++', numInferenceSteps: 20 } as const;
    expect(open().keep({ place: 'frame 1', recipe })).toBe(true);
    expect(open().recipeAt('frame 1')).toEqual({ ...ELF, interpolate });
    expect(open().has({ place: 'frame 1', recipe })).toBe(true);
    expect(open().has({ place: 'frame 2', recipe })).toBe(false);
    expect(open().has({ place: 'frame 1', recipe: ELF }), 'somebody else in the same place').toBe(false);
    open().letGo({ place: 'frame 1' });
    expect(open().recipeAt('frame 1')).toBeNull();
  });

  it('keeps what a picture was edited from', () => {
    const edit = { image: IMAGE, mask: Uint8Array.of(0, 255, 0, 7), strength: 1, resamples: 4, keepAlpha: false };
    const recipe = { ...ELF, ...edit };
    open().keep({ place: 'frame 1', recipe });
    const kept = open().recipeAt('frame 1')!;
    expect(kept).toMatchObject({ ...ELF, strength: 1, resamples: 4, keepAlpha: false });
    expect(atob(kept.image as string)).toBe(String.fromCharCode(...IMAGE));
    expect(open().has({ place: 'frame 1', recipe })).toBe(true);
    expect(open().has({ place: 'frame 1', recipe: { ...recipe, image: IMAGE.toReversed() } })).toBe(false);
    localStorage.setItem(localStorage.key(0)!, JSON.stringify({ 'frame 1': EDITED }));
    expect(open().recipeAt('frame 1')).toEqual(EDITED);
  });

  it('keeps the pictures of each model apart', () => {
    open().keep({ place: 'frame 1', recipe: ELF });
    expect(open('b'.repeat(64)).has({ place: 'frame 1', recipe: ELF })).toBe(false);
  });

  it('leaves alone what another tab has kept meanwhile, or let go', () => {
    const [here, elsewhere] = [open(), open()];
    here.keep({ place: 'frame 1', recipe: ELF });
    elsewhere.keep({ place: 'frame 2', recipe: ELF });
    here.keep({ place: 'frame 3', recipe: ELF });
    const places = () => [1, 2, 3].filter((frame) => open().recipeAt(`frame ${frame}`) !== null);
    expect(places()).toEqual([1, 2, 3]);
    elsewhere.letGo({ place: 'frame 1' });
    here.letGo({ place: 'frame 3' });
    expect(places()).toEqual([2]);
  });

  it.each([
    ['{"frame 1":'],
    ['null'],
    ['"frame 1"'],
    [JSON.stringify({ 'frame 1': { ...ELF, label: 'dragon' } })],
    [JSON.stringify({ 'frame 1': { ...ELF, seed: -1 } })],
    [JSON.stringify({ 'frame 1': { ...ELF, guidanceScale: 1e9 } })],
    [JSON.stringify({ 'frame 1': { ...ELF, numInferenceSteps: 1000 } })],
    [JSON.stringify({ 'frame 1': { ...ELF, interpolate: { seed: 1, amount: 2 } } })],
    [JSON.stringify({ 'frame 1': { ...EDITED, image: 'abcd' } })],
    [JSON.stringify({ 'frame 1': { ...EDITED, image: `${EDITED.image.slice(0, -3)}===` } })],
    [JSON.stringify({ 'frame 1': { ...EDITED, mask: 7 } })],
    [JSON.stringify({ 'frame 1': { ...EDITED, strength: -1 } })],
    [JSON.stringify({ 'frame 1': { ...EDITED, resamples: 1000 } })],
    [JSON.stringify({ 'frame 1': { ...ELF, strength: 0.5 } })],
    [JSON.stringify({ 'frame 1': null })],
  ])('leaves out what is stored as %s', (stored) => {
    open().keep({ place: 'frame 1', recipe: ELF });
    localStorage.setItem(localStorage.key(0)!, stored);
    expect(open().recipeAt('frame 1')).toBeNull();
  });

  it('keeps for this visit where the browser stores nothing', () => {
    vi.stubGlobal('localStorage', undefined);
    const keeping = open();
    expect(keeping.keep({ place: 'frame 1', recipe: ELF })).toBe(false);
    expect(keeping.recipeAt('frame 1')).toEqual(ELF);
  });
});
