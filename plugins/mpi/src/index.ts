/** Processes that train together, found by MPI. */
export {BeginError, MpiRanks, type Work} from './ranks.js';
export type {Failure} from './control.js';
