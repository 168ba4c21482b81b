import { FAMILIES, type Family } from '../../plugin/index.ts';
import type { QualityWish } from '../quality.ts';
import { recall, remember } from './memory.ts';

/** What a visitor has chosen. */
export interface Settings {
  areArriving: boolean;
  quality: QualityWish;
  isListOpen: boolean;
  /** What paints the portraits, where their model has a choice. */
  family: Family;
}

const DEFAULTS: Settings = { areArriving: true, quality: 'auto', isListOpen: false, family: 'vae+ddpm' };
const NAME = 'settings';

/** The settings of the last visit; what is stored is not trusted. */
export function recallSettings(): Settings {
  const stored = recall(NAME) as Partial<Settings> | undefined;
  const { areArriving, quality, isListOpen, family } = { ...DEFAULTS, ...stored };
  return {
    areArriving: areArriving !== false,
    quality: quality === 'high' || quality === 'low' ? quality : 'auto',
    isListOpen: isListOpen === true,
    family: FAMILIES.includes(family) ? family : DEFAULTS.family,
  };
}

export function rememberSettings(settings: Settings): void {
  remember(NAME, settings);
}
