import {constants} from 'node:fs';
import {open, type FileHandle} from 'node:fs/promises';

/** What is no regular file where one is needed. The message does not name it. */
export class NoRegularFile extends Error {
  override readonly name = 'NoRegularFile';
}

/**
 * Opens a regular file to read. A named pipe would be waited for without end, a device may have no end: neither is
 * opened.
 * @throws NoRegularFile, and what the system says
 */
export async function openRegularFile(path: string): Promise<FileHandle> {
  const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0); // Windows has no O_NONBLOCK
  const file = await open(path, flags).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENXIO' ? new NoRegularFile('it is a socket; a file is needed') : error;
  });
  const found = await file.stat();
  if (found.isFile()) return file;
  await file.close();
  throw new NoRegularFile(`it is ${kindOf(found)}; a file is needed`);
}

/**
 * The bytes of a regular file.
 * @param most bytes that it may have
 * @throws NoRegularFile; RangeError where it is larger; what the system says
 */
export async function readRegularFile(path: string, most = Infinity): Promise<Buffer> {
  const file = await openRegularFile(path);
  try {
    const {size} = await file.stat();
    if (size > most) throw new RangeError(`${path} has ${size} bytes; ${most} are allowed`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

const kindOf = (found: Awaited<ReturnType<FileHandle['stat']>>): string =>
  found.isDirectory() ? 'a folder' : found.isFIFO() ? 'a named pipe' : 'a device';
