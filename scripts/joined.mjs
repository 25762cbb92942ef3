// Which modules are joined (join.mjs): those of this package and of its plug-ins. `node scripts/joined.mjs` joins them.
import {existsSync, readdirSync} from 'node:fs';
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
  for (const plugin of plugins) await joinModules(plugin, {starts: ['index.js', 'open.js']});
}

export function separateAll() {
  for (const folder of [root, ...plugins]) separateModules(folder);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await joinAll();
