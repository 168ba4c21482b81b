import type { AbstractEngine } from '@babylonjs/core/Engines/abstractEngine.js';
import { NullEngine } from '@babylonjs/core/Engines/nullEngine.js';
import { describe, expect, it } from 'vitest';
import { describeInBrowser } from '../scripts/testing/describeInBrowser.ts';
import { adoptDeviceAsync, describeDevice, sharesDevice } from './device.ts';

type TexelPage = typeof import('./testing/texelPage.ts');
const module = 'plugin/testing/texelPage.ts';

const DEFAULT_LIMITS = {
  maxComputeWorkgroupSizeX: 256,
  maxComputeInvocationsPerWorkgroup: 256,
  maxComputeWorkgroupStorageSize: 16_384,
  maxStorageBuffersPerShaderStage: 8,
  maxStorageTexturesPerShaderStage: 4,
};

/** A stand-in with what is read of a WebGPUEngine before its device is used. */
function engineWith(limits: Partial<typeof DEFAULT_LIMITS> | null, isDisposed = false): AbstractEngine {
  const _device = limits ? { limits: { ...DEFAULT_LIMITS, ...limits } } : undefined;
  return { name: 'WebGPU', isWebGPU: true, isDisposed, _device } as unknown as AbstractEngine;
}

/** NullEngine calls itself WebGL. */
describe('an engine without a device to share', () => {
  it('is told by sharesDevice and described', () => {
    const engine = new NullEngine();
    expect(sharesDevice(engine)).toBe(null);
    expect(describeDevice(engine)).toBe(
      "WebGL; generation cannot use the scene's GPU: it is not an initialised WebGPUEngine.",
    );
    engine.dispose();
  });

  it('is not adopted', async () => {
    const engine = new NullEngine();
    await expect(adoptDeviceAsync(engine)).rejects.toThrow(
      'adoptDeviceAsync: the WebGL engine has no device; CreateEngineAsync makes one that fits',
    );
    engine.dispose();
  });

  it.each([
    ['not initialised', engineWith(null)],
    ['disposed', engineWith({}, true)],
  ])('is not adopted while %s', async (_, engine) => {
    expect(sharesDevice(engine)).toBe(null);
    await expect(adoptDeviceAsync(engine)).rejects.toThrow(
      'adoptDeviceAsync: the WebGPU engine is not initialised, or is disposed; await engine.initAsync() first',
    );
  });
});

describe('adoptDeviceAsync', () => {
  it.each([
    [{ maxComputeInvocationsPerWorkgroup: 128 }, 'maxComputeInvocationsPerWorkgroup 128; tfjs needs 256'],
    [{ maxComputeWorkgroupSizeX: 128 }, 'maxComputeWorkgroupSizeX 128; tfjs needs 256'],
    [{ maxComputeWorkgroupSizeX: 1024 }, 'maxComputeInvocationsPerWorkgroup 256; tfjs needs 512'],
    [{ maxStorageTexturesPerShaderStage: 0 }, 'maxStorageTexturesPerShaderStage 0; tfjs needs 1'],
  ])('refuses a device with the limits %o', async (limits, flaw) => {
    await expect(adoptDeviceAsync(engineWith(limits))).rejects.toThrow(
      `adoptDeviceAsync: the engine's device has ${flaw}: create the engine with CreateEngineAsync, or with the option setMaximumLimits: true`,
    );
  });
});

describeInBrowser('a WebGPU engine', (openPage) => {
  it('lends its device to tfjs once, however often it is asked', async () => {
    const page = await openPage<TexelPage>({ module });
    expect(await page.call('start', 'best')).toBe('WebGPU on google swiftshader, which computes on the CPU.');
    expect(await page.call('adopt')).toEqual({
      backend: 'webgpu',
      reason: 'The scene is drawn on this device (google swiftshader).',
      isShared: true,
      isKept: true,
      numDevices: 0,
    });
    expect(await page.call('adoptAnother')).toEqual({
      refusal: expect.stringMatching(/the models of another engine compute on its device; load .* compute: 'worker'/),
      isElsewhere: true,
      backend: 'webgpu',
    });
  });

  it('gives way to WebGL when its device does not start', async () => {
    const page = await openPage<TexelPage>({ module });
    await page.call('refuseDevices');
    expect(await page.call('start', 'best')).toBe(
      "WebGL; generation cannot use the scene's GPU: WebGPU does not start (on purpose).",
    );
    await page.call('createTexture', 1, 1, { nearest: true });
    await page.call('showPixels', [10, 20, 30, 255]);
    expect(await page.call('readTexture', 0)).toEqual([10, 20, 30, 255]);
    for (const error of page.takeErrors()) expect(error).toContain('fatal error occurred during WebGPU creation'); // Babylon's
  });
});

describeInBrowser(
  'a browser without WebGPU',
  (openPage) => {
    it('gets an engine with WebGL, which says why', async () => {
      const page = await openPage<TexelPage>({ module });
      expect(await page.call('start', 'best')).toMatch(
        /^WebGL; generation cannot use the scene's GPU: (WebGPU finds no adapter|this browser.* offers no WebGPU)\.$/,
      );
    });
  },
  { webgpu: false },
);
