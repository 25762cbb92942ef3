// npm run webgpu: installs what plugins/webgpu stands on (200 MB, which is why `npm ci` does not) and links it beside
// gan.
import {execFileSync} from 'node:child_process';
import {rmSync, symlinkSync} from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
execFileSync('npm', ['ci', '--prefix', path.join(root, 'plugins/webgpu')], {
  stdio: 'inherit',
  shell: process.platform === 'win32',
});
const link = path.join(root, 'node_modules/gan-plugin-webgpu');
rmSync(link, {recursive: true, force: true});
symlinkSync(path.join(root, 'plugins/webgpu'), link, 'junction');
