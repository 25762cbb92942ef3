/** Orders of a tensor's axes: axis i of the exported tensor is axis `layout[i]` of the library's. */
export type Layout = readonly number[];

/** The library's layout: channels last. */
export const asStored = (rank: number): Layout => Array.from({length: rank}, (_, axis) => axis);

/** [batch, channels, ...spatial]. */
export const channelsFirst = (rank: number): Layout =>
  rank < 3 ? asStored(rank) : [0, rank - 1, ...Array.from({length: rank - 2}, (_, i) => i + 1)];

export const isSame = (a: Layout, b: Layout): boolean => a.join() === b.join();

/** The library's sizes, or one thing for each axis, in the order of `layout`. */
export const arrange = <T>(perAxis: readonly T[], layout: Layout): T[] => layout.map((axis) => perAxis[axis]!);

/** Returns the permutation for `Transpose` from one layout to another. */
export const between = (from: Layout, to: Layout): number[] => to.map((axis) => from.indexOf(axis));

/** The layout after an axis is gone. */
export const without = (layout: Layout, gone: readonly number[]): number[] =>
  layout.filter((axis) => !gone.includes(axis)).map((axis) => axis - gone.filter((each) => each < axis).length);

/** The layout after a new axis of the library has come, which is the first one here. */
export const withFirst = (layout: Layout, axis: number): number[] => [
  axis,
  ...layout.map((each) => (each >= axis ? each + 1 : each)),
];
