/**
 * Layout of the scratch memory that the host allocates once and hands to every kernel. Nothing here lives in static data:
 * the heap belongs to tfjs, so each kernel works inside the block that it is given.
 */

/** Rows of the output computed at a time: the packed block of A (128 kB) stays in the second-level cache. */
export const MC: i32 = 128;
/** Depth of a packed block: one panel of A (4 kB) and one of B (8 kB) stay in the first-level cache. */
export const KC: i32 = 256;
/** Columns of the output computed at a time: the packed block of B is 512 kB. */
export const NC: i32 = 512;

const TILE: usize = 0; // 32 floats: a tile that sticks out of the output
const ZEROS: usize = 128; // 4 floats: what a patch reads outside its image
const STRUCTS: usize = 192; // operand descriptions
const ROWS: usize = 1024; // MC addresses
const PACKED_A: usize = ROWS + (<usize>MC) * 4;
const PACKED_B: usize = PACKED_A + (<usize>MC * KC) * 4;
const END: usize = PACKED_B + (<usize>KC * NC) * 4;
const ALIGN: usize = 64;

/** Bytes that the host must allocate; any alignment will do. */
export function workspaceBytes(): usize {
  return END + ALIGN;
}

/** The block of the host, seen as its parts. */
@unmanaged
export class Workspace {
  @inline get start(): usize {
    return (changetype<usize>(this) + ALIGN - 1) & ~(ALIGN - 1);
  }
  @inline get tile(): usize {
    return this.start + TILE;
  }
  @inline get zeros(): usize {
    return this.start + ZEROS;
  }
  /** Room for the i-th operand description (128 bytes each). */
  @inline struct(i: i32): usize {
    return this.start + STRUCTS + <usize>i * 128;
  }
  @inline get rows(): usize {
    return this.start + ROWS;
  }
  @inline get packedA(): usize {
    return this.start + PACKED_A;
  }
  @inline get packedB(): usize {
    return this.start + PACKED_B;
  }
}
