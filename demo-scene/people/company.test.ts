// The company without portraits, which need a page to be framed in, on an engine without a GPU.
import { PBRMaterial } from '@babylonjs/core/Materials/PBR/pbrMaterial.js';
import { Color4 } from '@babylonjs/core/Maths/math.color.js';
import type { Scene } from '@babylonjs/core/scene.js';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AssetGenerator } from '../../plugin/index.ts';
import { createScene } from '../../plugin/testing/tinyScene.ts';
import { tinyModelFolder } from '../../runtime/testing/tinyModel.ts';
import type { Tavern } from '../tavern.ts';
import { TAVERN } from '../tavernFile.ts';
import { Company, type CompanyEvents } from './company.ts';

let scene: Scene;
let events: CompanyEvents;
let company: Company;

beforeEach(() => {
  vi.stubGlobal('matchMedia', () => ({ matches: false }));
  scene = createScene();
  events = { onCome: vi.fn(), onGone: vi.fn(), onStep: vi.fn(), onPortraits: vi.fn() };
  const tavern = {
    scene,
    portraits: [],
    materials: { cloth: [new PBRMaterial('cloth', scene)] },
    lights: { tint: () => new Color4(1, 1, 1, 1) },
    door: { isOpen: false },
  } as unknown as Tavern;
  company = new Company(tavern, TAVERN, events);
});

afterEach(() => {
  vi.unstubAllGlobals();
  scene.getEngine().dispose();
});

async function load(labels: string[], sizePx = 16): Promise<AssetGenerator> {
  return AssetGenerator.LoadAsync(await tinyModelFolder({ labels, sizePx }), scene, {
    compute: 'thread',
    backend: 'wasm',
    frameBudgetMs: 20,
  });
}

const labelsShown = () => company.guests().map(({ recipe }) => recipe.label);

describe('useGenerator', () => {
  it('has everybody painted by another model, whatever its labels and size, and nothing of the first is left', async () => {
    const first = await load(['elf', 'troll']);
    await company.useGenerator(first).painted;
    const before = company.counts();
    expect(labelsShown()).toContain('troll');

    const second = await load(['cat', 'dog'], 32);
    const { keeping, painted } = company.useGenerator(second);
    expect(company.guests()).toEqual([]);
    expect(first.isDisposed).toBe(true);
    await painted;
    expect(new Set(['cat', 'dog', ...labelsShown()]).size).toBe(2);
    expect(company.guests().length).toBe(TAVERN.guests.labels.length);
    expect(keeping.has(company.guests()[0]!)).toBe(false);
    expect(company.counts()).toEqual(before);
    expect(events.onGone).toHaveBeenCalledTimes(TAVERN.guests.labels.length);
  });

  it('lets the newest model win while the one before is still painting', async () => {
    const first = company.useGenerator(await load(['elf', 'troll']));
    const second = company.useGenerator(await load(['cat', 'dog']));
    await Promise.all([first.painted, second.painted]);
    expect(labelsShown()).not.toContain('elf');
    expect(company.counts().managers).toBe(1);
  });
});
