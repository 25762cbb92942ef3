// Builds everything that `npm run build` promises: the packages in dist/vendor, the library and CLI, the pages of web
// exports and of `gan ui`, the built-in plug-ins, and what is written down of them. Then joins modules (joined.mjs), not
// with `--apart`.
import {spawn} from 'node:child_process';
import {writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {joinAll, plugins, separateAll} from './joined.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const require = createRequire(import.meta.url);
const node = (script, ...args) =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, ...args], {cwd: root, stdio: 'inherit'});
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`${path.relative(root, script)} failed`))));
  });

separateAll();
await import('./build-vendor.mjs');
await node(path.join(path.dirname(require.resolve('typescript/package.json')), 'bin/tsc'), '-p', 'tsconfig.json');
await import('./build-web.mjs');
await import('./build-ui.mjs');

// the plug-ins need the types of the library; native also those of wasm
const buildPlugin = (folder) => node(path.join(folder, 'build.mjs'));
const wasm = path.join(root, 'plugins/wasm');
await buildPlugin(wasm);
await Promise.all(plugins.filter((folder) => folder !== wasm).map(buildPlugin));

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
if (!process.argv.includes('--apart')) await joinAll();
