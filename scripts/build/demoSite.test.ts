import { build, type Metafile } from 'esbuild';
import { expect, it } from 'vitest';
import { buildDemoSite, DEMO_BUILD } from './demoSite.ts';
import { TRAINING_CODE } from './pageSizes.ts';

/** Sources of which something is in a script, or in what it imports at once. */
function loadedAtOnce({ outputs }: Metafile, script: string): string[] {
  const loaded = new Set<string>();
  const load = (file: string) => {
    if (loaded.has(file)) return;
    loaded.add(file);
    for (const { path, kind } of outputs[file]!.imports) if (kind === 'import-statement') load(path);
  };
  load(script);
  const inputs = [...loaded].flatMap((file) => Object.entries(outputs[file]!.inputs));
  return [...new Set(inputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([file]) => file))];
}

it('loads nothing of the training with the tavern, and all of it with the training worker', async () => {
  const { metafile } = await build({
    ...DEMO_BUILD,
    write: false,
    metafile: true,
    outdir: 'unused',
    logLevel: 'silent',
  });
  const tavern = loadedAtOnce(metafile, 'unused/main.js');
  expect(tavern).toContain('demo-scene/tavern/ui/controls.ts');
  expect(tavern.filter((file) => TRAINING_CODE.test(file) || /demo-scene\/training\/|uplot|fflate/.test(file))).toEqual(
    [],
  );
  const worker = loadedAtOnce(metafile, 'unused/trainingWorker.js');
  expect(worker).toEqual(
    expect.arrayContaining(['runtime/training/trainer.ts', 'demo-scene/training-corner/session.ts']),
  );
  expect(worker.filter((file) => file.includes('@babylonjs'))).toEqual([]);
});

it('has the guide beside the tavern, with its own letters and pictures', async () => {
  const { make } = await buildDemoSite();
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
