/** The one way to read a whole file of a run: bounded, and told apart are missing, unreadable and damaged. */
import type {FileHandle} from 'node:fs/promises';
import {GanError} from '../../errors.js';
import {openRegularFile} from './regular-file.js';
import {JsonError, parseJson, withoutChecksum, type Check} from '../../options/json.js';

/** Large enough for every JSON file of a run, in bytes. */
const mostJson = 64 << 20;

/**
 * Opens a regular file to read; undefined when there is none. A pipe is not waited for.
 * @throws GanError GAN_FILE_UNREADABLE (exit 5) for every other reason
 */
export async function openRegular(path: string): Promise<FileHandle | undefined> {
  try {
    return await openRegularFile(path);
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw unreadable(path, (error as Error).message, error);
  }
}

/**
 * The bytes of a regular file; undefined when there is none.
 * @throws GanError GAN_FILE_UNREADABLE; GAN_FILE_BROKEN when it has more than `maxBytes` (exit 5)
 */
export async function readRegular(path: string, maxBytes = Infinity): Promise<Buffer | undefined> {
  const file = await openRegular(path);
  if (!file) return undefined;
  try {
    const {size} = await file.stat();
    if (size > maxBytes) throw broken(path, `it has ${size} bytes, and at most ${maxBytes} are read`);
    const bytes = Buffer.alloc(size);
    let length = 0;
    while (length < size) {
      const {bytesRead} = await file.read(bytes, length, Math.min(size - length, 1 << 30), length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return bytes.subarray(0, length);
  } catch (error) {
    throw error instanceof GanError ? error : unreadable(path, (error as Error).message, error);
  } finally {
    await file.close();
  }
}

/**
 * What a JSON file holds, after its checksum and its schema; undefined when there is no such file.
 * @throws GanError GAN_FILE_UNREADABLE, GAN_FILE_BROKEN (exit 5)
 */
export async function readJsonFile<T>(
  path: string,
  check: Check<T>,
  {suggestions = [] as string[], maxBytes = mostJson} = {},
): Promise<T | undefined> {
  const bytes = await readRegular(path, maxBytes);
  if (!bytes) return undefined;
  try {
    return check(withoutChecksum(parseJson(bytes.toString())), '');
  } catch (error) {
    if (error instanceof JsonError) throw broken(path, `it ${error.message}`, suggestions);
    throw error;
  }
}

/** The error for a file or folder that is there and cannot be read. */
export const unreadable = (path: string, why: string, cause?: unknown): GanError =>
  new GanError('data', 'GAN_FILE_UNREADABLE', `cannot read ${path}: ${why}`, {
    suggestions: [`ls -ld ${path}   shows what it is, and who may read it`],
    ...(cause !== undefined && {cause}),
  });

const broken = (path: string, why: string, suggestions: string[] = []): GanError =>
  new GanError('data', 'GAN_FILE_BROKEN', `${path} is damaged: ${why}`, {suggestions});
