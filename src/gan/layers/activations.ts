import {tf, type Tensor} from '../../backends/tf.js';
import {Module} from '../module.js';
import {kaimingUniform, xavierUniform, type Init} from './init.js';

/** A function applied to every element. `defaultInit` is how fastai starts the convolution before it. */
export abstract class Activation extends Module {
  readonly defaultInit: Init | undefined;
}

export class ReLU extends Activation {
  static readonly repeatable = true;
  override readonly defaultInit = kaimingUniform();

  override forward(x: Tensor): Tensor {
    return tf.relu(x);
  }
}

export class ReLU6 extends Activation {
  static readonly repeatable = true;
  override readonly defaultInit = kaimingUniform();

  override forward(x: Tensor): Tensor {
    return tf.relu6(x);
  }
}

/** x for x > 0, `slope` x otherwise (torch.nn.LeakyReLU; its default slope is 0.01). */
export class LeakyReLU extends Activation {
  static readonly repeatable = true;
  /** fastai ignores the slope here. */
  override readonly defaultInit = kaimingUniform();
  readonly slope: number;

  constructor(slope = 0.01) {
    super();
    this.slope = slope;
  }

  override forward(x: Tensor): Tensor {
    return tf.leakyRelu(x, this.slope);
  }
}

export class Tanh extends Activation {
  static readonly repeatable = true;
  override readonly defaultInit = xavierUniform;

  override forward(x: Tensor): Tensor {
    return tf.tanh(x);
  }
}

export class Sigmoid extends Activation {
  static readonly repeatable = true;
  override readonly defaultInit = xavierUniform;

  override forward(x: Tensor): Tensor {
    return tf.sigmoid(x);
  }
}

/** sigmoid(x) (high - low) + low (fastai's SigmoidRange). */
export class SigmoidRange extends Activation {
  static readonly repeatable = true;
  readonly low: number;
  readonly high: number;

  constructor(low: number, high: number) {
    super();
    this.low = low;
    this.high = high;
  }

  override forward(x: Tensor): Tensor {
    return tf.add(tf.mul(tf.sigmoid(x), this.high - this.low), this.low);
  }
}
