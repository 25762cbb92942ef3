/**
 * Threads that share the heap. The host thread publishes a job of numbered chunks; it and the workers claim chunks
 * until
 * none is left. What a chunk computes depends on its number only, so results do not depend on the number of threads.
 *
 * Claims count `remaining` down. A worker that comes late finds nothing left and has touched nothing, or gets a chunk
 * of
 * the next job, whose description was complete before `remaining` was set: there is no window in between.
 */
import {perform} from './jobs';
import {GENERATION, JOB, PENDING, Pool, REMAINING, SLEEPERS, STARTED, TOTAL, WORKERS} from './pool';

/** Called on the host thread before the first job that workers are woken for: starts them, and does not wait for it. */
@external('env', 'startThreads')
declare function startThreads(): void;

/** Called on the host thread when chunks that workers claimed never end; throws. */
@external('env', 'lost')
declare function lost(): void;

/**
 * Looks at a word before a worker sleeps, about 50 us: the next kernel usually comes sooner, and waking takes as long.
 */
const WORKER_SPINS: i32 = 20000;
/** The same for the host, which waits for the last chunk only. */
const HOST_SPINS: i32 = 50000;
const SECOND: i64 = 1000000000;
/** Seconds without progress after which a worker is given up; chunks take milliseconds. */
const PATIENCE: i32 = 30;
const TIMED_OUT: i32 = 2;

/**
 * Performs the chunks 0 to total - 1 of a job; returns when all are done.
 * @param small too little work to wake anybody
 */
export function parallel(pool: Pool, job: i32, total: i32, small: bool): void {
  store<i32>(pool.at(JOB), job);
  store<i32>(pool.at(TOTAL), total);
  if (small || total == 1 || load<i32>(pool.at(WORKERS)) == 0) {
    for (let i = 0; i < total; i++) perform(job, i, pool, pool.scratch(0));
    return;
  }
  if (load<i32>(pool.at(STARTED)) == 0) {
    store<i32>(pool.at(STARTED), 1);
    startThreads();
  }
  atomic.store<i32>(pool.at(PENDING), total);
  atomic.store<i32>(pool.at(REMAINING), total);
  atomic.add<i32>(pool.at(GENERATION), 1);
  if (atomic.load<i32>(pool.at(SLEEPERS)) > 0) atomic.notify(pool.at(GENERATION), -1);
  takeChunks(pool, 0);
  awaitWorkers(pool);
}

/** What a worker does until its thread is ended. */
export function work(pool: Pool, thread: i32): void {
  const generation = pool.at(GENERATION);
  const sleepers = pool.at(SLEEPERS);
  for (;;) {
    const seen = atomic.load<i32>(generation);
    takeChunks(pool, thread);
    for (let spins = 0; atomic.load<i32>(generation) == seen; spins++) {
      if (spins < WORKER_SPINS) continue;
      atomic.add<i32>(sleepers, 1);
      atomic.wait<i32>(generation, seen, -1);
      atomic.sub<i32>(sleepers, 1);
    }
  }
}

function takeChunks(pool: Pool, thread: i32): void {
  const scratch = pool.scratch(thread);
  for (;;) {
    const left = atomic.sub<i32>(pool.at(REMAINING), 1);
    if (left <= 0) return;
    perform(load<i32>(pool.at(JOB)), load<i32>(pool.at(TOTAL)) - left, pool, scratch);
    if (atomic.sub<i32>(pool.at(PENDING), 1) == 1 && thread > 0) atomic.notify(pool.at(PENDING), 1);
  }
}

function awaitWorkers(pool: Pool): void {
  const pending = pool.at(PENDING);
  let timeouts = 0;
  for (let spins = 0; ; spins++) {
    const left = atomic.load<i32>(pending);
    if (left == 0) return;
    if (spins < HOST_SPINS) continue;
    if (atomic.wait<i32>(pending, left, SECOND) == TIMED_OUT && ++timeouts == PATIENCE) lost();
  }
}
