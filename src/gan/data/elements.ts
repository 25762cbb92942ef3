/** Number of elements of a shape. */
export const elements = (shape: readonly number[]): number => shape.reduce((product, side) => product * side, 1);
