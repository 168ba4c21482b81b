import { statSync } from 'node:fs';
import { type RequestOptions, request } from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { READING_CSP, type Site, STRICT_CSP, serveSite } from './serveSite.ts';
import { UsageError } from './usageError.ts';

const here = path.dirname(fileURLToPath(import.meta.url));

/** The status of an address sent as it is, under some name and method; fetch would tidy it. */
function statusOf(site: Site, address: string, options: RequestOptions = {}): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(site.url);
    const asked = request({ hostname, port, path: address, ...options }, (response) => {
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
      make: async (address) => {
        if (address === '/made/refused') throw new UsageError('made: no');
        return address === '/made/strange' ? (Object.prototype as string) : undefined;
      },
    });
  });

  afterAll(() => site.close());

  it('answers with what it was given, and its type', async () => {
    const index = await fetch(site.url);
    expect([index.headers.get('content-type'), await index.text()]).toEqual(['text/html', '<p>here</p>']);
    const late = await fetch(`${site.url}late.js`);
    expect([late.headers.get('content-type'), await late.text()]).toEqual(['text/javascript', 'export {};']);
    const source = await fetch(`${site.url}io/gradientWorker.source.mjs`);
    expect([source.headers.get('content-type'), await source.text()]).toEqual([
      'text/javascript',
      expect.stringContaining('gradientWorker'),
    ]);
    expect(source.headers.get('cache-control')).toBe('no-store');
    expect(index.headers.get('cross-origin-opener-policy')).toBeNull();
  });

  it('sends the beginning of a file from a folder, which is all that a page takes of an auto-encoder', async () => {
    const address = `${site.url}io/gradientWorker.source.mjs`;
    const part = await fetch(address, { headers: { Range: 'bytes=0-9' } });
    const whole = await (await fetch(address)).text();
    expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 0-9/${Buffer.byteLength(whole)}`]);
    expect(await part.text()).toBe(whole.slice(0, 10));
  });

  it('answers with nothing else', async () => {
    expect(await statusOf(site, '/other.js')).toBe(404);
    for (const address of ['/io/../start.ts', '/io/..%2fstart.ts', '/io/..%2f..%2fpackage.json', '/io/%00', '/io/']) {
      expect(await statusOf(site, address), address).toBe(404);
    }
    expect(await statusOf(site, '/io')).toBe(404);
    expect(await statusOf(site, '/broken.js')).toBe(500);
    expect(await statusOf(site, '/made/refused')).toBe(400);
    expect(await statusOf(site, '/', { method: 'PUT' })).toBe(405);
    expect(await statusOf(site, '/', { method: 'POST' })).toBe(404);
  });

  it('survives malformed addresses and what every object inherits', async () => {
    for (const address of ['/%', '//', '/%c0%ae', '/io/%']) expect(await statusOf(site, address), address).toBe(400);
    for (const address of ['/__proto__', '/io/__proto__', '/constructor', '/made/strange']) {
      expect(await statusOf(site, address), address).toBe(404);
    }
    expect(await statusOf(site, '/')).toBe(200);
  });

  it('answers requests to localhost alone, on any port', async () => {
    for (const host of ['localhost', '127.0.0.1:8080']) {
      expect(await statusOf(site, '/', { headers: { host } }), host).toBe(200);
    }
    for (const host of ['evil.example', 'localhost.evil.example:80', '127.0.0.1.nip.io']) {
      expect(await statusOf(site, '/', { headers: { host } }), host).toBe(403);
    }
  });

  it('answers its own page on port 80, which browsers leave out of addresses', async ({ skip }) => {
    const posts = { '/picks': async () => 'saved' };
    const own = await serveSite({ files: { '/index.html': '' }, posts, port: 80 }).catch(() => null);
    if (!own) return skip('this machine keeps port 80 to itself');
    try {
      expect((await fetch(own.url)).status).toBe(200);
      const post = (origin: string) => fetch(`${own.url}picks`, { method: 'POST', headers: { origin } });
      expect([(await post('http://127.0.0.1')).status, (await post('http://evil.example')).status]).toEqual([200, 403]);
    } finally {
      await own.close();
    }
  });

  it('says how long each file is, so that progress can be shown', async () => {
    for (const [address, length] of [
      ['', '<p>here</p>'.length],
      ['late.js', 'export {};'.length],
      ['io/serveSite.ts', statSync(path.join(here, 'serveSite.ts')).size],
    ] as const) {
      expect((await fetch(site.url + address)).headers.get('content-length'), address).toBe(String(length));
    }
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

  it('lets browsers keep files where it is told to, until they change', async () => {
    const files = { '/index.html': 'one', '/main-0A1B2C3D.js': '' };
    const kept = await serveSite({ files, folders: { '/io/': here }, caching: true });
    try {
      for (const address of ['', 'io/serveSite.ts']) {
        const { headers } = await fetch(kept.url + address);
        expect(headers.get('cache-control'), address).toBe('no-cache');
        const again = { headers: { 'If-None-Match': headers.get('etag')! } };
        expect((await fetch(kept.url + address, again)).status, address).toBe(304);
      }
      const { headers } = await fetch(`${kept.url}main-0A1B2C3D.js`);
      expect(headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
      const etag = (await fetch(kept.url)).headers.get('etag')!;
      files['/index.html'] = 'two';
      const changed = await fetch(kept.url, { headers: { 'If-None-Match': etag } });
      expect([changed.status, await changed.text()]).toEqual([200, 'two']);
    } finally {
      await kept.close();
    }
  });
});
