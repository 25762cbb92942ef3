import {existsSync} from 'node:fs';
import path from 'node:path';
import {libraryFolders} from '../libraries/folders.js';
import type {Machine} from '../libraries/machine.js';

const fileName = 'libnccl.so.2';

/** The file of NCCL, in the folders of the other libraries; undefined where there is none, or not for this system. */
export function findNccl(machine: Machine, named: readonly (string | undefined)[] = []): string | undefined {
  if (machine.platform !== 'linux') return undefined;
  return libraryFolders(machine, named)
    .map((folder) => path.join(folder, fileName))
    .find((file) => existsSync(file));
}
