import type { LabelBlend } from '../../runtime/index.ts';

export const BLEND_FORM = 'another label and its share, such as grass=0.4';

/** Reads a label and its share from one text; undefined for a text of another form. Whether they are known the recipe checks. */
export function blendFromText(text: string): LabelBlend | undefined {
  const [label = '', amount = '', ...more] = text.split('=').map((part) => part.trim());
  return label && /^\d+(\.\d+)?$/.test(amount) && more.length === 0 ? { label, amount: Number(amount) } : undefined;
}
