import { PIPELINE_NAMES, type PipelineName } from '../../../plugin/index.ts';
import type { QualityWish } from '../quality.ts';
import { recall, remember } from './memory.ts';

/** What a visitor has chosen. */
export interface Settings {
  areArriving: boolean;
  quality: QualityWish;
  isListOpen: boolean;
  /** What paints the portraits, where their model has a choice. */
  pipeline: PipelineName;
}

const DEFAULTS: Settings = { areArriving: true, quality: 'auto', isListOpen: false, pipeline: 'cvae+ddpm' };
const NAME = 'settings';

/** The settings of the last visit; what is stored is not trusted. */
export function recallSettings(): Settings {
  const stored = recall(NAME) as Partial<Settings> | undefined;
  const { areArriving, quality, isListOpen, pipeline } = { ...DEFAULTS, ...stored };
  return {
    areArriving: areArriving !== false,
    quality: quality === 'high' || quality === 'low' ? quality : 'auto',
    isListOpen: isListOpen === true,
    pipeline: PIPELINE_NAMES.includes(pipeline) ? pipeline : DEFAULTS.pipeline,
  };
}

export function rememberSettings(settings: Settings): void {
  remember(NAME, settings);
}
