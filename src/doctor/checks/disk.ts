import {constants, existsSync} from 'node:fs';
import {access, statfs} from 'node:fs/promises';
import path from 'node:path';
import {bytesText, ok, problem, warning, type DoctorContext, type Finding} from '../context.js';

/** A run of the default networks has checkpoints of about 60 MB, and keeps a few. */
const neededBytes = 300e6;
const comfortableBytes = 2e9;

/** Checks whether runs can be written, and how much disk space is left. */
export async function checkDisk({cwd}: Pick<DoctorContext, 'cwd'>, free = freeBytes): Promise<Finding[]> {
  const runs = path.join(cwd, 'runs');
  const folder = existsSync(runs) ? runs : cwd;
  const elsewhere = 'start gan in another folder, or give gan fit --out DIR';
  try {
    await access(folder, constants.W_OK);
  } catch {
    return [problem('disk', `${folder} cannot be written to`, elsewhere)];
  }
  const bytes = await free(folder);
  const what = `${bytesText(bytes)} free in ${folder}`;
  if (bytes < neededBytes)
    return [problem('disk', `${what}; a run needs ${bytesText(neededBytes)}`, `make room, or ${elsewhere}`)];
  if (bytes < comfortableBytes)
    return [warning('disk', `${what}; long runs with many checkpoints may need more`, 'make room, or remove old runs')];
  return [ok('disk', what)];
}

async function freeBytes(folder: string): Promise<number> {
  const {bavail, bsize} = await statfs(folder);
  return bavail * bsize;
}
