// Types of imports that the plugins for esbuild and Vite answer: /// <reference types="babylon-figment-cli/imports" />
declare module 'figment:*' {
  /** The recipe that makes the picture again. */
  export const recipe: import('babylon-figment-cli/bake').BakedRecipe;
  /** Address of the picture. */
  export const url: string;
  export const widthPx: number;
  export const heightPx: number;
  const picture: { url: string; recipe: typeof recipe; widthPx: number; heightPx: number };
  export default picture;
}
