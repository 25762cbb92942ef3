import type {Tensor} from '../../backends/tf.js';

/** A scalar to be minimised, of what the model gave and what was wanted. */
export type LossFunction = (output: Tensor, target: Tensor) => Tensor;
