import { describe, expect, it } from 'vitest';
import { labelWords } from './page.ts';

describe('labelWords', () => {
  it('reads as words', () => {
    expect(labelWords('human_elder')).toBe('human elder');
  });
});
