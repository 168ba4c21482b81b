import { type Dataset, DatasetError, messageOf, openDataset } from '../../runtime/index.ts';
import { Newest } from '../shared/newest.ts';
import { builtInDataset } from './builtInDataset.ts';
import { folderSource, pngDecoder } from './folderSource.ts';
import type { FromTraining, ToTraining } from './protocol.ts';
import type { TrainingSession } from './session.ts';
import { MAX_PICTURE_SIDE_PX } from './smallTraining.ts';

type Folder = ToTraining & { type: 'openFolder' };

/** Gives the session the data set that was chosen last: a folder that is read slowly does not take the place of a newer choice. */
export class DataChoice {
  private readonly choices = new Newest();

  constructor(
    private readonly session: Pick<TrainingSession, 'useDataset'>,
    private readonly send: (message: FromTraining) => void,
    private readonly read: (folder: Folder) => Promise<Dataset> = readFolder,
  ) {}

  useBuiltIn(): void {
    this.choices.ask();
    this.session.useDataset(builtInDataset(), true);
  }

  async openFolder(folder: Folder): Promise<void> {
    const isNewest = this.choices.ask();
    try {
      const dataset = await this.read(folder);
      if (isNewest()) this.session.useDataset(dataset, false);
    } catch (error) {
      const problems = error instanceof DatasetError ? [...error.problems] : [messageOf(error)];
      if (isNewest()) this.send({ type: 'problems', name: folder.name, problems });
    }
  }
}

/** Longest side of a sheet, which holds many pictures. */
const MAX_SHEET_SIDE_PX = 8192;

function readFolder({ name, files }: Folder): Promise<Dataset> {
  const hasSheets = files.some(({ path }) => path === 'dataset.json');
  const decode = pngDecoder(hasSheets ? MAX_SHEET_SIDE_PX : MAX_PICTURE_SIDE_PX);
  return openDataset(folderSource(name, files), decode);
}
