import type {SystemLimits} from 'gankit/plugin';
import {hasRelaxedSimd, hasWideSimd, type Features} from './module.js';

/** The settings that the device will use. */
export interface Settings extends Features {
  threads: number;
}

/** The user's options, as they are given. */
export type Options = Omit<Settings, 'threads'> & {threads: number | undefined};

/** The user's options with what this process may use and this Node has. */
export function settings({threads, relaxedSimd, wideSimd}: Options, {processors}: SystemLimits): Settings {
  const relaxed = relaxedSimd && hasRelaxedSimd();
  return {
    threads: threads ?? processors.value,
    relaxedSimd: relaxed,
    wideSimd: wideSimd && relaxed && hasWideSimd(),
  };
}
