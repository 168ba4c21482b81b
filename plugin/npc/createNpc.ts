import { Logger } from '@babylonjs/core/Misc/logger.js';
import {
  type ModelInfo,
  type ModelWords,
  type RecipeChanges,
  type RecipeOptions,
  randomSeed,
  variedBy,
} from '../../runtime/index.ts';
import { allOrNoneAsync } from '../allOrNone.ts';
import type { AssetGenerator } from '../assetGenerator.ts';
import type { GenerateTextureOptions } from '../generateOptions.ts';
import type { RegenerateOptions, Waiting } from '../request.ts';
import type { SpritesOptions } from '../sprite/cells.ts';
import type { GeneratedSprite } from '../sprite/generatedSprite.ts';
import type { GeneratedSprites } from '../sprite/generatedSprites.ts';
import type { GeneratedTexture } from '../texture/generatedTexture.ts';
import {
  type CharacterChange,
  type CharacterRequest,
  type CharacterSheet,
  characterChanges,
  characterRequests,
} from './characterSheet.ts';

/** The generators that make the two pictures of a character. */
export interface NpcGenerators<OfPortraits extends ModelWords = ModelWords, OfSprites extends ModelWords = ModelWords> {
  portraits: AssetGenerator<OfPortraits>;
  sprites: AssetGenerator<OfSprites>;
}

/** How a character is made. A `signal` ends both pictures, and a `priority` is that of both. */
export interface NpcOptions extends Waiting {
  /** The seed of both pictures, by which the values are drawn, too, that the sheet leaves out; default: a random one. */
  seed?: number;
  /** How the portrait is made. */
  portrait?: Omit<GenerateTextureOptions, 'label' | 'attributes' | 'seed' | keyof Waiting>;
  /** How the sprites are made. */
  sprites?: Omit<SpritesOptions, 'labels' | 'count' | 'recipes' | 'attributes' | 'seed'>;
}

