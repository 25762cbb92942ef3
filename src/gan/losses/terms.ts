import {tf, type Tensor} from '../../backends/tf.js';

/** Scalars whose sum is minimised, by the names under which they are logged. */
export type Terms = Readonly<Record<string, Tensor>>;

/** The terms of what a loss or a penalty gave; a scalar is called `name`. */
export const namedTerms = (given: Tensor | Terms, name: string): Terms =>
  given instanceof tf.Tensor ? {[name]: given} : given;

/** The sum of at least one term; a single one as it is. */
export const sumOf = (terms: Terms): Tensor => Object.values(terms).reduce((sum, term) => tf.add(sum, term));
