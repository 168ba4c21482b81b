// Requests that no browser sends, to a site of this machine.
import { request } from 'node:http';
import { packageRoot } from '../../node/packageRoot.ts';
import { serveSite } from '../../node/serveSite.ts';
import { type Attack, demand } from '../attack.ts';
import { mutateText } from '../mutate.ts';

const PATHS = [
  '/index.html',
  '/docs/guide/01-models.md',
  '/guide/__proto__',
  '/..%2f..%2fetc/passwd',
  '/%',
  '//',
  '/constructor',
];
const HOSTS = ['localhost', '127.0.0.1', 'evil.example', '', '[::1]', '__proto__', 'localhost:99999'];

export const sites: Attack = {
  name: 'requests to a site',
  limitMs: 2000,
  weight: 0.5,
  async open() {
    const posts = { '/picks': async (body: string) => String(body.length) };
    const site = await serveSite({
      folders: { '/docs/': `${packageRoot()}/docs` },
      files: { '/index.html': 'page' },
      posts,
    });
    const { port } = new URL(site.url);
    return {
      async attempt(dice) {
        const path = dice.happens(0.7) ? mutateText(dice, dice.pick(PATHS)) : dice.pick(PATHS);
        const host = dice.happens(0.6) ? `127.0.0.1:${port}` : dice.pick(HOSTS);
        const status = await statusOf(Number(port), dice.pick(['GET', 'HEAD', 'POST', 'PUT']), path, host);
        demand(status < 500, `the answer to ${JSON.stringify(path.slice(0, 80))} is ${status}`);
        demand((await statusOf(Number(port), 'GET', '/index.html', `127.0.0.1:${port}`)) === 200, 'the site has died');
        return status < 400 ? 'correct' : 'refused';
      },
      close: site.close,
    };
  },
};

/** The status of an answer; 400 for a request that Node itself refuses to send or to read. */
function statusOf(port: number, method: string, path: string, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    try {
      const asked = request({ port, host: '127.0.0.1', method, path, headers: { host }, timeout: 1500 }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode ?? 0));
      });
      asked.on('timeout', () => asked.destroy(new Error('site: no answer came within 1500 ms')));
      asked.on('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'ECONNREFUSED' || error.code === undefined) reject(error);
        else resolve(400);
      });
      asked.end();
    } catch {
      resolve(400);
    }
  });
}
