/** Files beside others, on disks and on servers alike. */
import {dirname, isAbsolute, join} from 'node:path';
import {addressBeside, isAddress} from '../../address.js';
import {GanError, isGanError} from '../../errors.js';
import {systemError} from '../../system-error.js';
import {NoRegularFile} from './regular-file.js';
import {openRandomAccess, type RandomAccess} from './random-access-file.js';

/**
 * The place of a file that another one names.
 * @param path the other one's, or its address
 * @param name relative to the folder of the other one, with `/` between folders; or absolute, or an address. What lies
 * on a server names nothing on this disk
 */
export function placeBeside(path: string, name: string): string {
  if (isAddress(path) || isAddress(name)) return addressBeside(path, name);
  return isAbsolute(name) ? name : join(dirname(path), name);
}

/**
 * A file that may be there or not; undefined: there is none, or its server does not give it to this user.
 * @throws GanError of the network; what the system says of a file that is there and cannot be read
 */
export async function openIfThere(place: string): Promise<RandomAccess | undefined> {
  try {
    return await openRandomAccess(place);
  } catch (error) {
    const {code = ''} = error as {code?: string};
    const missing = isGanError(error)
      ? ['GAN_DATA_NOT_FOUND', 'GAN_DATA_REFUSED']
      : ['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'];
    if (missing.includes(code) || error instanceof NoRegularFile) return undefined;
    throw systemError(error) ?? error;
  }
}

/**
 * All of a file.
 * @param most bytes that it may have
 * @throws GanError GAN_DATA_FORMAT where it is larger; of `openRandomAccess`
 */
export async function readWhole(place: string, most: number): Promise<Buffer> {
  const file = await openRandomAccess(place);
  if (file.size > most)
    throw new GanError(
      'data',
      'GAN_DATA_FORMAT',
      `${place} has ${file.size} bytes; at most ${most} are read of such files`,
      {
        suggestions: ['Split it, or check that it is the file that you mean.'],
      },
    );
  return file.read(0, file.size);
}
