import type { RecipeOptions } from '../../plugin/index.ts';
import { element } from './element.ts';

/** What the buttons hand out, asked for when one is pressed. */
export interface Shared {
  link(): string;
  recipe(): RecipeOptions;
  canvas: HTMLCanvasElement;
}

/** Wires the buttons that copy and download; `tell` says how it went. */
export function offerSharing({ link, recipe, canvas }: Shared, tell: (sentence: string) => void): void {
  const actions = {
    link: async () => tell(await copied(link(), 'The link is on the clipboard.')),
    recipe: async () => tell(await copied(recipeText(recipe()), 'The recipe is on the clipboard.')),
    download: async () => {
      const { label, seed, guidanceScale } = recipe();
      await download(canvas, `${label}-${seed}-guidance-${guidanceScale}.png`);
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

async function copied(text: string, sentence: string): Promise<string> {
  const copying = navigator.clipboard?.writeText(text) ?? Promise.reject();
  return copying.then(
    () => sentence,
    () => `The browser keeps its clipboard closed. To copy by hand: ${text}`,
  );
}

/** The picture as it is, one pixel a pixel. */
async function download(canvas: HTMLCanvasElement, name: string): Promise<void> {
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'));
  if (!blob) return;
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 0);
}
