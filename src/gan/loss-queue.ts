import type {Tensor} from '../backends/tf.js';
import {tf} from '../backends/tf.js';
import type {Turn} from './switchers/switcher.js';

/** The loss of a batch, and what the batch was. */
export interface LossRead {
  /** NaN until it has been read. */
  value: number;
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
}

/** Losses on the device whose reading has begun, the oldest first. A device computes on while they are read. */
export class LossQueue {
  readonly #unread: {read: LossRead; loss: Tensor; value: Promise<number>}[] = [];

  get length(): number {
    return this.#unread.length;
  }

  /** Begins to read a loss and goes on without waiting for it. The tensor stays the caller's. */
  begin(facts: Omit<LossRead, 'value'>, tensor: Tensor): LossRead {
    const loss = tf.clone(tensor);
    const value = loss.data().then(([number]) => number!);
    value.catch(() => {}); // thrown by `next`, which may come later
    const read = {...facts, value: NaN};
    this.#unread.push({read, loss, value});
    return read;
  }

  /** The oldest loss, once it has been read. */
  async next(): Promise<LossRead> {
    const {read, loss, value} = this.#unread.shift()!;
    try {
      read.value = await value;
    } finally {
      loss.dispose();
    }
    return read;
  }

  /** Drops what nobody will read, such as the losses of a fit that failed. */
  clear(): void {
    tf.dispose(this.#unread.splice(0).map(({loss}) => loss));
  }
}
