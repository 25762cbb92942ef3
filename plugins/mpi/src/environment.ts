/** Floats that are sent in a message, where they are not so many that there would be too many messages: 4 MiB. */
export const floatsOfMessage = 2 ** 20;

/**
 * How the layers below MPI get along with Node, where the user has not said otherwise.
 *
 * Memory hooks. So that a network card forgets memory that is given back, UCX (the transport of MPICH, and of Open MPI
 * on fast networks), Open MPI and libfabric write jumps over the first instructions of munmap, madvise and others in
 * the running process. V8's threads call these all the time; one that comes by, or back from the system, while that is
 * written runs into half of it, and the process crashes while MPI starts (pull request 5855 of openucx/ucx describes
 * one such race, and its own test of the hooks crashes now and then). Without the hooks memory is registered with the
 * card for each message, so Open MPI must not count on memory that stays registered (mpi_leave_pinned).
 *
 * Signals. UCX takes SIGSEGV for a report of its own. V8 needs it: an access beyond the memory of wasm is an exception
 * of JavaScript by that.
 *
 * Messages by TCP. Open MPI sends 64 KiB at once; before more than that it asks whether the other is there, and waits
 * three times for the way of a packet where once would do. With a limit above what is sent in a message, a sum of 1 MiB
 * over two machines 10 ms apart takes 20 ms instead of 83.
 */
const settings: Readonly<Record<string, string>> = {
  UCX_MEM_EVENTS: 'n',
  UCX_ERROR_SIGNALS: '',
  OMPI_MCA_memory: '^patcher',
  OMPI_MCA_mpi_leave_pinned: '0',
  OMPI_MCA_btl_tcp_eager_limit: String(4 * floatsOfMessage + 2 ** 16),
  FI_MR_CACHE_MONITOR: 'disabled',
};

/**
 * Of two processes, which send each other all they have at once (recursive doubling); as a ring, which Open MPI makes
 * of any number, they send each half, add up, and send that, and wait for two messages one after the other.
 */
const ofTwo: Readonly<Record<string, string>> = {OMPI_MCA_coll_libnbc_iallreduce_algorithm: '4'};

/**
 * To be called in the main thread before the library is loaded: variables that another thread of Node sets are not
 * those of the process.
 * @param size number of the processes
 */
export function settleEnvironment(size: number, env: Record<string, string | undefined> = process.env): void {
  for (const [name, value] of Object.entries({...settings, ...(size === 2 && ofTwo)})) env[name] ??= value;
}
