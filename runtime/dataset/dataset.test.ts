import { describe, expect, it } from 'vitest';
import { DatasetError } from './dataset.ts';

describe('DatasetError', () => {
  it('lists every problem in its message', () => {
    const error = new DatasetError('faces', ['a.png: is broken', 'b.png: is missing']);
    expect(error.message).toBe('openDataset: "faces" has 2 problems:\n- a.png: is broken\n- b.png: is missing');
    expect(error.problems).toHaveLength(2);
    expect(error.name).toBe('DatasetError');
  });
});
