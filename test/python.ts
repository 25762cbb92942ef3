import type {Context} from 'mocha';
import {execFile} from 'node:child_process';
import {promisify} from 'node:util';

/** What was found for some modules: to ask starts a process. */
const found = new Map<string, Promise<string | undefined>>();

/** The first of `$PYTHON`, python3, and Debian's own that can import some modules, such as `numpy, scipy`. */
export function pythonWith(modules: string): Promise<string | undefined> {
  const known = found.get(modules) ?? look(modules);
  found.set(modules, known);
  return known;
}

async function look(modules: string): Promise<string | undefined> {
  const given = process.env['PYTHON'];
  for (const python of given === undefined ? ['python3', '/usr/bin/python3'] : [given]) {
    const works = await promisify(execFile)(python, ['-c', `import ${modules}`]).then(
      () => true,
      () => false,
    );
    if (works) return python;
  }
  return undefined;
}

/** A Python that can import these modules; without one the test, or the suite, is skipped with a line that says why. */
export async function pythonOrSkip(test: Context, modules: string): Promise<string> {
  const python = await pythonWith(modules);
  if (python !== undefined) return python;
  console.log(`    skipped: no Python with ${modules} was found (set PYTHON)`);
  return test.skip();
}

export const pythonWithTorch = (): Promise<string | undefined> => pythonWith('torch');
