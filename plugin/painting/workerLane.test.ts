import { expect, it, vi } from 'vitest';
import { WorkerLane } from './workerLane.ts';

it('ends a worker to which its model cannot be sent', () => {
  const error = new DOMException('URL object could not be cloned.', 'DataCloneError');
  const terminate = vi.fn();
  const worker = {
    postMessage: () => {
      throw error;
    },
    terminate,
  };
  expect(() => new WorkerLane(worker as never, { type: 'load' } as never)).toThrow(error);
  expect(terminate).toHaveBeenCalledOnce();
});
