import {tf, type Tensor} from '../backends/tf.js';
import type {Terms} from './losses/terms.js';
import type {Turn} from './switchers/switcher.js';

/** The loss of a batch, and what the batch was. */
export interface LossRead {
  /** NaN until it has been read. */
  value: number;
  /** The terms that it is the sum of, by name, once it has been read; absent where it is a single term. */
  terms?: Readonly<Record<string, number>>;
  /** The length of the step's gradients before they were clipped, once it has been read; absent where they are not. */
  gradNorm?: number;
  epoch: number;
  /** Index of the batch in its epoch. */
  iter: number;
  /** The optimiser's steps, that of this batch included. */
  step: number;
  training: boolean;
  /** The network whose loss it is, in a GAN. */
  turn?: Turn;
  /** Items in the batch. */
  batchSize: number;
  /** Learning rate of each parameter group in its step; empty in validation. */
  lrs: readonly number[];
  /** That of the network which the step trained, in a GAN: of its first group; undefined in validation. */
  lr?: number;
  /** What else steers the training and moves by itself, by name, in this step; absent where nothing does. */
  hyperparameters?: Readonly<Record<string, number>>;
}

/** Losses on the device whose reading has begun, the oldest first. A device computes on while they are read. */
export class LossQueue {
  readonly #unread: {
    read: LossRead;
    packed: Tensor;
    values: Promise<ArrayLike<number>>;
    names: string[];
    hasNorm: boolean;
  }[] = [];

  get length(): number {
    return this.#unread.length;
  }

  /**
   * Begins to read a loss, its terms and the length of the gradients, all in one go, without waiting for them. The
   * tensors stay the caller's.
   * @param terms empty where the loss is a single term
   */
  begin(
    facts: Omit<LossRead, 'value' | 'terms' | 'gradNorm'>,
    loss: Tensor,
    terms: Terms,
    gradNorm?: Tensor,
  ): LossRead {
    const names = Object.keys(terms);
    const all = [loss, ...Object.values(terms), ...(gradNorm ? [gradNorm] : [])];
    const packed = all.length === 1 ? tf.clone(loss) : pack(all);
    const values = packed.data();
    values.catch(() => {}); // thrown by `next`, which may come later
    const read: LossRead = {...facts, value: NaN};
    this.#unread.push({read, packed, values, names, hasNorm: gradNorm !== undefined});
    return read;
  }

  /** The oldest loss, once it has been read. */
  async next(): Promise<LossRead> {
    const {read, packed, values, names, hasNorm} = this.#unread.shift()!;
    try {
      const [value, ...more] = Array.from(await values);
      read.value = value!;
      if (names.length > 0) read.terms = Object.fromEntries(names.map((name, i) => [name, more[i]!]));
      if (hasNorm) read.gradNorm = more[names.length]!;
    } finally {
      packed.dispose();
    }
    return read;
  }

  /** Drops what nobody will read, such as the losses of a fit that failed. */
  clear(): void {
    tf.dispose(this.#unread.splice(0).map(({packed}) => packed));
  }
}

const pack = (scalars: readonly Tensor[]): Tensor =>
  tf.tidy(() => tf.stack(scalars.map((scalar) => tf.reshape(scalar, []))));
