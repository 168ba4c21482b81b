import type { RecipeOptions } from '../../plugin/index.ts';
import { element } from '../shared/element.ts';
import { copied, downloadPng } from '../shared/handOut.ts';

/** What the buttons hand out, asked for when one is pressed. */
export interface Shared {
  link(): string;
  recipe(): RecipeOptions;
  canvas: HTMLCanvasElement;
}

/** Wires the buttons that copy and download; `tell` says how it went. */
export function offerSharing({ link, recipe, canvas }: Shared, tell: (sentence: string) => void): void {
  const actions = {
    link: async () => tell(await copied(link(), 'The link')),
    recipe: async () => tell(await copied(recipeText(recipe()), 'The recipe')),
    download: async () => {
      const { label, seed, guidanceScale } = recipe();
      await downloadPng(canvas, `${label}-${seed}-guidance-${guidanceScale}.png`);
    },
  };
  for (const [name, act] of Object.entries(actions)) {
    element(`[data-action=${name}]`).addEventListener('click', () => void act());
  }
}

/** A recipe for people, and for `generateTextureAsync`. */
export function recipeText(recipe: RecipeOptions): string {
  return JSON.stringify(recipe, null, 2).replace(/\[\s+(\d+),\s+(\d+)\s+\]/, '[$1, $2]');
}
