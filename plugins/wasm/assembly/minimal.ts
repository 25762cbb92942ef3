import {Pool} from './pool';
import {Scratch} from './scratch';
import {outputsOf, tapsOf} from './transforms';

/**
 * A convolution by minimal filtering in two dimensions: the output grid is cut into tiles of m x m, and for each of n x
 * n
 * points there is a matrix product over the channels, of transformed image tiles [tiles, depth] and a transformed
 * filter
 * [depth, columns]. A convolution with stride s and s r taps along each axis is the sum of s x s such convolutions with
 * stride 1 and r taps, one for each phase of the image; they are added up inside the product, in its depth.
 */
@unmanaged
export class Minimal {
  /** Points, outputs and taps along an axis. */
  n: i32;
  m: i32;
  r: i32;

  /** Images [.., imageHeight, imageWidth, channels] that the data tiles are cut from. */
  image: usize;
  imageHeight: i32;
  imageWidth: i32;
  channels: i32;
  /** Pixels from one position of a phase to the next, which is the number of phases along an axis. */
  stride: i32;
  /** Pixel of the first phase under the first tap at the first output. */
  originY: i32;
  originX: i32;

  /** Grid of outputs: where it begins, its size, bytes from one image, row and column to the next. */
  grid: usize;
  gridHeight: i32;
  gridWidth: i32;
  gridImageBytes: i32;
  gridRowBytes: i32;
  gridColumnBytes: i32;
  /** Channels of the outputs; a multiple of PANEL. */
  columns: i32;

  /** Filter [.., filterWidth, rows, rowLength], its first tap and the distance of its taps, which may be negative. */
  filter: usize;
  filterWidth: i32;
  filterRows: i32;
  rowLength: i32;
  tapY: i32;
  tapX: i32;
  tapStep: i32;
  /** True if the rows of the filter are output channels. */
  transposed: bool;

  /** Tiles: in all, down and across one image. */
  tiles: i32;
  tilesDown: i32;
  tilesAcross: i32;

  /** Columns whose filter is transformed at a time, all or a part that stays in the caches: the first, and how many. */
  firstColumn: i32;
  blockColumns: i32;
  /** Transformed filter: [n n][blockColumns / PANEL][depth][PANEL]; or its gradient: [n n][depth][columns]. */
  u: usize;
  /** Transformed tiles of all chunks, if there are several blocks of columns. */
  v: usize;
  /** Transformed gradients of a group of tiles: [n n][columns / PANEL][tiles of the group][PANEL]. */
  w: usize;
  /** First tile of the group and how many there are. */
  groupFirst: i32;
  groupTiles: i32;
  /** Channels of which a chunk sums up the gradients. */
  chunkChannels: i32;
  /** Scratch memory of the first thread, and the bytes of each. */
  scratch: usize;
  scratchBytes: usize;

  @inline get points(): i32 {
    return this.n * this.n;
  }
  /** Channels of all phases. */
  @inline get depth(): i32 {
    return this.stride * this.stride * this.channels;
  }
  @inline scratchOf(thread: Scratch): usize {
    return this.scratch + <usize>thread.thread * this.scratchBytes;
  }
  /** Bytes of one point of `u`; odd multiples of cache lines apart, so that the points do not share cache sets. */
  @inline get uPlane(): usize {
    return plane(this.depth * this.blockColumns);
  }
  @inline get wPlane(): usize {
    return plane(this.groupTiles * this.columns);
  }

  /** Sets the variant, and the tiles that follow from it. */
  variant(n: i32, batch: i32): void {
    this.n = n;
    this.m = outputsOf(n);
    this.r = tapsOf(n);
    this.tilesDown = (this.gridHeight + this.m - 1) / this.m;
    this.tilesAcross = (this.gridWidth + this.m - 1) / this.m;
    this.tiles = batch * this.tilesDown * this.tilesAcross;
  }
}

/** Bytes of a row of floats, such that rows below each other do not share cache sets. */
@inline
export function row(floats: i32): usize {
  return (<usize>floats << 2) + 64;
}

/** Bytes of a plane of floats, with the same purpose. */
@inline
export function plane(floats: i32): usize {
  return (((<usize>floats << 2) + 63) & ~63) + 192;
}

/** The convolution that all threads work on. */
@inline
export function minimal(pool: Pool): Minimal {
  return changetype<Minimal>(pool.struct(4));
}
