// Packages as one file each, in dist/vendor.
import {writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {build} from 'esbuild';
import {noticesOf} from './notices.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const vendor = path.join(root, 'dist/vendor');
const bundle = async (file, options) => {
  const {metafile} = await build({
    absWorkingDir: root,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    outfile: path.join(vendor, file),
    metafile: true,
    logLevel: 'warning',
    ...options,
  });
  return Object.values(metafile.outputs)[0];
};

// tfjs-core registers its gradients in ES modules that Node cannot import (no file extensions, no "type"); one bundle
// of them works, because tfjs keeps its registries on globalThis (src/backends/tf.ts).
await bundle('tf-gradients.cjs', {
  stdin: {contents: "import '@tensorflow/tfjs-core/dist/register_all_gradients';", resolveDir: root},
  mainFields: ['module', 'main'],
  legalComments: 'inline',
});

// oclif and what it needs are 130 files. The joined modules import this in its place (join.mjs). What oclif looks for in
// the project of a plug-in's developer stays out.
const output = await bundle('oclif.cjs', {
  entryPoints: [createRequire(import.meta.url).resolve('@oclif/core')],
  external: ['typescript', 'ts-node', 'tsx', 'pnpapi'],
  legalComments: 'none', // THIRD-PARTY.txt has them all
  minifyWhitespace: true,
});
const names = Object.keys(await import('@oclif/core')).filter(
  (name) => !['default', '__esModule', 'module.exports'].includes(name),
);
writeFileSync(
  path.join(vendor, 'oclif.js'),
  `import {createRequire} from 'node:module';\n\nexport const {${names.join(', ')}} = createRequire(import.meta.url)('./oclif.cjs');\n`,
);
writeFileSync(path.join(vendor, 'THIRD-PARTY.txt'), `oclif.cjs contains:\n\n${noticesOf(root, output)}\n`);
