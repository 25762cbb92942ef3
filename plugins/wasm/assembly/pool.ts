/**
 * The memory that threads share: words that they contend for, descriptions of operands, packed blocks, and scratch
 * memory of each thread.
 */
import {Scratch, SCRATCH_BYTES} from './scratch';

// Words that threads contend for have cache lines of their own.
export const GENERATION: usize = 0; // a new job raises it; idle workers wait on it
export const REMAINING: usize = 64; // chunks nobody has claimed
export const PENDING: usize = 128; // chunks that are not done; the host waits on it
export const SLEEPERS: usize = 192; // workers that must be woken
export const JOB: usize = 256;
export const TOTAL: usize = 260;
export const WORKERS: usize = 264;
export const STARTED: usize = 268; // 1: the host has been told to start the workers
const STRUCTS: usize = 512; // descriptions of operands, 128 bytes each
const PACKED: usize = 4096;
const ALIGN: usize = 64;
/** Floats of the block that all threads read: 4 MB. */
export const PACKED_FLOATS: i32 = 1 << 20;
const SCRATCHES: usize = PACKED + (<usize>PACKED_FLOATS) * 4;

@unmanaged
export class Pool {
  @inline private get start(): usize {
    return (changetype<usize>(this) + ALIGN - 1) & ~(ALIGN - 1);
  }
  @inline at(offset: usize): usize {
    return this.start + offset;
  }
  @inline get threads(): i32 {
    return load<i32>(this.at(WORKERS)) + 1;
  }
  /** Room for the i-th description of the current job. */
  @inline struct(i: i32): usize {
    return this.start + STRUCTS + <usize>i * 128;
  }
  /** The block that all threads read. */
  @inline get packed(): usize {
    return this.start + PACKED;
  }
  /** What thread `i` works in; the host is thread 0. */
  @inline scratch(i: i32): Scratch {
    return changetype<Scratch>(this.start + SCRATCHES + <usize>i * SCRATCH_BYTES);
  }
}

/** Bytes that the host must allocate for a pool; any alignment will do. */
export function poolBytes(threads: i32): usize {
  return SCRATCHES + <usize>threads * SCRATCH_BYTES + ALIGN;
}

/** Before any worker starts. */
export function startPool(pool: Pool, threads: i32): void {
  memory.fill(pool.at(0), 0, PACKED);
  store<i32>(pool.at(WORKERS), threads - 1);
  for (let i = 0; i < threads; i++) {
    v128.store(pool.scratch(i).zeros, i32x4.splat(0));
    pool.scratch(i).thread = i;
  }
}
