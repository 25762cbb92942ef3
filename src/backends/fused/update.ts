/**
 * The step of an optimiser for one parameter as one operation, `OptimizerUpdate`, for backends that have a kernel. It rounds
 * like the compositions in src/gan/optim/rules.ts, operation by operation, so that runs can be resumed with either.
 */
import type {Tensor} from '../tf.js';
import {hasFused, runFused} from './kernel.js';

/** a <- momentum a + dampening g; s <- squareMomentum s + squareShare g^2; p <- keep p - rate (a or g) / (sqrt(correction s) + eps). */
export interface UpdateCoefficients {
  /** What weight decay leaves of the parameter. */
  keep: number;
  /** Times the parameter, added to the gradient first. */
  decay: number;
  momentum: number;
  dampening: number;
  squareMomentum: number;
  squareShare: number;
  correction: number;
  eps: number;
  rate: number;
}

export const hasFusedUpdate = (): boolean => hasFused('OptimizerUpdate');

/**
 * The new parameter and averages; the old ones are left as they are.
 * @param averages `grad_avg` (a) and `sqr_avg` (s), or without one of them the formula without it
 */
export function fusedUpdate(
  value: Tensor, gradient: Tensor, averages: Record<string, Tensor>, coefficients: UpdateCoefficients,
): {value: Tensor; averages: Record<string, Tensor>} {
  const [updated, ...rest] = runFused('OptimizerUpdate', {value, gradient, ...averages}, coefficients);
  const names = ['grad_avg', 'sqr_avg'].filter((name) => averages[name]);
  return {value: updated!, averages: Object.fromEntries(names.map((name, i) => [name, rest[i]!]))};
}
