import { startProgress } from '../../node/progress.ts';

/** Runs a job under a progress line. */
export async function shown<T>(title: string, job: (onProgress: (share: number) => void) => Promise<T>): Promise<T> {
  const progress = startProgress(title);
  try {
    return await job((share) => progress.update(share, ''));
  } finally {
    progress.stop();
  }
}
