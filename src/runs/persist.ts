import {setTimeout} from 'node:timers/promises';
import {messageOf} from '../errors.js';
import {isOfSystem} from '../system-error.js';

/** Between the tries, milliseconds: a network file system may come back. */
const pausesMs = [100, 500];

/** Does what the system refuses again, twice, before its error counts. */
export async function persistently<T>(task: () => Promise<T>): Promise<T> {
  for (const pause of pausesMs) {
    try {
      return await task();
    } catch (error) {
      if (!isOfSystem(error)) throw error;
      await setTimeout(pause);
    }
  }
  return task();
}

/**
 * Does what a training can go on without. Where the system refuses it, that is warned about, once until it works again.
 * @param what such as "sample grids cannot be written"
 */
export function dispensably(
  what: string,
  warn: (message: string) => void,
): (task: () => Promise<void>) => Promise<void> {
  let isWarned = false;
  return async (task) => {
    try {
      await task();
      isWarned = false;
    } catch (error) {
      if (!isOfSystem(error)) throw error;
      if (!isWarned) warn(`${what}, and the training goes on without: ${messageOf(error)}`);
      isWarned = true;
    }
  };
}
