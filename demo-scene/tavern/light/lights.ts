import { HemisphericLight } from '@babylonjs/core/Lights/hemisphericLight.js';
import { PointLight } from '@babylonjs/core/Lights/pointLight.js';
import { Color3, Color4 } from '@babylonjs/core/Maths/math.color.js';
import { Vector3 } from '@babylonjs/core/Maths/math.vector.js';
import type { Scene } from '@babylonjs/core/scene.js';
import type { Quality } from '../quality.ts';
import { FIREPLACE, ROOM } from '../room/dimensions.ts';
import type { Vec } from '../room/parts.ts';
import { flicker } from './flames.ts';

const CANDLE = new Color3(1, 0.62, 0.3);
const FIRE = new Color3(1, 0.42, 0.14);
/** For `tint`: the light that is everywhere, and the share of the flames' light that a sprite reflects. */
const AMBIENT = new Color3(0.15, 0.14, 0.15);
const ALBEDO = 0.2;

/** How far the chandelier's light swings to each side, in metres, so that the relief of walls and floor shows. */
const SWAY_M = 0.45;

/** Where the chandelier hangs: above what the camera sees at first. Its light comes from a little below. */
export const CHANDELIER: Vec = [-0.5, 3.5, -0.15];
const LIGHT_BELOW_M = 0.5;

/** The lights of the room; the lights of flames flicker. */
export class Lights {
  readonly chandelier: PointLight;
  readonly fire: PointLight;
  private readonly tinted = new Color4();
  private readonly flickering: { light: PointLight; intensity: number }[] = [];

  /** @param candles where candles burn on tables; as many of them cast light as the quality allows */
  constructor(
    private readonly scene: Scene,
    quality: Quality,
    candles: readonly Vec[],
  ) {
    const sky = new HemisphericLight('sky', new Vector3(0, 1, -0.4), scene);
    sky.diffuse = new Color3(0.5, 0.55, 0.8);
    sky.groundColor = new Color3(0.5, 0.3, 0.18);
    sky.specular = Color3.Black();
    sky.intensity = 0.22;
    this.fire = this.flame('fire', [FIREPLACE.x, 0.62, ROOM.backZ - 0.75], FIRE, 15, 7);
    const [x, y, z] = CHANDELIER;
    this.chandelier = this.flame('chandelier', [x, y - LIGHT_BELOW_M, z + 0.5], CANDLE, 34, 12);
    const numCandles = quality.numLights - 3;
    for (const [i, at] of candles.slice(0, numCandles).entries()) {
      this.flame(`candle ${i}`, [at[0], at[1] + 0.12, at[2]], CANDLE, 2.2, 3.5);
    }
  }

  burn(timeS: number): void {
    for (const [i, { light, intensity }] of this.flickering.entries()) {
      light.intensity = intensity * flicker(timeS, i);
    }
    const [x, , z] = CHANDELIER;
    this.chandelier.position.x = x + SWAY_M * Math.sin(0.62 * timeS);
    this.chandelier.position.z = z + 0.5 + 0.6 * SWAY_M * Math.sin(0.43 * timeS);
  }

  /** The colour of the light at a place, for sprites, which Babylon does not light. The result is valid until the next call. */
  readonly tint = (x: number, y: number, z: number): Color4 => {
    const { r, g, b } = AMBIENT;
    const sum = [r, g, b];
    for (const { light } of this.flickering) {
      const { position, diffuse, intensity, range } = light;
      const distanceSquared = (position.x - x) ** 2 + (position.y - y) ** 2 + (position.z - z) ** 2;
      const fade = Math.max(0, 1 - (distanceSquared / range ** 2) ** 2) ** 2;
      const strength = (ALBEDO * intensity * fade) / Math.max(0.25, distanceSquared);
      for (const [i, channel] of [diffuse.r, diffuse.g, diffuse.b].entries()) sum[i]! += strength * channel;
    }
    const most = Math.max(1, ...sum); // keeps the hue of very bright light
    const [red, green, blue] = sum.map((value) => (value / most) ** (1 / 2.2));
    return this.tinted.set(red!, green!, blue!, 1);
  };

  /** @param intensity in candela, for Babylon's physical falloff */
  private flame(name: string, [x, y, z]: Vec, colour: Color3, intensity: number, range: number): PointLight {
    const light = new PointLight(name, new Vector3(x, y, z), this.scene);
    light.diffuse = colour;
    light.specular = colour;
    light.intensity = intensity;
    light.range = range;
    light.radius = 0.05;
    this.flickering.push({ light, intensity });
    return light;
  }
}
