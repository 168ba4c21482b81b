// Class folders with what is hard to read alike in two languages.
import { writeFilesAtomic } from '../node/atomicWrite.ts';
import { encodePng } from '../node/png.ts';
import { trainerDataset } from './trainerProjects.ts';

/**
 * Opaque pictures beside one with alpha, hidden files, names out of order, and an accent that is stored apart from its letter; and a
 * table of what they show.
 */
export async function writeClassFolders(folder: string): Promise<void> {
  const size = 16 * 16 * 4;
  const paths = ['b/2.png', 'b/10.PNG', 'a/x.png', 'b/.hidden.png', 'b-c/y.png', 'cafe\u0301/z.png'];
  for (const [i, path] of paths.entries()) {
    const pixels = trainerDataset.images.slice(i * size, (i + 1) * size);
    const opaque = pixels.filter((_, j) => j % 4 < 3);
    const picture = i === 1 ? { channels: 4 as const, pixels } : { channels: 3 as const, pixels: opaque };
    await writeFilesAtomic(folder, { [path]: encodePng({ width: 16, height: 16, ...picture }) });
  }
  const table = 'label,file,tone\nb,10.PNG,blue\ncaf\u00e9,z.png,red\nb,2.png,\na,x.png,red\nb-c,y.png,blue\n';
  await writeFilesAtomic(folder, {
    'dataset.json': new TextEncoder().encode(JSON.stringify({ attributes: { tone: ['red', 'blue'] } })),
    'attributes.csv': new TextEncoder().encode(table),
  });
}
