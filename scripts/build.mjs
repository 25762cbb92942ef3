// Builds everything that `npm run build` promises: the tfjs gradients, the library and CLI, the pages of web exports
// and of `gan ui`, the built-in plug-ins, and what is written down of them.
import {spawn} from 'node:child_process';
import {existsSync, readdirSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {joinModules} from './join.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const require = createRequire(import.meta.url);
const node = (script, ...args) =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, ...args], {cwd: root, stdio: 'inherit'});
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`${path.relative(root, script)} failed`))));
  });

await import('./build-vendor.mjs');
await node(path.join(path.dirname(require.resolve('typescript/package.json')), 'bin/tsc'), '-p', 'tsconfig.json');
await import('./build-web.mjs');
await import('./build-ui.mjs');

// the plug-ins need the types of the library; native also those of wasm
const plugins = readdirSync(path.join(root, 'plugins')).filter((name) =>
  existsSync(path.join(root, 'plugins', name, 'build.mjs')),
);
const buildPlugin = (name) => node(path.join(root, 'plugins', name, 'build.mjs'));
await buildPlugin('wasm');
await Promise.all(plugins.filter((name) => name !== 'wasm').map(buildPlugin));

await joinModules(root, {
  starts: ['cli/command/main.js', 'commands/fit.js', 'runs/open-training.js'],
  needs: {'backends/tfjs-core.js': ['@tensorflow/tfjs-core']},
  replaced: {'@oclif/core': 'vendor/oclif.js'},
});
for (const name of plugins) await joinModules(path.join(root, 'plugins', name), {starts: ['index.js', 'open.js']});

// What commands there are, so that starting `gan` need load none of them; and the schema of configurations, for
// editors.
const {Plugin} = await import('@oclif/core');
const plugin = new Plugin({root, type: 'core', ignoreManifest: true, errorOnManifestCreate: true});
await plugin.load();
writeFileSync(path.join(root, 'oclif.manifest.json'), JSON.stringify(plugin.manifest));
const [{configSchema}, {openRegistry}] = await Promise.all([
  import('../dist/config/json-schema.js'),
  import('../dist/plugin/discover.js'),
]);
writeFileSync(
  path.join(root, 'dist/gan.schema.json'),
  `${JSON.stringify(await configSchema(openRegistry()), null, 2)}\n`,
);
