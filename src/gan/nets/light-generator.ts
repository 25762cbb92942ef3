import {tf, type Tensor} from '../../backends/tf.js';
import {LeakyReLU} from '../layers/activations.js';
import {Conv} from '../layers/conv.js';
import {Dense} from '../layers/dense.js';
import {scaled, xavierUniform, zeros} from '../layers/init.js';
import {Upsample} from '../layers/resampling.js';
import {Sequential} from '../layers/sequential.js';
import {Module} from '../module.js';
import type {Rng} from '../rng.js';

/** A size of the image: what leads to it, and what comes after. */
export interface Stage {
  /** From the latent, or from the stage before, to channels at this size, normalised. */
  layers: readonly Module[];
  channels: number;
  /** What follows the activation. */
  after: readonly Module[];
}

export interface StagedOptions {
  latentSize: number;
  imageChannels: number;
  /** Each stage multiplies its channels by 1 + a linear function of the latent (self-modulation, arXiv 1810.01365). */
  modulation: boolean;
  /** Each stage makes a picture, and the result is their sum (output skips, arXiv 1912.04958, section 4.1). */
  skips: boolean;
  rng?: Rng;
}

/** Initial weights of the modulation: it begins close to 1. */
const faint = scaled(xavierUniform, 0.5);

/**
 * A generator whose stages all see the latent, or all add to the picture. Latents [batch, latentSize] -> images in [-1,
 * 1].
 */
export class StagedGenerator extends Module {
  static readonly repeatable = true;
  readonly #stages: {layers: Module; scale: Module | undefined; after: Module; image: Module | undefined}[];
  readonly #act = new LeakyReLU(0.2);
  readonly #larger = new Upsample(2, {mode: 'fir'});

  constructor(stages: readonly Stage[], {latentSize, imageChannels, modulation, skips, ...rng}: StagedOptions) {
    super();
    this.#stages = stages.map(({layers, channels, after}, i) => {
      const child = <T extends Module>(name: string, module: T): T => this.add(`${name}${i}`, module);
      const toImage = (): Module =>
        new Conv(channels, imageChannels, {kernelSize: 1, weightInit: xavierUniform, biasInit: zeros, ...rng});
      return {
        layers: child('stage', new Sequential(layers)),
        scale: modulation
          ? child('scale', new Dense(latentSize, channels, {weightInit: faint, biasInit: zeros, ...rng}))
          : undefined,
        after: child('after', new Sequential(after)),
        image: skips || i === stages.length - 1 ? child('image', toImage()) : undefined,
      };
    });
  }

  override forward(latents: Tensor): Tensor {
    let [x, picture]: [Tensor, Tensor | undefined] = [latents, undefined];
    this.#stages.forEach(({layers, scale, after, image}, i) => {
      x = this.run(`stage${i}`, layers, x);
      if (scale) {
        const factors = tf.add(this.run(`scale${i}`, scale, latents), 1);
        x = tf.mul(x, tf.reshape(factors, [factors.shape[0], 1, 1, factors.shape[1]!]));
      }
      x = this.run(`after${i}`, after, this.#act.forward(x));
      if (!image) return;
      const part = this.run(`image${i}`, image, x);
      picture = picture ? tf.add(this.#larger.forward(picture), part) : part;
    });
    return tf.tanh(picture!);
  }
}
