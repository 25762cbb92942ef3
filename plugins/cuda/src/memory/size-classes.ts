/** Alignment of all blocks; what cuMemAlloc promises and vector loads and cuDNN want. */
export const alignment = 256;

/** Blocks of up to this size are cut from slabs: cuMemAlloc hands out multiples of 2 MiB. */
export const smallBytes = 2 ** 20;
export const slabBytes = 2 ** 21;

/**
 * The size of the block that a request gets: multiples of 256 bytes, and above 1 KiB four steps to each power of two,
 * so that at most a fifth is lost and blocks of similar sizes replace each other.
 */
export function sizeClass(bytes: number): number {
  if (bytes <= 4 * alignment) return Math.max(1, Math.ceil(bytes / alignment)) * alignment;
  const step = 2 ** (Math.ceil(Math.log2(bytes)) - 3);
  return Math.ceil(bytes / step) * step;
}
