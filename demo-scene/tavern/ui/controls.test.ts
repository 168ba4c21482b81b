import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { memoryStorage } from '../../testing/memoryStorage.ts';
import { recallSettings, rememberSettings } from './controls.ts';

const DEFAULTS = { areArriving: true, quality: 'auto', isListOpen: false, pipeline: 'ddpm' };

beforeEach(() => vi.stubGlobal('localStorage', memoryStorage()));
afterEach(() => vi.unstubAllGlobals());

describe('settings', () => {
  it('are remembered', () => {
    expect(recallSettings()).toEqual(DEFAULTS);
    const chosen = { areArriving: false, quality: 'low', isListOpen: true, pipeline: 'cvae' } as const;
    rememberSettings(chosen);
    expect(recallSettings()).toEqual(chosen);
  });

  it.each(['{', '7', 'null', '{"quality":"ultra","areArriving":"no","isListOpen":1,"pipeline":"gan"}'])(
    'are the usual ones where %s is stored',
    (stored) => {
      rememberSettings({ areArriving: false, quality: 'low', isListOpen: true, pipeline: 'cvae' });
      localStorage.setItem(localStorage.key(0)!, stored);
      expect(recallSettings()).toEqual(DEFAULTS);
    },
  );
});
