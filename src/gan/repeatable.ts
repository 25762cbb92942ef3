/**
 * The mark of what may be captured: a loss, a penalty or a module that runs the same operations in every step, as long
 * as train/eval modes, trainable parameters and shapes are the same. Only steps made of such parts are repeated from
 * recordings. A loss that counts its calls, or a layer that fades in, must not have the mark: its numbers would stand
 * still.
 *
 * The mark is the property `repeatable: true`, of a part, of a function, or of a class (`static repeatable = true`). A
 * class derived from a marked one is not marked: what it adds may change from step to step.
 */
export interface Repeatable {
  readonly repeatable: true;
}

/** Marks a function or a class. Numbers that the host computes anew in each step must come from `perStepTensor`. */
export const repeatable = <T extends object>(what: T): T & Repeatable =>
  Object.assign(what, {repeatable: true as const});

export function isRepeatable(what: object): boolean {
  const marked = (what as Partial<Repeatable>).repeatable === true;
  const isInherited = typeof what === 'function' && !Object.hasOwn(what, 'repeatable');
  return marked && !isInherited;
}
