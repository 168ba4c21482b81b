import { setImmediate as pause } from 'node:timers/promises';
import {
  type Dataset,
  type FitPaletteOptions,
  fitPalettePrior,
  formatPalette,
  loadModelFolder,
} from '../../runtime/index.ts';
import { diskSource } from '../node/diskSource.ts';
import { withProgress } from '../node/terminal.ts';
import { rangeAsUsageError } from '../node/usageError.ts';
import { readKnownData } from './dataOfModel.ts';
import { writeModelEntry } from './modelEntry.ts';
import type { DataOfModelCommandOptions } from './optionParsers.ts';

export interface PaletteCommandOptions extends DataOfModelCommandOptions {
  deviation: number;
  sure: number;
}

/** The work of `figment palette`. */
export async function givePalette(folder: string, command: PaletteCommandOptions): Promise<void> {
  const files = await loadModelFolder(diskSource(folder), { acceptChanged: true });
  if (command.data === undefined) {
    await writeModelEntry(folder, 'palette');
    return console.log(`palette: ${folder} has none now`);
  }
  const choice = { ...command, data: command.data, seed: command.splitSeed };
  const { dataset, split } = await readKnownData('palette', files, choice);
  const palette = await fitted(dataset, split.train, { deviation: command.deviation, sure: command.sure });
  await writeModelEntry(folder, 'palette', formatPalette(palette));
  console.log(`palette: ${palette.colours.length / 3} colours of ${split.train.length} images, written to ${folder}`);
}

function fitted(dataset: Dataset, indices: Int32Array, options: Partial<FitPaletteOptions>) {
  const fit = (onShare: (share: number) => void) => {
    const onProgress = async (share: number) => {
      onShare(share);
      await pause(); // for Ctrl-C
    };
    return fitPalettePrior(dataset, indices, { ...options, onProgress });
  };
  return rangeAsUsageError(() => withProgress('palette', fit), 'palette');
}
