import { expect, it, onTestFinished } from 'vitest';
import { serveOnPort } from './serveOnPort.ts';
import { UsageError } from './usageError.ts';

it('takes another port than the usual one where that is taken, and refuses to where it is asked for', async () => {
  const first = await serveOnPort({ files: {} });
  onTestFinished(() => first.close());
  const port = Number(new URL(first.url).port);
  const second = await serveOnPort({ files: {} }, undefined, port);
  onTestFinished(() => second.close());
  expect(new URL(second.url).port).not.toBe(String(port));
  const refused = new UsageError(`--port: ${port} is taken; name another, or leave it out`);
  await expect(serveOnPort({ files: {} }, port)).rejects.toThrow(refused);
});
