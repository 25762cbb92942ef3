import {isGanError, type GanError} from '../dist/errors.js';

/** The GanError that a call ends with; fails when there is none. */
export async function ganError(call: () => unknown): Promise<GanError> {
  try {
    await call();
  } catch (error) {
    if (isGanError(error)) return error;
    throw error;
  }
  throw new Error('expected a GanError');
}
