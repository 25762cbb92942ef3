import {archiveRecords} from './archive.js';
import {arrayRecords} from './npz.js';
import type {Records} from './types.js';
import {openZip, readMember} from './zip-file.js';

/**
 * The pictures of a zip archive, or of the arrays of numpy in one (npz).
 * @throws GanError GAN_DATA_FORMAT, GAN_DATA_EMPTY
 */
export async function zipRecords(path: string): Promise<Records> {
  const zip = await openZip(path);
  const {members, leftOut} = zip;
  if (members.length > 0 && members.every(({name}) => name.endsWith('.npy'))) return arrayRecords(zip);
  return archiveRecords({kind: 'zip archive', path, members, leftOut, read: (member) => readMember(zip, member)});
}
