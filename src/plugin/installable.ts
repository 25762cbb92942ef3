import {existsSync} from 'node:fs';
import path from 'node:path';
import type {PartKind} from './index.js';

/** A part of this project that comes in a package of its own, because of its size. */
export interface InstallablePart {
  kind: PartKind;
  name: string;
  package: string;
  /** It is a backend that computes on a GPU alone. */
  needsGpu?: boolean;
  /** How a user installs it. */
  fix: string;
  /** What is in this machine that only it makes use of; undefined where there is nothing. Looks for files only. */
  use?: () => string | undefined;
}

export const installable: readonly InstallablePart[] = [
  {
    kind: 'backend',
    name: 'cuda',
    package: 'gan-plugin-cuda',
    needsGpu: true,
    fix: 'gan plugins install gan-plugin-cuda (as a library: npm install gan-plugin-cuda)',
    use: () => (hasNvidiaDriver() ? 'an NVIDIA driver' : undefined),
  },
  {
    kind: 'backend',
    name: 'webgpu',
    package: 'gan-plugin-webgpu',
    needsGpu: true,
    fix: 'gan plugins install gan-plugin-webgpu (as a library: npm install gan-plugin-webgpu; in the sources of gan: npm run webgpu)',
  },
];

/**
 * Whether an NVIDIA driver is installed, by what it leaves: a device on Linux, a library in WSL and on Windows.
 * @param root of the file system
 */
export function hasNvidiaDriver(
  root = '/',
  platform: NodeJS.Platform = process.platform,
  env: NodeJS.ProcessEnv = process.env,
): boolean {
  const files =
    platform === 'win32'
      ? [path.win32.join(env['SystemRoot'] ?? 'C:\\Windows', 'System32', 'nvcuda.dll')]
      : platform === 'linux'
        ? ['dev/nvidiactl', 'usr/lib/wsl/lib/libcuda.so.1'].map((file) => path.join(root, file))
        : [];
  return files.some((file) => existsSync(file));
}
