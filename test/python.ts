import {execFile} from 'node:child_process';
import {promisify} from 'node:util';

/** The first of `$PYTHON`, python3, and Debian's own that can import some modules, such as `numpy, scipy`. */
export async function pythonWith(modules: string): Promise<string | undefined> {
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

export const pythonWithTorch = (): Promise<string | undefined> => pythonWith('torch');
