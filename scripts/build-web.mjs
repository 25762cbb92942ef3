// The page of `gan export --format web`: dist/ui/export-page/ holds everything but the generator itself.
import {copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {build} from 'esbuild';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const out = path.join(root, 'dist/ui/export-page');
const require = createRequire(import.meta.url);
rmSync(out, {recursive: true, force: true});
mkdirSync(out, {recursive: true});

const {metafile} = await build({
  absWorkingDir: root,
  entryPoints: ['src/ui/export-page/main.ts'],
  outfile: 'dist/ui/export-page/page.js',
  bundle: true,
  minify: true,
  format: 'iife', // modules do not load from file://, where the page has to say so
  platform: 'browser',
  target: 'es2022',
  mainFields: ['module', 'main'],
  external: ['fs', 'path', 'os', 'crypto', 'perf_hooks', 'worker_threads'], // asked for under Node only
  legalComments: 'none', // THIRD-PARTY.txt has them all
  metafile: true,
  logLevel: 'warning',
});
for (const name of ['index.html', 'page.css'])
  copyFileSync(path.join(root, 'src/ui/export-page', name), path.join(out, name));
const wasm = path.join(path.dirname(require.resolve('@tensorflow/tfjs-backend-wasm/package.json')), 'dist');
for (const name of ['tfjs-backend-wasm.wasm', 'tfjs-backend-wasm-simd.wasm'])
  copyFileSync(path.join(wasm, name), path.join(out, name));

/** The folder of the package that a bundled file belongs to. */
const packageOf = (file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0];
const bundled = Object.entries(metafile.outputs['dist/ui/export-page/page.js'].inputs).filter(
  ([file, {bytesInOutput}]) => bytesInOutput > 0 && !file.startsWith('('),
);
const packages = [...new Set(bundled.map(([file]) => packageOf(file)).filter(Boolean))].sort();
const notices = packages.map((folder) => {
  const {name, version, license} = JSON.parse(readFileSync(path.join(root, folder, 'package.json'), 'utf8'));
  const file = readdirSync(path.join(root, folder)).find((each) => /^(licen[cs]e|copying)/i.test(each));
  return `${name} ${version} (${license})\n\n${file ? readFileSync(path.join(root, folder, file), 'utf8').trim() : ''}`.trim();
});
writeFileSync(
  path.join(out, 'THIRD-PARTY.txt'),
  `This page contains:\n\n${notices.join('\n\n---\n\n')}\n\n---\n\nApache License 2.0, which holds for the page itself and for what is said to be Apache-2.0 above:\n\n${readFileSync(path.join(root, 'LICENSE'), 'utf8')}`,
);
