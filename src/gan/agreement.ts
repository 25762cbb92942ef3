import type {Collective, Work} from '../backends/collective.js';

/**
 * Whether to stop, of processes that train together: they have to do so after the same step. The wishes of a step are
 * exchanged while the next one is computed, so nothing waits for them.
 */
export class Agreement {
  readonly #ranks: Collective;
  #pending: {work: Work; largest: Float32Array} | undefined;
  #free: Float32Array[];

  constructor(ranks: Collective) {
    this.#ranks = ranks;
    this.#free = [ranks.memory(1), ranks.memory(1)];
  }

  /**
   * Begins to exchange wishes, and says what came of those before.
   * @param wish 0 for none; of different ones the largest counts
   * @returns the largest of the last call; 0 where all want to go on
   */
  async next(wish: number): Promise<number> {
    const before = this.#pending;
    const largest = this.#free.pop()!;
    largest[0] = wish;
    this.#pending = {work: this.#ranks.allReduce(largest, 'max'), largest};
    return before ? this.#read(before) : 0;
  }

  /** The same at once, of all wishes that have not been told of. */
  async now(wish: number): Promise<number> {
    const before = await this.next(wish);
    return Math.max(before, await this.rest());
  }

  /** What came of the last wishes. */
  async rest(): Promise<number> {
    const pending = this.#pending;
    this.#pending = undefined;
    return pending ? this.#read(pending) : 0;
  }

  async #read({work, largest}: {work: Work; largest: Float32Array}): Promise<number> {
    await work.done();
    this.#free.push(largest);
    return largest[0]!;
  }
}
