// `node scripts/first-pictures.mjs [FOLDER]` types the commands of docs/first-pictures.md, from "The pictures" on, in a new folder
// (runs/first-pictures by default), copies the pictures that they make to docs/images and prints the times and the machine. The
// commands are those of the page, word for word; `gan` is this clone's.
import {spawnSync} from 'node:child_process';
import {copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {cpus} from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const [given = path.join(root, 'runs/first-pictures')] = process.argv.slice(2);
if (given.startsWith('-')) {
  console.error('node scripts/first-pictures.mjs [FOLDER]');
  process.exit(2);
}
const folder = path.resolve(given);
const page = readFileSync(path.join(root, 'docs/first-pictures.md'), 'utf8');
const typed = page.slice(page.indexOf('## The pictures'));
const commands = [...typed.matchAll(/^```sh\n(.*?)^```/gms)].flatMap(([, block]) => block.trim().split('\n'));

rmSync(folder, {recursive: true, force: true});
mkdirSync(path.join(folder, '.bin'), {recursive: true});
writeFileSync(path.join(folder, '.bin/gan'), `#!/bin/sh\nexec "${process.execPath}" "${root}/bin/run.js" "$@"\n`, {
  mode: 0o755,
});
for (const command of commands) {
  const began = performance.now();
  const {status} = spawnSync('sh', ['-c', command], {
    cwd: folder,
    env: {...process.env, PATH: `${folder}/.bin${path.delimiter}${process.env.PATH}`},
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
  console.log(`${((performance.now() - began) / 1000).toFixed(0)} s  ${command}`);
}
const pictures = [...typed.matchAll(/\]\(images\/first-([\w-]+\.png)\)/g)].map(([, name]) => name);
for (const name of pictures) {
  if (!existsSync(path.join(folder, name))) throw new Error(`no command of the page makes ${name}`);
  copyFileSync(path.join(folder, name), path.join(root, 'docs/images', `first-${name}`));
}
console.log(`${cpus()[0]?.model}, ${cpus().length} cores`);
