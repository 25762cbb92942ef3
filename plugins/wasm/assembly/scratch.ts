/**
 * Layout of the memory that one thread works in. Nothing here lives in static data: the heap belongs to tfjs, and every
 * thread runs the same module on it.
 */

import {SIDE} from './lanes';

/** Rows of the output computed at a time: the packed block of A (128 kB) stays in the second-level cache. */
export const MC: i32 = 128;
/** Depth of a packed block: one panel of A (4 kB) and one of B (8 kB) stay in the first-level cache. */
export const KC: i32 = 256;

/** Bytes of `tmp`: 16 sets of 9 taps, and a filter transformed halfway. */
export const TMP_BYTES: usize = (16 * 9 + 6 * 3) * SIDE;

const TILE: usize = 0; // 64 floats: a tile that sticks out of the output
const ZEROS: usize = 256; // 4 floats: what a patch reads outside its image
const THREAD: usize = 320; // whose scratch this is
const ROWS: usize = 384; // MC addresses
const TMP: usize = 1024; // what lies between two transforms
const PACKED_A: usize = TMP + TMP_BYTES;
const END: usize = PACKED_A + (<usize>MC * KC) * 4;
/** Bytes of one thread; whole cache lines. */
export const SCRATCH_BYTES: usize = (END + 63) & ~63;

@unmanaged
export class Scratch {
  @inline get tile(): usize {
    return changetype<usize>(this) + TILE;
  }
  /** Four zeros; an address that stands for "outside the image". */
  @inline get zeros(): usize {
    return changetype<usize>(this) + ZEROS;
  }
  /** Number of the thread, from 0. */
  @inline get thread(): i32 {
    return load<i32>(changetype<usize>(this), THREAD);
  }
  @inline set thread(value: i32) {
    store<i32>(changetype<usize>(this), value, THREAD);
  }
  @inline get tmp(): usize {
    return changetype<usize>(this) + TMP;
  }
  @inline get rows(): usize {
    return changetype<usize>(this) + ROWS;
  }
  @inline get packedA(): usize {
    return changetype<usize>(this) + PACKED_A;
  }
}
