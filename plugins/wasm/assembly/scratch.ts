/**
 * Layout of the memory that one thread works in. Nothing here lives in static data: the heap belongs to tfjs, and every
 * thread runs the same module on it.
 */

/** Rows of the output computed at a time: the packed block of A (128 kB) stays in the second-level cache. */
export const MC: i32 = 128;
/** Depth of a packed block: one panel of A (4 kB) and one of B (8 kB) stay in the first-level cache. */
export const KC: i32 = 256;

const TILE: usize = 0; // 32 floats: a tile that sticks out of the output
const ZEROS: usize = 128; // 4 floats: what a patch reads outside its image
const THREAD: usize = 192; // whose scratch this is
const ROWS: usize = 256; // MC addresses
const TMP: usize = 1024; // 192 vectors between two transforms
const PACKED_A: usize = TMP + 192 * 16;
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
