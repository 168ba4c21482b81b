import type { Attack } from './attack.ts';
import { bakeFiles } from './attacks/bakeFiles.ts';
import { checkpoints, datasets } from './attacks/datasets.ts';
import { devices } from './attacks/devices.ts';
import { killedBakes, killedTrainings } from './attacks/kills.ts';
import { classifiers, models } from './attacks/models.ts';
import { pngs } from './attacks/pngs.ts';
import { imports, palettes, recipes } from './attacks/recipes.ts';
import { sceneFiles } from './attacks/sceneFiles.ts';
import { sites } from './attacks/sites.ts';
import { workers } from './attacks/workers.ts';

/** Attacks whose cases take milliseconds, in this process. */
export const QUICK_ATTACKS: readonly Attack[] = [
  models,
  classifiers,
  pngs,
  datasets,
  checkpoints,
  recipes,
  palettes,
  imports,
  bakeFiles,
  sceneFiles,
  sites,
  workers,
];

export const ALL_ATTACKS: readonly Attack[] = [...QUICK_ATTACKS, killedTrainings, killedBakes, devices];
