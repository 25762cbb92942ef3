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

  /** Whether it is the generator's turn. */
  get genMode(): boolean {
    return this.turn === 'generator';
  }

  /** Latents (or input images) -> images in generator mode, images -> scores in critic mode. */
  override forward(x: Tensor): Tensor {
    return this.run(this.turn, this.network(this.turn), x);
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

/** Makes every parameter of `module` trainable, or freezes it (fastai's set_freeze_model, whose `true` also means trainable). */
export function setFreezeModel(module: Module, trainable: boolean): void {
  for (const parameter of module.parameters()) parameter.requiresGrad = trainable;
}
