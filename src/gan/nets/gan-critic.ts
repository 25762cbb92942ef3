import {LeakyReLU} from '../layers/activations.js';
import {ConvLayer, type ConvLayerOptions} from '../layers/conv-layer.js';
import {Dropout2d} from '../layers/dropout.js';
import {SelfAttention} from '../layers/self-attention.js';
import {MergeLayer, Sequential, SequentialEx} from '../layers/sequential.js';
import {Flatten} from '../layers/shape-layers.js';
import type {Module} from '../module.js';
import type {Rng} from '../rng.js';

/**
 * Two 3x3 layers whose result is followed by the block's input along the channels: [..., nf] -> [..., 2 nf] (fastai's
 * DenseResBlock).
 */
export class DenseResBlock extends SequentialEx {
  static override readonly repeatable = true;
  constructor(nf: number, options: Omit<ConvLayerOptions, 'ks' | 'stride' | 'padding'> = {}) {
    const layer = (): ConvLayer => new ConvLayer(nf, nf, {...options, ks: 3, stride: 1, padding: 1});
    super(layer(), layer(), new MergeLayer(true));
  }
}

export interface GanCriticOptions {
  nChannels?: number;
  nf?: number;
  nBlocks?: number;
  /** Probability of dropping a channel. */
  p?: number;
  rng?: Rng;
}

/**
 * Critic with spectral normalisation, self-attention and a dense block (fastai's gan_critic), for fine-tuning with a
 * real target: [batch, height, width, nChannels] -> scores [batch, m], one score an image of side 2^(nBlocks + 3),
 * which is 64 by default. Of larger ones m = (height / 2^(nBlocks + 1) - 3) (width / 2^(nBlocks + 1) - 3).
 */
export function ganCritic({nChannels = 3, nf = 128, nBlocks = 3, p = 0.15, rng}: GanCriticOptions = {}): Sequential {
  const shared: ConvLayerOptions = {
    normType: 'Spectral',
    actCls: () => new LeakyReLU(0.2),
    bias: true,
    ...(rng && {rng}),
  };
  const dropout = (probability: number): Dropout2d => new Dropout2d(probability);
  const layers: Module[] = [
    new ConvLayer(nChannels, nf, {...shared, ks: 4, stride: 2, padding: 1}),
    dropout(p / 2),
    new DenseResBlock(nf, shared),
  ];
  let features = nf * 2;
  for (let block = 0; block < nBlocks; block++) {
    const attention = block === 0 ? {xtra: new SelfAttention(features * 2, rng ? {rng} : {})} : {};
    layers.push(
      dropout(p),
      new ConvLayer(features, features * 2, {...shared, ...attention, ks: 4, stride: 2, padding: 1}),
    );
    features *= 2;
  }
  layers.push(new ConvLayer(features, 1, {...shared, ks: 4, padding: 0, bias: false, actCls: null}), new Flatten());
  return new Sequential(layers);
}
