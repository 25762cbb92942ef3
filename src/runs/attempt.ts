import {Rng} from '../gan/rng.js';
import type {RunConfig} from '../options/run-config.js';

/** The seed of everything that changes from step to step: the run's own, or one for each further attempt. */
export const attemptSeed = ({seed, attempt}: Pick<RunConfig, 'seed' | 'attempt'>): number =>
  attempt === 0 ? seed : new Rng(seed).fork('attempt', attempt).int(2 ** 31);
