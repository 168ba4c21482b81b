import type { Metafile } from 'esbuild';
import { expect, it } from 'vitest';
import { demoMetafile, demoSite } from '../testing/demoSite.ts';
import { loadedAtOnce } from './demoSite.ts';
import { TRAINING_CODE } from './pageSizes.ts';

/** Sources of which something is in a script, or in what it imports at once. */
function sourcesLoadedAtOnce(metafile: Metafile, script: string): string[] {
  const inputs = loadedAtOnce(metafile, script).flatMap((file) => Object.entries(metafile.outputs[file]!.inputs));
  return [...new Set(inputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([file]) => file))];
}

it('loads nothing of the training with the tavern, and all of it with the training worker', async () => {
  const metafile = await demoMetafile();
  const tavern = sourcesLoadedAtOnce(metafile, 'main.js');
  expect(tavern).toContain('demo-scene/tavern/ui/controls.ts');
  expect(tavern.filter((file) => TRAINING_CODE.test(file) || /demo-scene\/training\/|uplot|fflate/.test(file))).toEqual(
    [],
  );
  const worker = sourcesLoadedAtOnce(metafile, 'trainingWorker.js');
  expect(worker).toEqual(
    expect.arrayContaining(['runtime/training/trainer.ts', 'demo-scene/training-corner/session.ts']),
  );
  expect(worker.filter((file) => file.includes('@babylonjs'))).toEqual([]);
});

it('has the guide beside the tavern, with its own letters and pictures', async () => {
  const { make } = await demoSite();
  const page = String(await make!('/guide/14-diffusion.html'));
  const [, picture] = /<img src="([^"]+)"/.exec(page)!;
  for (const file of ['index.html', 'guide.css', 'katex/katex.css', 'katex/fonts/KaTeX_Main-Regular.woff2', picture!]) {
    expect(await make!(`/guide/${file}`), file).toBeDefined();
  }
  for (const name of ['nothing.html', '__proto__', 'constructor']) {
    expect(await make!(`/guide/${name}`), name).toBeUndefined();
  }
  expect(await make!('/nothing.html')).toBeUndefined();
});

it('names the scripts of its pages by what is in them, asks for all of them at once, and lists all its files', async () => {
  const { files = {} } = await demoSite();
  const imported = async (name: string, found = new Set<string>()): Promise<Set<string>> => {
    const statements = (await contentOf(`/${name}`)).matchAll(/(?:\bimport|\bfrom)\s*"\.\/([^"]+\.js)"/g);
    for (const [, chunk] of statements) if (!found.has(chunk!)) await imported(chunk!, found.add(chunk!));
    return found;
  };
  const contentOf = async (name: string) => {
    const file = files[name]!;
    return String(typeof file === 'function' ? await file() : file);
  };
  for (const [page, name] of [
    ['/index.html', 'main'],
    ['/lab.html', 'lab'],
  ] as const) {
    const html = await contentOf(page);
    const own = Array.from(html.matchAll(/(?:src|stylesheet" href)="([^"]+\.(?:js|css))"/g), ([, address]) => address!);
    expect(own.map((address) => address.replace(/-[A-Z0-9]{8}\./, '.')).sort()).toEqual([`${name}.css`, `${name}.js`]);
    for (const address of own) expect(files, address).toHaveProperty([`/${address}`]);
    const preloaded = Array.from(html.matchAll(/rel="modulepreload" href="([^"]+)"/g), ([, address]) => address!);
    expect(new Set(preloaded), page).toEqual(await imported(own.find((address) => address.endsWith('.js'))!));
  }
  const list = JSON.parse(await contentOf('/site.json'));
  expect(Object.keys(list)).toEqual(expect.arrayContaining(['lab.html', 'worker.js', 'models/items/model_index.json']));
  expect(new Set(Object.values(list)).size).toBeGreaterThan(20);
});
