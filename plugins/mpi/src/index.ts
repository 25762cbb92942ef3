/** Processes that train together, found by MPI. */
export {BeginError, MpiRanks} from './ranks.js';
