import {availableParallelism} from 'node:os';
import {hasRelaxedSimd} from './module.js';

/** What the device will use. */
export interface Settings {
  threads: number;
  relaxedSimd: boolean;
}

/** The user's options with what this machine and this Node have. */
export function settings({threads, relaxedSimd}: {threads: number | undefined; relaxedSimd: boolean}): Settings {
  return {threads: threads ?? availableParallelism(), relaxedSimd: relaxedSimd && hasRelaxedSimd()};
}
