// The page of `gan export --format web`: dist/ui/export-page/ holds everything but the generator itself.
import {copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {build} from 'esbuild';
import {noticesOf} from './notices.mjs';

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

writeFileSync(
  path.join(out, 'THIRD-PARTY.txt'),
  `This page contains:\n\n${noticesOf(root, metafile.outputs['dist/ui/export-page/page.js'])}\n\n---\n\nApache License 2.0, which holds for the page itself and for what is said to be Apache-2.0 above:\n\n${readFileSync(path.join(root, 'LICENSE'), 'utf8')}`,
);
