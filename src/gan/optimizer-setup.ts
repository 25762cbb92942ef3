import {tf, type Tensor} from '../backends/tf.js';
import {normParameters, trainableParameters, type Splitter} from './groups.js';
import type {Module, Parameter} from './module.js';
import type {LrSlice, Optimizer, OptimizerFactory} from './optim/optimizer.js';
import {adam} from './optim/rules.js';

export interface OptimizerOptions {
  /** Default: Adam with fastai's defaults. */
  optFunc?: OptimizerFactory;
  /** Divides the parameters into groups. Default: one group of all that are trainable. */
  splitter?: Splitter;
  /** Whether weight decay also shrinks biases and norm layers. */
  wdBnBias?: boolean;
  /** Whether norm layers of frozen groups are trained. */
  trainBn?: boolean;
}

/** Makes a learner's optimisers, and knows what of the model they have trained. */
export class OptimizerSetup {
  /** Parameters that have taken part in a step of the present optimiser. */
  readonly everTrained = new Set<Parameter>();
  readonly #options: OptimizerOptions;

  constructor(options: OptimizerOptions) {
    this.#options = options;
  }

  /** A new optimiser over the parameter groups of a model. */
  make(model: Module, lr: number | LrSlice | number[]): Optimizer {
    const {
      optFunc = adam(),
      splitter = (m) => [trainableParameters(m)],
      wdBnBias = false,
      trainBn = true,
    } = this.#options;
    const first = typeof lr === 'number' ? lr : NaN;
    const opt = optFunc(splitter(model), first);
    if (Number.isNaN(first)) opt.setHyper('lr', lr);
    if (!wdBnBias) for (const parameter of normParameters(model, true)) opt.marks.noDecay.add(parameter);
    if (trainBn) for (const parameter of normParameters(model, false)) opt.marks.forceTrain.add(parameter);
    this.everTrained.clear();
    return opt;
  }

  /**
   * fastai zeroes gradients instead of dropping them, so that whatever was trained once takes part in every later step.
   */
  addZeroGradients(gradients: Map<Parameter, Tensor>): void {
    for (const parameter of gradients.keys()) this.everTrained.add(parameter);
    for (const parameter of this.everTrained)
      if (!gradients.has(parameter)) gradients.set(parameter, tf.zeros(parameter.shape));
  }
}
