/**
 * How wide the kernels compute. Engines that join neighbouring 128-bit operations into 256-bit ones get a module of
 * their own
 * (build.mjs sets WIDE_SIMD): whatever is worth it is written as pairs of vectors whose loads and stores lie side by
 * side.
 */
export const WIDE: bool = isDefined(WIDE_SIMD);
/** Bytes that are computed side by side: one vector or two. */
export const SIDE: usize = WIDE ? 32 : 16;
/** Columns of a tile of a matrix product. */
export const PANEL: i32 = WIDE ? 16 : 8;