/** A character in two pictures. */
export interface Npc<OfPortraits extends ModelWords = ModelWords, OfSprites extends ModelWords = ModelWords> {
  seed: number;
  portrait: GeneratedTexture<OfPortraits>;
  /** The sheet of its sprite, of which `createSprite` makes more. */
  sprites: GeneratedSprites<OfSprites>;
  sprite: GeneratedSprite;
  /** What each model was asked for its picture, and which entries of the sheet it knows nothing of. */
  asked: Record<keyof NpcGenerators, CharacterRequest>;
  /**
   * Makes the same character with some entries of the sheet changed, in the same texture and sprites: see `varyRecipe`. A
   * picture whose model knows nothing of them stays as it is. An attribute that becomes "any" is drawn by `seed` where both
   * models know it. A call that is still running rejects, and its changes are made with these, and so are those of one that
   * ended with one picture alone made: `varyAsync({})` makes the other.
   *
   *   await guard.varyAsync({ hair_colour: 'blue' });
   *
   * @throws RangeError for a word that no model knows; else as `regenerateAsync` and `repaintCellAsync`; a picture that is
   *         not made stays as it was until the next call
   */
  varyAsync(
    changes: CharacterSheet<OfPortraits, OfSprites>,
    options?: RegenerateOptions,
  ): Promise<Npc<OfPortraits, OfSprites>>;
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
 * @throws RangeError for a word that no model knows; TypeError where a generator is missing; an AbortError when aborted; else as
 *         `generateTextureAsync`; nothing stays allocated then
 */
export async function createNpcAsync<
  OfPortraits extends ModelWords = ModelWords,
  OfSprites extends ModelWords = ModelWords,
>(
  sheet: CharacterSheet<OfPortraits, OfSprites>,
  generators: NpcGenerators<OfPortraits, OfSprites>,
  options: NpcOptions = {},
): Promise<Npc<OfPortraits, OfSprites>> {
  const painters: NpcGenerators = generators; // the words of a sheet are checked as they are dealt out to the models
  const lacking = (['portraits', 'sprites'] as const).find((name) => !painters?.[name]);
  if (lacking) throw new TypeError(`createNpc: ${lacking} is missing; give { portraits, sprites }`);
  const seed = options.seed ?? randomSeed();
  const models = [painters.portraits.info, painters.sprites.info] as const;
  const [ofPortrait, ofSprite] = characterRequests(sheet, models, seed);
  for (const [i, { ignored }] of [ofPortrait, ofSprite].entries()) {
    if (ignored.length > 0) Logger.Log(`createNpc: ${models[i]!.name} knows nothing of ${ignored.join(', ')}`);
  }
  const recipeOf = ({ label, attributes }: CharacterRequest) => ({ label, attributes, seed });
  const { sprites: spritesOptions, portrait: portraitOptions, priority } = options;
  const [portrait, sprites] = await allOrNoneAsync(
    options.signal,
    (signal) =>
      [
        painters.portraits.generateTextureAsync({ ...portraitOptions, ...recipeOf(ofPortrait), priority, signal }),
        painters.sprites.generateSpritesAsync({ ...spritesOptions, recipes: [recipeOf(ofSprite)], priority, signal }),
      ] as const,
  );
  const asked = { portraits: ofPortrait, sprites: ofSprite };
  const changeAsync = changerOf({ portrait, sprites, asked, seed }, models);
  const npc: Npc<OfPortraits, OfSprites> = {
    seed,
    portrait: portrait as GeneratedTexture<OfPortraits>,
    sprites: sprites as GeneratedSprites<OfSprites>,
    sprite: sprites.createSprite(ofSprite.label),
    asked,
    async varyAsync(changes, how) {
      await changeAsync(changes, how);
      return npc;
    },
    dispose() {
      portrait.dispose();
      sprites.dispose();
    },
  };
  return npc;
}

/** A call of `varyAsync`, while it runs or after it ended with only one of the two pictures made. */
interface ChangingCall {
  changes: CharacterSheet;
  /** Those of them that earlier calls have made in one picture alone: the other gets them even where this call is given up. */
  owed: CharacterSheet;
  signal?: AbortSignal;
  /** How many pictures it has painted. */
  numPainted: number;
}

/**
 * Gives the function behind `varyAsync`. It paints changes into both pictures of a character, and with them the changes of an earlier call that
 * did not get into both.
 */
function changerOf(
  { portrait, sprites, asked, seed }: Pick<Npc, 'portrait' | 'sprites' | 'asked' | 'seed'>,
  models: readonly [ModelInfo, ModelInfo],
) {
  const none = (owed: CharacterSheet = {}): ChangingCall => ({ changes: owed, owed, numPainted: 0 });
  /** The call that is running, or that left one picture without its changes; a newer call makes them together with its own. */
  let wanted = none();
  return async (newest: CharacterSheet, how?: RegenerateOptions): Promise<void> => {
    how?.signal?.throwIfAborted(); // the call that is running goes on
    const isGivenUp = wanted.signal?.aborted && wanted.numPainted === 0;
    const owed = wanted.numPainted === 0 ? wanted.owed : wanted.changes;
    const changes = { ...(isGivenUp ? owed : wanted.changes), ...newest };
    const [face, figure] = characterChanges(changes, models, [asked.portraits, asked.sprites], seed);
    const mine: ChangingCall = { changes, owed, signal: how?.signal, numPainted: 0 };
    wanted = mine;
    const { sheet } = sprites;
    const paintNoted = async (request: CharacterRequest, change: CharacterChange, ...picture: Repainted) => {
      if (await paint(change, ...picture)) mine.numPainted++;
      note(request, change, changes);
    };
    const toFace = paintNoted(asked.portraits, face, portrait.newestRecipe, (recipe) =>
      portrait.regenerateAsync(recipe, how),
    );
    const toFigure = paintNoted(asked.sprites, figure, sheet.newestRecipe(0), (recipe) =>
      sprites.repaintCellAsync(0, recipe, how),
    );
    const ends = await Promise.allSettled([toFace, toFigure]);
    const failed = ends.find((end) => end.status === 'rejected');
    if (wanted === mine && !(failed && mine.numPainted === 1)) wanted = none(failed && owed);
    if (failed) throw failed.reason;
  };
}

type Repainted = [recipe: Readonly<RecipeOptions> | null, repaint: (changes: RecipeChanges) => Promise<unknown>];

/** Paints a picture with changes. @returns false, and paints nothing, where its model knows none of them */
async function paint({ label, attributes }: CharacterChange, ...[recipe, repaint]: Repainted): Promise<boolean> {
  if (!label && Object.keys(attributes).length === 0) return false;
  await repaint(variedBy(recipe ?? {}, { attributes, ...(label && { label }) }));
  return true;
}

/** Notes what a model has been asked for besides. */
function note(asked: CharacterRequest, { label, attributes, ignored }: CharacterChange, changes: CharacterSheet): void {
  if (label) asked.label = label;
  Object.assign(asked.attributes, attributes);
  asked.ignored = [...asked.ignored.filter((name) => !Object.hasOwn(changes, name)), ...ignored];
}
