// Which modules are joined (join.mjs): those of this package and of its plug-ins. `node scripts/joined.mjs` joins them,
// with `--separate` it undoes that.
import {existsSync, readdirSync, statSync} from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {joinModules, separateModules} from './join.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** The folders of the plug-ins that are compiled here. */
export const plugins = readdirSync(path.join(root, 'plugins'))
  .map((name) => path.join(root, 'plugins', name))
  .filter((folder) => existsSync(path.join(folder, 'build.mjs')));

export async function joinAll() {
  await joinModules(root, {
    starts: ['cli/command/main.js', 'commands/fit.js', 'runs/open-training.js'],
    needs: {'backends/tfjs-core.js': ['@tensorflow/tfjs-core']},
    replaced: {'@oclif/core': 'vendor/oclif.js'},
  });
  for (const plugin of plugins) {
    const starts = ['index.js', 'open.js'].filter((name) => existsSync(path.join(plugin, 'dist', name)));
    await joinModules(plugin, {starts});
  }
}

export function separateAll() {
  for (const folder of [root, ...plugins]) separateModules(folder);
}

/** Whether all was built and joined since the sources were last changed. */
export function isCurrent() {
  const joined = [root, ...plugins].map((folder) => path.join(folder, 'dist/.apart'));
  if (!joined.every((folder) => existsSync(folder))) return false;
  const built = Math.min(...joined.map((folder) => statSync(folder).mtimeMs));
  const builtFrom = [
    ...['src', 'scripts', 'tsconfig.json', 'tsconfig.base.json', 'package-lock.json'].map((name) =>
      path.join(root, name),
    ),
    ...[root, ...plugins].map((folder) => path.join(folder, 'package.json')),
    ...plugins.flatMap((folder) =>
      ['src', 'assembly', 'kernels', 'build.mjs', 'build-kernels.mjs'].map((name) => path.join(folder, name)),
    ),
  ].filter((file) => existsSync(file));
  return builtFrom.every((file) => lastChange(file) <= built);
}

/** Of a file, or of a folder with all in it; milliseconds. */
function lastChange(file) {
  const {mtimeMs} = statSync(file);
  if (!statSync(file).isDirectory()) return mtimeMs;
  return Math.max(mtimeMs, ...readdirSync(file).map((name) => lastChange(path.join(file, name))));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv.includes('--separate')) separateAll();
  else await joinAll();
}
