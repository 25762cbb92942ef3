import {tf, type Tensor} from '../tf.js';

/**
 * Gradients of a scalar function, like tf.grads, from inside the gradient function of an operation. There tfjs takes an
 * inner gradient for the outermost one, throws the tape of the outer one away and then fails on its absence; a depth of
 * one more keeps the tape.
 */
export function nestedGrads(f: (...inputs: Tensor[]) => Tensor, inputs: Tensor[]): Tensor[] {
  const {state} = tf.engine();
  state.gradientDepth++;
  try {
    return tf.grads(f)(inputs);
  } finally {
    state.gradientDepth--;
  }
}
