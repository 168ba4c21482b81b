// Finds a Python for tests of what is written in it: of this repository, of Debian, or the one that PYTHON names.
import { execFileSync } from 'node:child_process';

const CANDIDATES = [process.env.PYTHON, 'python3', '/usr/bin/python3'].filter((path) => path !== undefined);

/** A Python that has these modules; null: there is none, and tests that need them are skipped. */
export function findPython(...modules: string[]): string | null {
  const script = `import importlib.util as u, sys; sys.exit(not all(map(u.find_spec, ${JSON.stringify(modules)})))`;
  return CANDIDATES.find((path) => isGood(path, script)) ?? null;
}

function isGood(path: string, script: string): boolean {
  try {
    execFileSync(path, ['-c', script], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
