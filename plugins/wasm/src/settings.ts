import {hasRelaxedSimd, hasWideSimd, type Features} from './module.js';

/** The settings that the device will use. */
export interface Settings extends Features {
  threads: number;
}

/** The user's options, as they are given. */
export type Options = Omit<Settings, 'threads'> & {threads: number | undefined};

/**
 * The user's options with what this machine and this Node have.
 * @param processors how many threads run at once
 */
export function settings({threads, relaxedSimd, wideSimd}: Options, processors: number): Settings {
  const relaxed = relaxedSimd && hasRelaxedSimd();
  return {
    threads: threads ?? processors,
    relaxedSimd: relaxed,
    wideSimd: wideSimd && relaxed && hasWideSimd(),
  };
}
