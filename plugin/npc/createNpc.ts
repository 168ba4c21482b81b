import { Logger } from '@babylonjs/core/Misc/logger.js';
import { randomSeed } from '../../runtime/index.ts';
import type { AssetGenerator, GenerateTextureOptions } from '../assetGenerator.ts';
import type { SpritesOptions } from '../sprite/cells.ts';
import type { GeneratedSprite } from '../sprite/generatedSprite.ts';
import type { GeneratedSprites } from '../sprite/generatedSprites.ts';
import type { GeneratedTexture } from '../texture/generatedTexture.ts';
import { type CharacterRequest, type CharacterSheet, characterRequests } from './characterSheet.ts';

/** The generators that make the two pictures of a character. */
export interface NpcGenerators {
  portraits: AssetGenerator;
  sprites: AssetGenerator;
}

export interface NpcOptions {
  /** The seed of both pictures, by which the values are drawn, too, that the sheet leaves out; default: a random one. */
  seed?: number;
  /** How the portrait is made. */
  portrait?: Omit<GenerateTextureOptions, 'label' | 'attributes' | 'seed'>;
  /** How the sprites are made. */
  sprites?: Omit<SpritesOptions, 'labels' | 'count' | 'recipes' | 'attributes' | 'seed'>;
}

/** A character in two pictures. */
export interface Npc {
  seed: number;
  portrait: GeneratedTexture;
  /** The sheet of its sprite, of which `createSprite` makes more. */
  sprites: GeneratedSprites;
  sprite: GeneratedSprite;
  /** What each model was asked for, and which entries of the sheet it knows nothing of. */
  asked: Record<keyof NpcGenerators, CharacterRequest>;
  dispose(): void;
}

/**
 * Makes a portrait and a sprite of one character: what both models know is the same in both pictures.
 *
 *   const guard = await createNpcAsync({ role: 'guard', kind: 'elf', hair_colour: 'red' }, { portraits, sprites });
 *   card.albedoTexture = guard.portrait;
 *   guard.sprite.play('walk', 'left');
 *
 * What one model alone knows, the other passes over, which `asked` and a line in Babylon's log tell. What the sheet leaves out
 * is drawn by the seed where both models know it.
 *
 * @throws RangeError for a word that no model knows; else as `generateTextureAsync`; nothing stays allocated then
 */
export async function createNpcAsync(
  sheet: CharacterSheet,
  generators: NpcGenerators,
  options: NpcOptions = {},
): Promise<Npc> {
  const seed = options.seed ?? randomSeed();
  const models = [generators.portraits.info, generators.sprites.info] as const;
  const [ofPortrait, ofSprite] = characterRequests(sheet, models, seed) as [CharacterRequest, CharacterRequest];
  for (const [i, { ignored }] of [ofPortrait, ofSprite].entries()) {
    if (ignored.length > 0) Logger.Log(`createNpc: ${models[i]!.name} knows nothing of ${ignored.join(', ')}`);
  }
  const recipeOf = ({ label, attributes }: CharacterRequest) => ({ label, attributes, seed });
  const { sprites: how = {}, portrait: look = {} } = options;
  const painting = [
    generators.portraits.generateTextureAsync({ ...look, ...recipeOf(ofPortrait) }),
    generators.sprites.generateSpritesAsync({ ...how, recipes: [recipeOf(ofSprite)] }),
  ] as const;
  const [portrait, sprites] = await Promise.all(painting).catch(async (error) => {
    for (const end of await Promise.allSettled(painting)) if (end.status === 'fulfilled') end.value.dispose();
    throw error;
  });
  return {
    seed,
    portrait,
    sprites,
    sprite: sprites.createSprite(ofSprite.label),
    asked: { portraits: ofPortrait, sprites: ofSprite },
    dispose() {
      portrait.dispose();
      sprites.dispose();
    },
  };
}
