import {GanError} from '../errors.js';
import type {Tensor} from '../backends/tf.js';
import {Module} from './module.js';
import type {Turn} from './switchers/switcher.js';

/** A generator and a critic in one: calling it runs the one whose turn it is (fastai's GANModule). */
export class GANModule extends Module {
  static readonly repeatable = true;
  readonly generator: Module | undefined;
  readonly critic: Module | undefined;
  /** The network that `forward` runs and whose loss a GANLoss computes. */
  turn: Turn;

  constructor(generator?: Module, critic?: Module, genMode = false) {
    super();
    this.generator = generator && this.add('generator', generator);
    this.critic = critic && this.add('critic', critic);
    this.turn = genMode ? 'generator' : 'critic';
  }

  /** True if it is the generator's turn. */
  get genMode(): boolean {
    return this.turn === 'generator';
  }

  /** Latents (or input images) -> images in generator mode, images -> scores in critic mode. */
  override forward(x: Tensor, labels?: Tensor): Tensor {
    return this.runNetwork(this.turn, x, labels);
  }

  /**
   * Runs a network; a conditional one gets the labels, int32 [batch] or float32 [batch, classes], as well.
   * @throws GanError GAN_LABELS when it is conditional and there are none
   */
  runNetwork(name: Turn, x: Tensor, labels: Tensor | undefined): Tensor {
    const network = this.network(name);
    if (!network.takesLabels) return this.run(name, network, x);
    if (labels) return this.run(name, network, x, labels);
    throw new GanError('data', 'GAN_LABELS', `the ${name} is conditional, and the data has no labels`, {
      suggestions: ['use data with labels, or an architecture that is not conditional'],
    });
  }

  /** Gives the turn to the generator or to the critic; without an argument, to the other one. */
  switch(genMode = !this.genMode): void {
    this.turn = genMode ? 'generator' : 'critic';
  }

  /** @throws GanError GAN_ARGUMENT when this module was made without that network */
  network(name: Turn): Module {
    const module = this[name];
    if (!module)
      throw new GanError('usage', 'GAN_ARGUMENT', `this GANModule has no ${name}`, {
        suggestions: [`give a ${name} to its constructor, or switch to the other mode`],
      });
    return module;
  }
}

/**
 * Makes every parameter of `module` trainable, or freezes it (fastai's set_freeze_model, whose `true` also means
 * trainable).
 */
export function setFreezeModel(module: Module, trainable: boolean): void {
  for (const parameter of module.parameters()) parameter.requiresGrad = trainable;
}
