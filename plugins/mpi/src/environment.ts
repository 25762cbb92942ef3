/**
 * How the layers below MPI get along with Node, where the user has not said otherwise.
 *
 * Memory hooks. So that a network card forgets memory that is given back, UCX (the transport of MPICH, and of Open MPI
 * on fast networks), Open MPI and libfabric write jumps over the first instructions of munmap, madvise and others in
 * the running process. V8's threads call these all the time; one that comes by, or back from the system, while that is
 * written runs into half of it, and the process crashes while MPI starts (pull request 5855 of openucx/ucx describes
 * one such race, and its own test of the hooks crashes now and then). Without the hooks memory is registered with the
 * card for each message.
 *
 * Signals. UCX takes SIGSEGV for a report of its own. V8 needs it: an access beyond the memory of wasm is an exception
 * of JavaScript by that.
 */
const settings: Readonly<Record<string, string>> = {
  UCX_MEM_EVENTS: 'n',
  UCX_ERROR_SIGNALS: '',
  OMPI_MCA_memory: '^patcher',
  FI_MR_CACHE_MONITOR: 'disabled',
};

/**
 * To be called in the main thread before the library is loaded: variables that another thread of Node sets are not
 * those of the process.
 */
export function settleEnvironment(env: Record<string, string | undefined> = process.env): void {
  for (const [name, value] of Object.entries(settings)) env[name] ??= value;
}
