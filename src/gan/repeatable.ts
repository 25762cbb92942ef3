/**
 * What runs the same operations in every step, as long as train/eval modes, trainable parameters and shapes are the same: only steps
 * made of such modules and losses are repeated from recordings. A loss that counts its calls, or a layer that fades in, is not: its numbers
 * would stand still.
 */
const known = new WeakSet<object>();

/**
 * Says it of a module's class (not of those derived from it) or of a loss function. What the host computes anew in each step goes
 * through `perStepTensor`.
 */
export function repeatable<T extends object>(what: T): T {
  known.add(what);
  return what;
}

export const isRepeatable = (what: object): boolean => known.has(what);
