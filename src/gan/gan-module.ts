import {GanError} from '../errors.js';
import type {Tensor} from '../backends/tf.js';
import {Module} from './module.js';

/** A generator and a critic in one: calling it runs one of them, `switch` chooses which (fastai's GANModule). */
export class GANModule extends Module {
  readonly generator: Module | undefined;
  readonly critic: Module | undefined;
  genMode: boolean;

  constructor(generator?: Module, critic?: Module, genMode = false) {
    super();
    this.generator = generator && this.add('generator', generator);
    this.critic = critic && this.add('critic', critic);
    this.genMode = genMode;
  }

  /** Latents (or input images) -> images in generator mode, images -> scores in critic mode. */
  override forward(x: Tensor): Tensor {
    return this.genMode ? this.run('generator', this.need('generator'), x) : this.run('critic', this.need('critic'), x);
  }

  /** Sets the mode; without an argument, the other one. */
  switch(genMode = !this.genMode): void {
    this.genMode = genMode;
  }

  /** @throws GanError GAN_ARGUMENT when this module was made without that network */
  need(network: 'generator' | 'critic'): Module {
    const module = this[network];
    if (!module)
      throw new GanError('usage', 'GAN_ARGUMENT', `this GANModule has no ${network}`, {
        suggestions: [`give a ${network} to its constructor, or switch to the other mode`],
      });
    return module;
  }
}

/** Makes every parameter of `module` trainable, or freezes it (fastai's set_freeze_model, whose `true` also means trainable). */
export function setFreezeModel(module: Module, trainable: boolean): void {
  for (const parameter of module.parameters()) parameter.requiresGrad = trainable;
}
