// The form of two training timesteps between which images are guided, as recipes and model_index.json give it.
import * as v from 'valibot';
import { MAX_TIMESTEPS } from './samplingBounds.ts';

export const INTERVAL_EXPECTED = 'expected two training timesteps, the smaller one first, such as [200, 999]';

const timestep = v.pipe(
  v.number(INTERVAL_EXPECTED),
  v.minValue(0, INTERVAL_EXPECTED),
  v.maxValue(MAX_TIMESTEPS - 1, INTERVAL_EXPECTED),
);

/** Two timesteps in any order, for no JSON schema can tell which is to be the smaller one: {@link isInterval} does. */
export const TIMESTEPS_SCHEMA = v.strictTuple([timestep, timestep], INTERVAL_EXPECTED);

/** Whether two timesteps have something between them; NaN has nothing on either side. */
export function isInterval([tMin, tMax]: readonly [number, number]): boolean {
  return tMin <= tMax;
}
