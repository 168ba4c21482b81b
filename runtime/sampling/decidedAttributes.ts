import { ANY, type Attributes, decodeAttributes, encodeAttributes } from '../core/attributes.ts';
import { decideAttributes, fillAttributes } from '../core/decideAttributes.ts';
import { usualStrength } from '../recipe/defaults.ts';
import { indexOfLabel } from '../recipe/label.ts';
import type { Recipe, RecipeModel, RecipeOptions } from '../recipe/recipe.ts';
import { differenceOf, numStepsAlike } from '../recipe/sameness.ts';
import { sampleDefaultsFor } from '../recipe/student.ts';
import type { FigmentEntry } from '../weights/modelIndex.ts';
import { numStepsAt } from './edit.ts';

/** What a recipe says of the attributes of its picture. */
export type Asked = Pick<Recipe, 'label' | 'attributes' | 'sameAs'> &
  Partial<Pick<Recipe, 'seed' | 'interpolate' | 'classifierScale' | 'strength' | 'sameFor'>> &
  Partial<Pick<Recipe, 'guidanceScale' | 'numInferenceSteps'>> & {
    pipeline?: unknown;
    image?: unknown;
    mask?: unknown;
    classifier?: unknown;
  };

/** Whether a picture keeps something of an image, which then shows what it is; where it goes all the way from it, it does not. */
export function keepsOfImage({
  image,
  mask,
  strength = 0,
  numInferenceSteps = 0,
}: Pick<Asked, 'image' | 'mask' | 'strength' | 'numInferenceSteps'>): boolean {
  const isLeft =
    strength === 1 || (numInferenceSteps > 0 && numStepsAt(strength, numInferenceSteps) === numInferenceSteps);
  return Boolean(image) && (Boolean(mask) || !isLeft);
}

/** Whether a picture is to show nothing in particular: guidance 0 ignores the label, and the attributes with it. */
export function ignoresWords({ guidanceScale }: Pick<Asked, 'guidanceScale'>): boolean {
  return guidanceScale === 0;
}

/** The attributes of a picture, and those of the one that it is to be the same as, as a network takes them. */
export interface DecidedAttributes {
  readonly own: readonly number[];
  readonly origin: readonly number[] | null;
}

type KnownAttributes = Pick<FigmentEntry, 'attributes' | 'examples'>;

/** What is known of a model, with how it samples unless told otherwise, where that is known. */
type KnownModel = { readonly labels: readonly string[] } & KnownAttributes &
  Partial<Pick<RecipeModel, 'sampleDefaults' | 'student'>>;

/** What was decided of complete recipes, which never change: a picture asks several times, and deciding takes a millisecond or two. */
const DECIDED = new WeakMap<Asked, KnownAttributes & { decided: DecidedAttributes }>();

/**
 * The attributes that a recipe asks for, and where it leaves them open those that the model's examples decide on, by the
 * label alone and not by what is blended in, so that a blend can be changed in place. They stay open where the picture begins
 * from an image, which shows them already, and where a classifier steers it, which could change little if they were decided.
 *
 * @throws RangeError for an attribute that the model lacks
 */
export function decidedAttributes(
  labels: readonly string[],
  { attributes, examples }: KnownAttributes,
  recipe: Asked,
): DecidedAttributes {
  const before = DECIDED.get(recipe);
  if (before && before.attributes === attributes && before.examples === examples) return before.decided;
  const decided = decide(labels, { attributes, examples }, recipe);
  const { attributes: asked, sameAs, interpolate } = recipe;
  if ([recipe, asked, sameAs, interpolate].every(Object.isFrozen)) {
    DECIDED.set(recipe, { attributes, examples, decided });
  }
  return decided;
}

function decide(
  labels: readonly string[],
  { attributes: vocabulary = {}, examples }: KnownAttributes,
  recipe: Asked,
): DecidedAttributes {
  const { label, attributes = {}, sameAs, seed, interpolate, classifier, classifierScale } = recipe;
  const isToldElsewhere = keepsOfImage(recipe) || (classifier && classifierScale !== 0);
  const nearer = interpolate && interpolate.amount > 0.5 ? interpolate.seed : seed;
  const known = examples && !isToldElsewhere ? { examples, attributes: vocabulary } : null;
  const place = indexOfLabel(labels, label);
  const encoded = (asked: Attributes) => encodeAttributes('generate', vocabulary, asked);
  const decided = (asked: Attributes) =>
    known && nearer !== undefined ? decideAttributes(known, place, encoded(asked), nearer) : encoded(asked);
  if (!sameAs) return { own: decided(attributes), origin: null };
  const origin = decided({ ...attributes, ...sameAs });
  // What only the other is asked for is open here; all else that is open is as it is there.
  const fresh = decided(attributes);
  const own = encoded(attributes);
  const isOpenHere = (name: string, at: number) => own[at] === ANY && Object.hasOwn(sameAs, name);
  const like = Object.keys(vocabulary).map((name, at) => (isOpenHere(name, at) ? fresh : origin)[at]!);
  return { own: fillAttributes(known, place, own, like), origin };
}

/** The attributes that a complete recipe's picture shows: those of the one that it is the same as where all of its steps are that one's. */
export function shownAttributes(labels: readonly string[], known: KnownAttributes, recipe: Asked): readonly number[] {
  const { own, origin } = decidedAttributes(labels, known, recipe);
  const { numInferenceSteps = 0 } = recipe;
  return origin && numInferenceSteps > 0 && numStepsAlike(recipe) >= numInferenceSteps ? origin : own;
}

/**
 * What the picture of a recipe is to show: the attributes that it asks for, and those that the model's examples decide on by
 * its seed. Without examples the others are absent, and all are where guidance 0 ignores them.
 *
 * @throws RangeError for a label or attribute that the model lacks
 */
export function attributesOfRecipe(
  { labels, ...known }: KnownModel,
  asked: Asked & Partial<RecipeOptions>,
): Record<string, string | number> {
  indexOfLabel(labels, asked.label);
  if (ignoresWords(asked)) return {};
  const recipe = withoutIdleSameness(withSteps(known, asked));
  return decodeAttributes(known.attributes ?? {}, shownAttributes(labels, known, recipe));
}

/** A recipe that may not be complete, with how many steps it takes and how far it goes, as a complete one says. */
function withSteps(
  { sampleDefaults, student }: Omit<KnownModel, 'labels'>,
  asked: Asked & Partial<RecipeOptions>,
): Asked {
  const defaults = sampleDefaults && sampleDefaultsFor(asked, { sampleDefaults, student });
  const { numInferenceSteps = defaults?.numInferenceSteps, strength = usualStrength(asked) } = asked;
  return { ...asked, numInferenceSteps, strength };
}

/** A recipe that may not be complete, without what of `sameAs` is without effect, as a complete one is. */
function withoutIdleSameness(asked: Asked): Asked {
  if (!asked.sameAs) return asked;
  const isIdle = asked.sameFor === 0 || asked.pipeline === 'cvae';
  const sameAs = isIdle ? {} : differenceOf(asked);
  return { ...asked, sameAs: Object.keys(sameAs).length > 0 ? sameAs : undefined };
}
