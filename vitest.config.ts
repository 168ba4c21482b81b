import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const root = fileURLToPath(new URL('.', import.meta.url));

const suites = ['demo-scene', 'plugin', 'runtime', 'scripts']
  .flatMap((room) => readdirSync(path.join(root, room), { recursive: true }).map((name) => `${room}/${name}`))
  .filter((file) => file.endsWith('.test.ts'));

const suitesThat = (call: RegExp) => suites.filter((file) => call.test(readFileSync(path.join(root, file), 'utf8')));

/** They open pages in Chromium or Firefox. */
const browser = suitesThat(/\b(?:describeInBrowser|findChromium|findFirefox)\(/);

/**
 * They replace modules, backends or recorders, or count painters, which must not be another suite's (a spy by vi.spyOn does without),
 * or open WebGPU devices of their own: Dawn, which is WebGPU in Node, may crash where a process has had several.
 */
const alone = suitesThat(/\b(?:vi\.mock|removeBackend|backendsInUse|useRecorder|openNodeWebgpu|openTestDevice)\(/);

/** They run whole commands and bakes, from their words to the files that they write; `npm run test:unit` does without. */
const commands = ['scripts/bake/**', 'scripts/cli/**', 'scripts/study/**'];
const isUnitAlone = process.env.npm_lifecycle_event === 'test:unit';

/** These take longest: they begin first, so that at the end no worker is left with one of them while others wait. */
const LONGEST = [
  'plugin/testing/package',
  'demo-scene/tavern/tavern',
  'plugin/testing/generation',
  'demo-scene/lab/lab',
  'plugin/testing/surface',
  'demo-scene/training-corner/panel',
  'plugin/testing/frames/measureFrames',
  'plugin/inspector/figmentPane',
].map((name) => path.join(root, `${name}.test.ts`));

/** Vitest's own order goes by the times of the last run, or by the sizes of files where there was none: after `LONGEST`. */
class LongestFirst extends BaseSequencer {
  override async sort(specifications: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(specifications);
    const rank = ({ moduleId }: TestSpecification) => {
      const place = LONGEST.indexOf(moduleId);
      return place < 0 ? LONGEST.length : place;
    };
    return sorted.sort((a, b) => rank(a) - rank(b));
  }
}

/** After the suites in a browser. */
const AFTERWARDS = { groupOrder: 1 };

/** Suites of a worker share its modules: TensorFlow.js, Babylon.js and this repository are imported once a worker. */
const projects: TestProjectInlineConfiguration[] = [
  {
    extends: true,
    test: {
      name: 'browser',
      include: browser,
      isolate: false,
      globalSetup: 'scripts/testing/browserSetup.ts',
      maxWorkers: availableParallelism() + 1, // they wait much: for pages, and for people who walk through them
      retry: process.env.CI ? 1 : 0, // a browser on a busy machine stumbles now and then, which the report tells
    },
  },
  { extends: true, test: { name: 'unit-alone', include: alone, isolate: true, sequence: AFTERWARDS } },
  {
    extends: true,
    test: {
      name: 'unit',
      include: ['**/*.test.ts'],
      exclude: [...browser, ...alone, ...(isUnitAlone ? commands : [])],
      isolate: false,
      globalSetup: 'scripts/testing/builtScripts.ts',
      sequence: AFTERWARDS,
    },
  },
];

export default defineConfig({
  test: {
    exclude: ['**/node_modules/**', 'dist/**'],
    projects,
    sequence: { sequencer: LongestFirst },
    testTimeout: 120_000,
    hookTimeout: 240_000,
    expect: { poll: { timeout: 30_000 } }, // what is polled comes at once, unless the machine is busy
    pool: 'forks',
    maxWorkers: '100%', // by default one core is left idle
    experimental: { fsModuleCache: true }, // what all projects import is translated once, until it changes
    execArgv: ['--max-semi-space-size=64'], // MB: most of what tests make is dropped at once
    setupFiles: 'scripts/testing/sharedWorker.ts',
    // Debian's software Vulkan (LLVM) crashes on some processors' wide vectors: "Cannot emit physreg copy instruction".
    env: { LP_NATIVE_VECTOR_WIDTH: '128' },
  },
});
