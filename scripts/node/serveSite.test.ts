import { request } from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { READING_CSP, type Site, STRICT_CSP, serveSite } from './serveSite.ts';

const here = path.dirname(fileURLToPath(import.meta.url));

/** The status of an address sent as it is; fetch would tidy it. */
function statusOf(site: Site, address: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(site.url);
    const asked = request({ hostname, port, path: address }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asked.on('error', reject).end();
  });
}

describe('a site', () => {
  let site: Site;

  beforeAll(async () => {
    site = await serveSite({
      files: {
        '/index.html': '<p>here</p>',
        '/late.js': async () => 'export {};',
        '/broken.js': () => Promise.reject('no'),
      },
      folders: { '/io/': here },
    });
  });

  afterAll(() => site.close());

  it('answers with what it was given, and its type', async () => {
    const index = await fetch(site.url);
    expect([index.headers.get('content-type'), await index.text()]).toEqual(['text/html', '<p>here</p>']);
    const late = await fetch(`${site.url}late.js`);
    expect([late.headers.get('content-type'), await late.text()]).toEqual(['text/javascript', 'export {};']);
    const source = await fetch(`${site.url}io/serveSite.ts`);
    expect([source.headers.get('content-type'), await source.text()]).toEqual([
      'application/octet-stream',
      expect.stringContaining('serveSite'),
    ]);
    expect(index.headers.get('cross-origin-opener-policy')).toBeNull();
  });

  it('answers with nothing else', async () => {
    expect(await statusOf(site, '/other.js')).toBe(404);
    expect(await statusOf(site, '/io/../start.ts')).toBe(404);
    expect(await statusOf(site, '/io/..%2fstart.ts')).toBe(404);
    expect(await statusOf(site, '/broken.js')).toBe(500);
  });

  it('sends the headers asked for', async () => {
    const strict = await serveSite({
      files: { '/index.html': '', '/guide/index.html': '' },
      crossOriginIsolated: true,
      contentSecurityPolicy: STRICT_CSP,
      policiesBelow: { '/guide/': READING_CSP },
    });
    try {
      const guide = await fetch(`${strict.url}guide/`);
      expect(guide.headers.get('content-security-policy')).toBe(READING_CSP);
      const { headers } = await fetch(strict.url);
      expect(headers.get('content-security-policy')).toBe(STRICT_CSP);
      expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
      expect(headers.get('cross-origin-embedder-policy')).toBe('require-corp');
    } finally {
      await strict.close();
    }
  });
});
