import {existsSync, readFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/**
 * `gankit/0.1.0 linux-x64 node-v20.20.2`: what oclif prints for `--version`. Undefined under Linux in Windows (WSL),
 * which oclif calls a platform of its own.
 * @param root the folder of this package
 */
export function versionText(root: string): string | undefined {
  if (mayBeWsl()) return undefined;
  const text = readFileSync(path.join(root, 'package.json'), 'utf8');
  const {name, version} = JSON.parse(text) as {name: string; version: string};
  const arch = process.arch === 'ia32' ? 'x86' : process.arch;
  return `${name}/${version} ${process.platform}-${arch} node-${process.version}`;
}

/** Whether there is anything by which Linux in Windows is known. */
function mayBeWsl(): boolean {
  if (process.platform !== 'linux') return false;
  const traces = ['/proc/sys/fs/binfmt_misc/WSLInterop', '/run/WSL'];
  return /microsoft/i.test(`${os.release()} ${os.version()}`) || traces.some((file) => existsSync(file));
}
