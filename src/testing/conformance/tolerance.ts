/** How far a device may lie from float64, relative to the largest number of a tensor, and why. */
export interface Tolerance {
  /** Tolerances of the values, of the gradients, and of the gradients of a penalty on gradients. */
  values: number;
  gradients: number;
  secondOrder: number;
  why: string;
}

export const tolerances = {
  moved: {
    values: 1e-7,
    gradients: 2e-6,
    secondOrder: 5e-6,
    why: 'values are moved, not computed; gradients add a few of them, one rounding of 6e-8 each',
  },
  rounded: {
    values: 1e-6,
    gradients: 5e-6,
    secondOrder: 2e-5,
    why: 'one or two operations with a rounding of 6e-8 each; division and roots may be off by 2.5 units in the last place on a GPU',
  },
  curve: {
    values: 2e-5,
    gradients: 5e-5,
    secondOrder: 2e-4,
    why: 'GPUs approximate exponentials: WGSL allows tanh an error of 1e-5; derivatives take differences such as 1 - y^2',
  },
  sum: {
    values: 1e-5,
    gradients: 2e-5,
    secondOrder: 1e-4,
    why: 'sums of up to a few hundred products in an order of their own: 100 roundings of 6e-8',
  },
  norm: {
    values: 2e-5,
    gradients: 1e-4,
    secondOrder: 5e-4,
    why: 'differences of nearly equal numbers (x - mean), divided by a small deviation, lose two of seven digits',
  },
} as const satisfies Record<string, Tolerance>;
