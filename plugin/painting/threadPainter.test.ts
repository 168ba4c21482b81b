import type { AbstractEngine } from '@babylonjs/core/Engines/abstractEngine.js';
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { backend, memory } from '@tensorflow/tfjs-core';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { Recipe } from '../../runtime/index.ts';
import { tinyModelFiles, tinyModelFolder } from '../../runtime/testing/tinyModel.ts';
import { modelFolderFiles } from '../../runtime/weights/modelFolderFiles.ts';
import { describeOnBackends } from '../../scripts/testing/backends.ts';
import { ThreadPainter } from './threadPainter.ts';

describeOnBackends((name) => {
  it.runIf(name === 'webgpu')(
    'does nothing while another compiles, which began as it waited for its frame',
    async () => {
      const choice = { backend: 'webgpu', adapter: null, reason: '' } as const;
      const tfjs = backend() as WebGPUBackend;
      const { device } = tfjs;
      const files = await tinyModelFolder();
      const frames: ((time: number) => void)[] = [];
      let numFrames = 0;
      const customAnimationFrameRequester = {
        requestAnimationFrame: (frame: (time: number) => void) => {
          frames.push(frame);
          return ++numFrames;
        },
        cancelAnimationFrame: () => {},
      };
      const engine = { customAnimationFrameRequester } as unknown as AbstractEngine;
      const painter = await ThreadPainter.CreateAsync(files, 'tiny', choice, { frameBudgetMs: 0, device, engine });
      const other = await ThreadPainter.CreateAsync(files, 'tiny', choice, { frameBudgetMs: 50, device });
      let goOn = () => {};
      const held = new Promise<void>((resolve) => {
        goOn = resolve;
      });
      const compiled = tfjs.checkCompileCompletionAsync.bind(tfjs);
      const asked = vi.spyOn(tfjs, 'checkCompileCompletionAsync').mockImplementation(() => held.then(compiled));
      let isDrawn = false;
      const drawing = setInterval(() => isDrawn && frames.pop()?.(performance.now()), 1);
      onTestFinished(() => {
        clearInterval(drawing);
        asked.mockRestore();
        for (const one of [painter, other]) one.dispose();
      });
      const painted = painter.paintAsync([
        { label: 'elf', seed: 7, guidanceScale: 2, numInferenceSteps: 2, sampler: 'ddim' },
      ]);
      await vi.waitFor(() => expect(numFrames).toBe(1));
      const warm = other.warmUpAsync();
      await vi.waitFor(() => expect(asked).toHaveBeenCalled());
      isDrawn = true; // its frame comes now
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(numFrames).toBe(1); // it would have asked for another after a slice
      goOn();
      await warm;
      const [picture] = await painted;
      picture!.dispose();
    },
  );

  it.runIf(name === 'webgpu')('goes on compiling when another, disposed while it compiled, gave up', async () => {
    const choice = { backend: 'webgpu', adapter: null, reason: '' } as const;
    const { device } = backend() as WebGPUBackend;
    const files = await tinyModelFolder();
    const create = () => ThreadPainter.CreateAsync(files, 'tiny', choice, { frameBudgetMs: 50, device });
    const [one, other] = [await create(), await create()];
    const [warm, alsoWarm] = [one.warmUpAsync(), other.warmUpAsync()];
    const painted = other.paintAsync([
      { label: 'elf', seed: 7, guidanceScale: 2, numInferenceSteps: 2, sampler: 'ddim' },
    ]);
    one.dispose();
    await expect(warm).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
    await alsoWarm;
    const [picture] = await painted;
    picture!.dispose();
    other.dispose();
  });

  it.runIf(name === 'webgpu')(
    "paints in the colours of the model's palette, which is compiled ahead, too",
    async () => {
      const colours = Uint8Array.of(20, 12, 28, 133, 149, 161, 109, 170, 44, 210, 125, 44);
      const files = tinyModelFiles();
      files.index.figment.palette = { colours, logits: new Int8Array(4 * 4), deviation: 0.05, sure: 0 };
      const choice = { backend: 'webgpu', adapter: null, reason: '' } as const;
      const { device } = backend() as WebGPUBackend;
      const options = { frameBudgetMs: 50, device };
      const painter = await ThreadPainter.CreateAsync(await modelFolderFiles(files), 'tiny', choice, options);
      await painter.warmUpAsync();
      const compiled = vi.spyOn(device, 'createComputePipeline');
      const recipe: Recipe = { label: 'elf', seed: 7, guidanceScale: 2, numInferenceSteps: 3, sampler: 'ddim' };
      const pictures = await painter.paintAsync([recipe, { ...recipe, label: 'orc' }], { previewEvery: 1 });
      const pixels = await Promise.all(pictures.map((picture) => picture.readPixelsAsync()));
      const known = ['20,12,28', '133,149,161', '109,170,44', '210,125,44'];
      expect(known).toEqual(expect.arrayContaining([...new Set(pixels.flatMap(coloursOf))]));
      expect(compiled).not.toHaveBeenCalled();
      compiled.mockRestore();
      for (const picture of pictures) picture.dispose();
      painter.dispose();
    },
  );

  it.runIf(name === 'webgpu')('has its pictures read to the end, though they are disposed meanwhile', async () => {
    const choice = { backend: 'webgpu', adapter: null, reason: '' } as const;
    const { device } = backend() as WebGPUBackend;
    const painter = await ThreadPainter.CreateAsync(await tinyModelFolder(), 'tiny', choice, {
      frameBudgetMs: 50,
      device,
    });
    const recipe: Recipe = { label: 'elf', seed: 7, guidanceScale: 2, numInferenceSteps: 2, sampler: 'ddim' };
    const [picture, again] = await painter.paintAsync([recipe, recipe]);
    const { numTensors } = memory();
    const disposed = Promise.resolve().then(() => picture!.dispose());
    expect(await picture!.readPixelsAsync()).toEqual(await again!.readPixelsAsync());
    await disposed;
    expect(memory().numTensors).toBe(numTensors - 1);
    again!.dispose();
    painter.dispose();
  });

  it.runIf(name === 'webgpu').each([3, 4] as const)(
    'keeps what a mask keeps of an image, byte for byte, by a model of %s channels',
    async (channels) => {
      const files = await tinyModelFolder({ channels });
      const choice = { backend: 'webgpu', adapter: null, reason: '' } as const;
      const { device } = backend() as WebGPUBackend;
      const painter = await ThreadPainter.CreateAsync(files, 'tiny', choice, { frameBudgetMs: 50, device });
      const numPixels = 16 * 16;
      const image = Uint8Array.from({ length: 4 * numPixels }, (_, i) => (i * 37) & 255); // of every alpha
      const mask = Uint8Array.from({ length: numPixels }, (_, i) => 255 * Number(i >= numPixels / 2));
      const recipe: Recipe = { label: 'elf', seed: 7, guidanceScale: 2, numInferenceSteps: 2, sampler: 'ddim' };
      await painter.addPartAsync('vae', files);
      const [picture] = await painter.paintAsync([{ ...recipe, image, mask, strength: 1, keepAlpha: false }]);
      const pixels = await picture!.readPixelsAsync();
      const half = 2 * numPixels;
      expect(pixels.subarray(0, half)).toEqual(image.subarray(0, half));
      expect(pixels.subarray(half)).not.toEqual(image.subarray(half));
      picture!.dispose();
      painter.dispose();
    },
  );
});

/** The colours of all pixels that are not transparent. */
function coloursOf(pixels: Uint8Array): string[] {
  const places = Array.from({ length: pixels.length / 4 }, (_, i) => 4 * i);
  return places.filter((at) => pixels[at + 3]! > 0).map((at) => String(pixels.subarray(at, at + 3)));
}
