import {perStepTensor} from '../../backends/capture/step-values.js';
import {clipByGlobalNorm} from '../../backends/fused/clip-by-global-norm.js';
import {GanError} from '../../errors.js';
import {tf, type Tensor} from '../../backends/tf.js';
import type {Hyperparameter} from '../hyperparameters.js';
import type {Parameter} from '../module.js';

/**
 * Bounds the length of a step's gradients, all seen as one vector (arXiv 1211.5063, section 3.2; torch's
 * clip_grad_norm_): g <- g min(1, bound / (|g| + 1e-6)). In a GAN a step has the gradients of one network, so each
 * network has a length of its own. As a hyperparameter it is `gradClip`.
 */
export class GradientClipping implements Hyperparameter {
  #bound: number;

  /** @throws GanError GAN_ARGUMENT unless `bound` is above 0 */
  constructor(bound: number) {
    if (!(bound > 0))
      throw new GanError('usage', 'GAN_ARGUMENT', `gradClip is ${bound}, wanted a number above 0`, {
        suggestions: ['leave it out to clip nothing'],
      });
    this.#bound = bound;
  }

  get(): number {
    return this.#bound;
  }

  set(value: number): void {
    this.#bound = value;
  }

  /**
   * Puts clipped gradients in the places of those that are there, and disposes of these.
   * @returns their length before, a scalar, which is the caller's; nothing is read from the device
   */
  apply(gradients: Map<Parameter, Tensor>): Tensor {
    const all = [...gradients];
    const {length, clipped} = tf.tidy(() =>
      clipByGlobalNorm(
        all.map(([, gradient]) => gradient),
        perStepTensor(() => Float32Array.of(this.#bound), []),
      ),
    );
    all.forEach(([parameter, gradient], i) => {
      gradient.dispose();
      gradients.set(parameter, clipped[i]!);
    });
    return length;
  }
}
