import {mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import type {PackageInfo} from '../../dist/plugin/manifest.js';
import type {TensorApi} from '../../dist/plugin/lazy.js';

const made: string[] = [];

/** An empty folder; `removeFolders` takes all of them away. */
export function folder(): string {
  const dir = realpathSync(mkdtempSync(path.join(tmpdir(), 'gan-test-')));
  made.push(dir);
  return dir;
}

export function removeFolders(): void {
  for (const dir of made.splice(0)) rmSync(dir, {recursive: true, force: true});
}

export function write(dir: string, files: Record<string, string>): void {
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(dir, name);
    mkdirSync(path.dirname(file), {recursive: true});
    writeFileSync(file, content);
  }
}

/** A package on disk with a `gan` block and modules. */
export function pack(name: string, gan: unknown, files: Record<string, string> = {}): PackageInfo {
  const root = folder();
  const pjson = {name, version: '1.0.0', type: 'module', gan};
  write(root, {'package.json': JSON.stringify(pjson), ...files});
  return {name, root, pjson};
}

/** For tests in which no part may touch tfjs. */
export const noTensors = (): Promise<TensorApi> => Promise.reject(new Error('tfjs was loaded'));

export {ganError} from '../gan-error.js';

/**
 * A backend's module; `probe` is JavaScript for what its probe returns, `more` for further properties of the
 * definition.
 */
export const backendModule = (name: string, probe: string, open = "({tfBackend: 'cpu'})", more = ''): string =>
  `export default ({backend, opt}) => backend({
    name: '${name}', summary: 'A test.', ${more} options: {threads: opt.int(1, {min: 1, max: 8})},
    create: ({threads}) => ({probe: async () => (${probe}), open: async () => ${open}}),
  });`;
