import { describe, expect, it } from 'vitest';
import { labelWords } from './labelWords.ts';

describe('labelWords', () => {
  it('reads as words', () => {
    expect(labelWords('human_elder')).toBe('human elder');
  });

  it('says of a name that stands for two things what it stands for', () => {
    expect(['scroll_book', 'gem_gold', 'plant_tree', 'moss_dirt'].map(labelWords)).toEqual([
      'scroll or book',
      'gem or gold',
      'plant or tree',
      'moss and dirt',
    ]);
  });

  it('leaves names alone that every object has', () => {
    expect(labelWords('constructor')).toBe('constructor');
  });
});
