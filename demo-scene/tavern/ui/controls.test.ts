import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { memoryStorage } from '../../testing/memoryStorage.ts';
import { addressFor, recallSettings, rememberSettings } from './controls.ts';

const DEFAULTS = { areArriving: true, quality: 'auto', isListOpen: false, pipeline: 'ddpm' };

beforeEach(() => vi.stubGlobal('localStorage', memoryStorage()));
afterEach(() => vi.unstubAllGlobals());

describe('settings', () => {
  it('are remembered', () => {
    expect(recallSettings()).toEqual(DEFAULTS);
    const chosen = { areArriving: false, quality: 'low', isListOpen: true, pipeline: 'cvae' } as const;
    expect(rememberSettings(chosen)).toBe(true);
    expect(recallSettings()).toEqual(chosen);
  });

  it('are not remembered where the browser stores nothing', () => {
    const setItem = () => {
      throw new DOMException('site data is blocked', 'SecurityError');
    };
    vi.stubGlobal('localStorage', { ...memoryStorage(), setItem });
    expect(rememberSettings({ ...recallSettings(), quality: 'low' })).toBe(false);
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

it('a quality is in the address where the browser does not remember it, and nowhere else', () => {
  const address = 'http://localhost/?quality=high&arrivals=off#room';
  expect(addressFor(address, 'low', false).href).toBe('http://localhost/?quality=low&arrivals=off#room');
  expect(addressFor(address, 'low', true).href).toBe('http://localhost/?arrivals=off#room');
});
