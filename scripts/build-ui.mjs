// The page of `gan ui`: one script and one style sheet, with all that they need.
import {cpSync, readFileSync} from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {build} from 'esbuild';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

await build({
  absWorkingDir: root,
  entryPoints: [
    {in: 'src/ui/page/main.ts', out: 'page'},
    {in: 'src/ui/page/page.css', out: 'page'},
  ],
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  outdir: 'dist/ui/page',
  // its own comment is not kept
  footer: {js: `/*! The charts are uPlot.\n${readFileSync(path.join(root, 'node_modules/uplot/LICENSE'), 'utf8')}*/`},
  logLevel: 'warning',
});
for (const name of ['index.html', 'icon.svg'])
  cpSync(path.join(root, 'src/ui/page', name), path.join(root, 'dist/ui/page', name));
