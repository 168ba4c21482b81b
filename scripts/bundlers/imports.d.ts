// Types of imports that the plugins for esbuild and Vite answer: /// <reference types="babylon-figment/imports" />
declare module 'figment:*' {
  /** All that it takes to make the picture again. */
  export const recipe: import('babylon-figment/bake').Recipe;
  /** Where the picture is. */
  export const url: string;
  export const widthPx: number;
  export const heightPx: number;
  const picture: { url: string; recipe: typeof recipe; widthPx: number; heightPx: number };
  export default picture;
}
