/** Layers that change the size of images [batch, height, width, channels]. */
import {GanError} from '../../errors.js';
import {resizeBilinear} from '../../backends/fused/bilinear.js';
import {binomial, blur, firDown, firUp} from '../../backends/fused/fir.js';
import {pixelShuffle, pixelUnshuffle} from '../../backends/fused/pixel-shuffle.js';
import {averagePool, upsampleNearest} from '../../backends/fused/upsample.js';
import type {Tensor} from '../../backends/tf.js';
import {Module} from '../module.js';
import {ShapeError} from '../shape-error.js';

export type UpsampleMode = 'nearest' | 'bilinear' | 'fir';

/** A layer of images and a factor >= 1. */
abstract class FactorLayer extends Module {
  readonly factor: number;

  constructor(factor: number) {
    super();
    this.factor = factor;
    if (!Number.isInteger(factor) || factor < 1)
      throw new GanError(
        'usage',
        'GAN_ARGUMENT',
        `${this.constructor.name}: the factor is ${factor}, wanted a whole number >= 1`,
      );
  }

  override get kind(): string {
    return `${this.constructor.name}(${this.factor})`;
  }

  protected checkImages(x: Tensor, wanted = '[batch, height, width, channels]', fits = true): void {
    if (x.rank !== 4 || !fits) throw new ShapeError(this.kind, x.shape, wanted);
  }

  protected checkSides(x: Tensor): void {
    const fits = x.rank === 4 && x.shape[1]! % this.factor === 0 && x.shape[2]! % this.factor === 0;
    this.checkImages(x, `[batch, height, width, channels] with sides that are multiples of ${this.factor}`, fits);
  }
}

/** The filter of one axis: symmetric, of any sum but 0. */
function checkedTaps(layer: string, taps: readonly number[], least: number): readonly number[] {
  const sum = taps.reduce((total, tap) => total + tap, 0);
  const symmetric = taps.every((tap, i) => tap === taps[taps.length - 1 - i]);
  if (!(taps.length >= least && Number.isFinite(sum) && sum !== 0 && symmetric))
    throw new GanError(
      'usage',
      'GAN_ARGUMENT',
      `${layer}: the filter is [${taps.join(', ')}], wanted ${least} or more numbers, symmetric, of a sum other than 0`,
      {suggestions: ['Use [1, 3, 3, 1], the filter of StyleGAN2.']},
    );
  return taps;
}

/**
 * Images `factor` times as large. [batch, height, width, c] -> [batch, height factor, width factor, c]. 'nearest' and
 * 'bilinear' are torch.nn.Upsample's (align_corners=False), 'fir' is upsample2d of StyleGAN2 (arXiv 1912.04958).
 * @throws ShapeError for tensors that are not images; GanError GAN_ARGUMENT for a factor or filter that cannot be
 */
export class Upsample extends FactorLayer {
  static readonly repeatable = true;
  readonly mode: UpsampleMode;
  readonly taps: readonly number[];

  /** @param taps of the mode 'fir': the filter of one axis, symmetric; [1, 3, 3, 1] */
  constructor(factor = 2, {mode = 'nearest', taps = binomial}: {mode?: UpsampleMode; taps?: readonly number[]} = {}) {
    super(factor);
    if (!['nearest', 'bilinear', 'fir'].includes(mode))
      throw new GanError('usage', 'GAN_ARGUMENT', `Upsample: mode is '${mode}', wanted 'nearest', 'bilinear' or 'fir'`);
    this.mode = mode;
    this.taps = checkedTaps('Upsample', taps, mode === 'fir' ? factor : 1);
  }

  override get kind(): string {
    return `Upsample(${this.factor}, ${this.mode})`;
  }

  override forward(x: Tensor): Tensor {
    this.checkImages(x);
    switch (this.mode) {
      case 'nearest':
        return upsampleNearest(x, this.factor);
      case 'bilinear':
        return resizeBilinear(x, x.shape[1]! * this.factor, x.shape[2]! * this.factor);
      case 'fir':
        return firUp(x, this.factor, this.taps);
    }
  }
}

/**
 * The mean of each block of factor x factor pixels (torch.nn.AvgPool2d). [batch, height, width, c] -> [batch, height /
 * factor, width / factor, c].
 * @throws ShapeError where a side is not a multiple of the factor
 */
export class AvgPool extends FactorLayer {
  static readonly repeatable = true;

  constructor(factor = 2) {
    super(factor);
  }

  override forward(x: Tensor): Tensor {
    this.checkSides(x);
    return averagePool(x, this.factor);
  }
}

/**
 * A FIR filter, and every factor-th pixel of the result (downsample2d of StyleGAN2, arXiv 1912.04958). [batch, height,
 * width, c] -> [batch, height / factor, width / factor, c].
 * @throws ShapeError where a side is not a multiple of the factor; GanError GAN_ARGUMENT for a filter that cannot be
 */
export class FirDown extends FactorLayer {
  static readonly repeatable = true;
  readonly taps: readonly number[];

  /** @param taps the filter of one axis, symmetric; [1, 3, 3, 1] */
  constructor(factor = 2, {taps = binomial}: {taps?: readonly number[]} = {}) {
    super(factor);
    this.taps = checkedTaps('FirDown', taps, factor);
  }

  override forward(x: Tensor): Tensor {
    this.checkSides(x);
    return firDown(x, this.factor, this.taps);
  }
}

/**
 * A FIR filter with zeros beyond the border; the size stays (filter2d of StyleGAN2, arXiv 1912.04958). [batch, height,
 * width, c] -> same.
 * @throws ShapeError for tensors that are not images; GanError GAN_ARGUMENT for a filter that cannot be
 */
export class Blur extends Module {
  static readonly repeatable = true;
  readonly taps: readonly number[];

  /** @param taps the filter of one axis, symmetric; [1, 3, 3, 1] */
  constructor({taps = binomial}: {taps?: readonly number[]} = {}) {
    super();
    this.taps = checkedTaps('Blur', taps, 1);
  }

  override forward(x: Tensor): Tensor {
    if (x.rank !== 4) throw new ShapeError('Blur', x.shape, '[batch, height, width, channels]');
    return blur(x, this.taps);
  }
}

/**
 * Channels become pixels, in PyTorch's order (torch.nn.PixelShuffle, arXiv 1609.05158). [batch, height, width, c
 * factor^2] -> [batch, height factor, width factor, c].
 * @throws ShapeError where the channels are not a multiple of factor^2
 */
export class PixelShuffle extends FactorLayer {
  static readonly repeatable = true;

  constructor(factor = 2) {
    super(factor);
  }

  override forward(x: Tensor): Tensor {
    const square = this.factor ** 2;
    const wanted = `[batch, height, width, channels] with channels that are a multiple of ${square}`;
    this.checkImages(x, wanted, x.shape.at(-1)! % square === 0);
    return pixelShuffle(x, this.factor);
  }
}

/**
 * Pixels become channels, the inverse of PixelShuffle (torch.nn.PixelUnshuffle). [batch, height, width, c] -> [batch,
 * height / factor, width / factor, c factor^2].
 * @throws ShapeError where a side is not a multiple of the factor
 */
export class PixelUnshuffle extends FactorLayer {
  static readonly repeatable = true;

  constructor(factor = 2) {
    super(factor);
  }

  override forward(x: Tensor): Tensor {
    this.checkSides(x);
    return pixelUnshuffle(x, this.factor);
  }
}
