import type { ModelInfo } from '../../plugin/index.ts';
import { rangesOf, type Settings } from './settings.ts';

/** One picture of a strip: the settings with some of them changed. */
export interface Variant {
  caption: string;
  changes: Partial<Settings>;
}

export interface StripPlan {
  title: string;
  /** Always as many for one model. */
  variantsOf(settings: Settings, info: ModelInfo): Variant[];
}

const SCALES = [0, 1, 1.5, 2, 3, 5, 8];
const HATS = [-20, -10, 0, 10, 20, 40];
const STEPS = [2, 4, 8, 16, 32];
const NUM_SEEDS = 8;

/** The strips, in the order in which they are painted. */
export const STRIP_PLANS: readonly StripPlan[] = [
  {
    title: 'Guidance scale',
    variantsOf: () => SCALES.map((guidanceScale) => ({ caption: String(guidanceScale), changes: { guidanceScale } })),
  },
  {
    title: 'No hat ← 0 → hat, by a classifier',
    variantsOf: () => HATS.map((hat) => ({ caption: String(hat).replace('-', '−'), changes: { hat } })),
  },
  {
    title: 'Steps',
    variantsOf: (_, info) =>
      STEPS.filter((steps) => steps <= rangesOf(info).numInferenceSteps.max).map((numInferenceSteps) => ({
        caption: String(numInferenceSteps),
        changes: { numInferenceSteps },
      })),
  },
  {
    title: 'Seeds',
    variantsOf: ({ seed }) => seedsAround(seed).map((other) => ({ caption: String(other), changes: { seed: other } })),
  },
];

/** The eight that begin at a multiple of eight: to choose one of them changes none. */
function seedsAround(seed: number): number[] {
  const first = seed - (seed % NUM_SEEDS);
  return Array.from({ length: NUM_SEEDS }, (_, i) => first + i);
}
