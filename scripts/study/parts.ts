import type { StudyPart } from './part.ts';
import { predictionPart, schedulePart } from './parts/comparedUNets.ts';
import { guidancePart } from './parts/guidance.ts';
import { klWeightPart } from './parts/klWeight.ts';
import { pipelinesPart } from './parts/pipelines.ts';
import { stepsPart } from './parts/steps.ts';
import { variancePart } from './parts/variance.ts';

/** All parts, in the order of the guide. */
export const PARTS: readonly StudyPart[] = [
  klWeightPart,
  pipelinesPart,
  schedulePart,
  predictionPart,
  variancePart,
  stepsPart,
  guidancePart,
];
