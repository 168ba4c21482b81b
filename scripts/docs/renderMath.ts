import katex from 'katex';

/** TeX as HTML with MathML beside it for readers aloud. @throws Error (KaTeX's) where the TeX is wrong */
export function renderMath(tex: string, displayMode: boolean): string {
  return katex.renderToString(tex, { displayMode, throwOnError: true, strict: 'error', output: 'htmlAndMathml' });
}
