/** The types of training by several processes, one for each device. Types only. */

/** A collective call that is under way. */
export interface Work {
  /**
   * Blocks the thread until it is done, which a training step does in its middle.
   * @throws GanError GAN_RANK_FAILED, GAN_RANK_LOST when another process cannot go on, or does not answer
   */
  wait(): void;
  /** The same, without blocking. */
  done(): Promise<void>;
}

/**
 * The processes that train together, as one of them sees them. Each has a rank, from 0. All make the same calls in the
 * same order, with the same sizes; several may be under way at a time.
 */
export interface Collective {
  readonly rank: number;
  /** Processes in all. */
  readonly size: number;
  /** The name of each one's machine. */
  readonly hosts: readonly string[];
  /** Facts for people: library, version, thread level. */
  readonly info: Readonly<Record<string, string | number>>;
  /** Memory for `allReduce`. */
  memory(count: number): Float32Array;
  /** Adds up values over all ranks, or finds the largest of each, in their place. */
  allReduce(values: Float32Array, op?: 'sum' | 'max'): Work;
  /** Bytes of rank 0, to all. */
  broadcast(bytes?: Uint8Array): Promise<Uint8Array>;
  /** A few bytes of each rank, to all, by ranks. */
  allGather(bytes: Uint8Array): Promise<Uint8Array[]>;
}
