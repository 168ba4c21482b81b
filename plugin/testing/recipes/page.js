// A game that uses the recipes of the guide as they are written there; package.test.ts puts their code beside it.
import { Engine, FreeCamera, PBRMaterial, Scene, Vector3 } from '@babylonjs/core';
import { AssetGenerator } from 'babylon-figment';
import { createElement, StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Portrait } from './react.ts';

const engine = new Engine(document.querySelector('canvas'));
const scene = new Scene(engine);
new FreeCamera('camera', new Vector3(0, 0, -1.3), scene);
const portraits = await AssetGenerator.LoadAsync('models/portraits/', scene);
Object.assign(globalThis, { scene, portraits, material: new PBRMaterial('material', scene) });

globalThis.page = {
  /** The width of the image that the recipe fills. */
  gui: async () => {
    await import('./gui.ts');
    const image = document.querySelector('img');
    await image.decode();
    return image.naturalWidth;
  },
  /** What the recipe leaves in the scene. */
  scene: async () => {
    await import('./scene.ts');
    const [particles] = scene.particleSystems;
    return { ready: particles.particleTexture.isReady(), nodes: scene.getMaterialByName('nodes').getClassName() };
  },
  react: () => createRoot(document.querySelector('#react')).render(portrait),
  sizePx: () => portraits.sizePx[0],
};

const portrait = createElement(StrictMode, null, createElement(Portrait, { model: 'models/portraits/', seed: 1 }));
