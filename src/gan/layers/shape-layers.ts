import {GanError} from '../../errors.js';
import {tf, type Tensor} from '../../backends/tf.js';
import {Module} from '../module.js';

/**
 * [batch, ...] -> [batch, rest], the rest in PyTorch's order (channels first); with `full`, one dimension (fastai's
 * Flatten).
 */
export class Flatten extends Module {
  static readonly repeatable = true;
  readonly full: boolean;

  constructor(full = false) {
    super();
    this.full = full;
  }

  override forward(x: Tensor): Tensor {
    const channelsFirst =
      x.rank > 2 && x.shape.at(-1) !== 1
        ? tf.transpose(x, [0, x.rank - 1, ...x.shape.slice(1, -1).map((_, i) => i + 1)])
        : x;
    return tf.reshape(channelsFirst, this.full ? [-1] : [x.shape[0], -1]);
  }
}

/**
 * Adds spatial dimensions of size 1 to a vector: [batch, z] -> [batch, 1, 1, z] for nDim 2 (fastai's AddChannels, whose
 * trailing dimensions come before the channels here).
 */
export class AddChannels extends Module {
  static readonly repeatable = true;
  readonly nDim: number;

  constructor(nDim: number) {
    super();
    if (!Number.isInteger(nDim) || nDim < 0)
      throw new GanError('usage', 'GAN_ARGUMENT', `AddChannels: nDim is ${nDim}, wanted a whole number >= 0`);
    this.nDim = nDim;
  }

  override forward(x: Tensor): Tensor {
    return tf.reshape(x, [x.shape[0], ...new Array<number>(this.nDim).fill(1), ...x.shape.slice(1)]);
  }
}

/** [batch, ...] -> [batch, ...shape], with the values in their order here, channels last. */
export class Reshape extends Module {
  static readonly repeatable = true;
  readonly shape: readonly number[];

  constructor(shape: readonly number[]) {
    super();
    this.shape = shape;
  }

  override forward(x: Tensor): Tensor {
    return tf.reshape(x, [x.shape[0], ...this.shape]);
  }
}

/** The sum over all positions: [batch, ...spatial, c] -> [batch, c]. */
export class GlobalSum extends Module {
  static readonly repeatable = true;

  override forward(x: Tensor): Tensor {
    return tf.sum(
      x,
      x.shape.slice(1, -1).map((_, i) => i + 1),
    );
  }
}
