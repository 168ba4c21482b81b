import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import {
  definitions,
  redirect,
  tightLines,
  withDirectCpu,
  withoutSteps,
  withoutUncalledKernels,
  withoutUrlFlags,
} from './browserBuild.ts';

const definedIn = definitions(`
// Pixels
export { type PixelImage, toPixels } from './core/pixels.ts';
export {
  normals,
  uniforms,
} from './core/random.ts';
export type { Dataset } from './dataset/dataset.ts';
`);

it('leaves indentation, empty lines and comments out of shaders', () => {
  const source =
    'const code = `\n    // A comment.\n\n    /** Twice. */\n    fn twice(x: f32) -> f32 {\n      return 2.0 * x; // so\n    }\n`;\n';
  expect(tightLines(source)).toBe('const code = `\nfn twice(x: f32) -> f32 {\nreturn 2.0 * x; // so\n}\n`;\n');
});

it('finds where the index takes its names from', () => {
  expect(definedIn.get('toPixels')).toBe('./core/pixels.ts');
  expect(definedIn.get('uniforms')).toBe('./core/random.ts');
});

it('imports values from their own files, and leaves all else', () => {
  const source = `import type { Scene } from '@babylonjs/core/scene.js';
import {
  normals as draw,
  type PixelImage,
  toPixels,
} from '../../runtime/index.ts';
import type { Dataset } from '../../runtime/index.ts';
export { uniforms } from '../../runtime/index.ts';
import { Recipe } from '../recipe.ts';`;
  expect(redirect(source, definedIn)).toBe(`import type { Scene } from '@babylonjs/core/scene.js';
import { normals as draw } from '../../runtime/core/random.ts'; import { toPixels } from '../../runtime/core/pixels.ts';
import type { Dataset } from '../../runtime/index.ts';
export { uniforms } from '../../runtime/core/random.ts';
import { Recipe } from '../recipe.ts';`);
});

it('imports what computes on the CPU from its own file', () => {
  const cpu = definitions(`export { addImpl } from './kernels/Add';`);
  const source = (names: string) => `import { ${names} } from '../kernel_utils/shared';`;
  const file = '@tensorflow/tfjs-backend-cpu/dist/kernels/Add';
  expect(withDirectCpu(source('addImplCPU'), cpu)).toBe(`import { addImpl as addImplCPU } from '${file}';`);
  expect(withDirectCpu(source('addImplCPU as cpuAdd'), cpu)).toBe(`import { addImpl as cpuAdd } from '${file}';`);
  expect(withDirectCpu(`import { add } from './shared.ts';`, cpu)).toBe(`import { add } from './shared.ts';`);
});

it('refuses a name that the index lacks', () => {
  expect(() => redirect(`import { trainEverything } from '../../runtime/index.ts';`, definedIn)).toThrow(
    'build: runtime/index.ts has no "trainEverything"; list it there',
  );
});

it('leaves kernels out of a list of all, and leaves what is called', () => {
  const source = `import { registerKernel } from '@tensorflow/tfjs-core';
import { maxConfig } from './kernels/Max';
import { maxPoolConfig } from './kernels/MaxPool';
import { maxPool3DConfig } from './kernels/MaxPool3D';
const kernelConfigs = [
    maxConfig,
    maxPoolConfig,
    maxPool3DConfig
];
for (const kernelConfig of kernelConfigs) registerKernel(kernelConfig);
`;
  expect(withoutUncalledKernels(source)).toBe(`import { registerKernel } from '@tensorflow/tfjs-core';
import { maxConfig } from './kernels/Max';
const kernelConfigs = [
    maxConfig,
];
for (const kernelConfig of kernelConfigs) registerKernel(kernelConfig);
`);
});

it('leaves out of slices what takes each second value, and nothing that other slices call', () => {
  const file = createRequire(import.meta.url).resolve('@tensorflow/tfjs-core/dist/ops/slice_util.js');
  const lean = withoutSteps(readFileSync(file, 'utf8'));
  const defined = Array.from(lean.matchAll(/function (\w+)/g), ([, name]) => name);
  expect(defined).toEqual(['assertParamsValid', 'isSliceContinous', 'computeFlatOffset', 'parseSliceParams']);
  expect(lean).not.toMatch(/sliceInfo\(|maskToAxes\(|ForAxis\(/);
});

it('lets tfjs read nothing from the address of a page', () => {
  const file = createRequire(import.meta.url).resolve('@tensorflow/tfjs-core/dist/environment.js');
  const lean = withoutUrlFlags(readFileSync(file, 'utf8'));
  expect(lean).not.toMatch(/populateURLFlags|\.search|this\.getQueryParams/);
  expect(lean).toMatch(/this\.urlFlags = \{\};\n.*\n {4}\}\n {4}setPlatform/);
  expect(lean).toMatch(/this\.urlFlags = \{\};\n {4}\}\n\}\nexport function getQueryParams/);
});
