// Particle systems are saved as the guide says: Babylon's own files hold only the names of their textures.
import '@babylonjs/core/Loading/Plugins/babylonFileLoader.js';
import '@babylonjs/core/Particles/particleSystemComponent.js';
import { AppendSceneAsync } from '@babylonjs/core/Loading/sceneLoader.js';
import { Vector3 } from '@babylonjs/core/Maths/math.vector.js';
import { SceneSerializer } from '@babylonjs/core/Misc/sceneSerializer.js';
import { ParticleSystem } from '@babylonjs/core/Particles/particleSystem.js';
import { Scene } from '@babylonjs/core/scene.js';
import { expect, it } from 'vitest';
import { createScene, loadTiny, uploadedTo } from '../testing/tinyScene.ts';
import { GeneratedTexture, RegisterGeneratedTexture } from './generatedTexture.ts';

it('is painted again for the particles of a scene file', async () => {
  const scene = createScene();
  const tiny = await loadTiny(scene);
  const particles = new ParticleSystem('faces', 20, scene);
  particles.emitter = Vector3.Zero();
  particles.particleTexture = await tiny.generateTextureAsync({ label: 'elf', seed: 7 });
  const saved = SceneSerializer.Serialize(scene);
  saved.particleSystems = scene.particleSystems.map((system) => system.serialize(true));

  RegisterGeneratedTexture();
  const other = new Scene(scene.getEngine());
  await loadTiny(other);
  await AppendSceneAsync(`data:${JSON.stringify(saved)}`, other);
  await other.whenReadyAsync();
  const { particleTexture } = other.particleSystems[0]!;
  expect(particleTexture).toBeInstanceOf(GeneratedTexture);
  expect(uploadedTo(particleTexture!)).toEqual(uploadedTo(particles.particleTexture));
  scene.getEngine().dispose();
});
