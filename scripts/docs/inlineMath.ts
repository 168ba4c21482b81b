import type { MarkdownIt } from 'markdown-it';
import { renderMath } from './renderMath.ts';

const DOLLAR = '$';

/** Teaches a renderer `$x_t$`: no space inside the dollars, no line break, no digit behind. */
export function inlineMath(markdown: MarkdownIt): void {
  markdown.inline.ruler.after('escape', 'math', (state, silent) => {
    const { src, pos } = state;
    if (src[pos] !== DOLLAR || /\s/.test(src[pos + 1] ?? ' ')) return false;
    const end = src.indexOf(DOLLAR, pos + 1);
    const tex = src.slice(pos + 1, end);
    if (end === -1 || tex === '' || /\s$|\n/.test(tex) || /\d/.test(src[end + 1] ?? '')) return false;
    if (!silent) state.push('math', '', 0).content = tex;
    state.pos = end + 1;
    return true;
  });
  markdown.renderer.rules.math = (tokens, index) => renderMath(tokens[index]!.content, false);
}
