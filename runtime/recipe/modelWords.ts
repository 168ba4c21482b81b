import type { Attributes } from '../core/attributes.ts';

/**
 * The words of a model, as types: what a recipe of it may say. A package of a model states its own, so that an editor offers
 * them, and a compiler finds those that the model does not know; by default any word may be one.
 */
export interface ModelWords {
  /** The labels of the model, one of which says what a picture is of. */
  label: string;
  /** The attributes that a recipe may ask for, by their names; each may be left out. */
  attributes: Attributes;
}

/** What a picture shows, as words of its model: none of them is "any". */
export type ShownAttributes<Words extends ModelWords = ModelWords> = {
  [Name in keyof Words['attributes']]: Exclude<Words['attributes'][Name], 'any'>;
};

/** The name of an attribute. */
export type AttributeName<Words extends ModelWords = ModelWords> = keyof Words['attributes'] & string;

/** A value that an attribute can have. */
export type ValueOfAttribute<
  Words extends ModelWords = ModelWords,
  Name extends AttributeName<Words> = AttributeName<Words>,
> = Exclude<Words['attributes'][Name], undefined>;
