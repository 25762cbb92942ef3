import {availableParallelism} from 'node:os';
import {hasRelaxedSimd, hasWideSimd, type Features} from './module.js';

/** The settings that the device will use. */
export interface Settings extends Features {
  threads: number;
}

/** The user's options, as they are given. */
export type Options = Omit<Settings, 'threads'> & {threads: number | undefined};

/** The user's options with what this machine and this Node have. */
export function settings({threads, relaxedSimd, wideSimd}: Options): Settings {
  const relaxed = relaxedSimd && hasRelaxedSimd();
  return {
    threads: threads ?? availableParallelism(),
    relaxedSimd: relaxed,
    wideSimd: wideSimd && relaxed && hasWideSimd(),
  };
}
