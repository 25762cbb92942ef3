/** The types of training by several processes, one for each device. Types only. */
import type {TensorInfo} from '@tensorflow/tfjs-core';

/** A collective call that is under way. */
export interface Work {
  /**
   * Blocks the thread until it is done, which a training step does in its middle.
   * @throws GanError GAN_RANK_FAILED, GAN_RANK_LOST when another process cannot go on, or does not answer
   */
  wait(): void;
  /** The same, without blocking. */
  done(): Promise<void>;
  /** Of one that is done: when it began and ended, milliseconds since 1970. */
  took(): {from: number; to: number};
}

/** Why a training with several ranks cannot go on, as the package that finds the ranks tells it. */
export interface Failure {
  /** The rank that it comes from; -1: the exchange itself failed in this process. */
  rank: number;
  host: string;
  /** Of the error that it met, where it was one. */
  kind?: string;
  code?: string;
  message: string;
  suggestions?: string[];
  /** Of the process that has the error. */
  exitCode?: number;
}

/** A function of a shared library that takes one word and returns an int. */
export interface NativeCall {
  file: string;
  name: string;
  argument: bigint;
}

/** Memory that JavaScript does not have: of a GPU, or of the host where a GPU reads and writes it. */
export interface MemoryAt {
  address: bigint;
  /** Numbers of 32 bits. */
  count: number;
  /** To be called once in a thread that uses the memory: what makes the context of the GPU the current one. */
  enter: NativeCall;
  /** Returns 0 once the contents are there, and `notYet` before. */
  ready: NativeCall & {notYet: number};
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
  /** Whether `allReduceAt` takes memory of a GPU. */
  readonly takesGpuMemory: boolean;
  /** Memory for `allReduce`. */
  memory(count: number): Float32Array;
  /** Adds up values over all ranks, or finds the largest of each, in their place. */
  allReduce(values: Float32Array, op?: 'sum' | 'max'): Work;
  /** Adds up values over all ranks, in their place, once they are there. */
  allReduceAt(memory: MemoryAt): Work;
  /** Bytes of rank 0, to all. */
  broadcast(bytes?: Uint8Array): Promise<Uint8Array>;
  /** A few bytes of each rank, to all, by ranks. It ends once all have called it: without bytes it is a barrier. */
  allGather(bytes: Uint8Array): Promise<Uint8Array[]>;
  /** Says what this rank is doing, and its last lines of output: the others tell of it when it is lost. */
  note(text: string): void;
  /** @throws GanError GAN_RANK_FAILED, GAN_RANK_LOST once another process cannot go on, or does not answer */
  check(): void;
}

/** Sums of a device's own tensors over all ranks. */
export interface DeviceSums {
  /** By what they travel, for people: `NCCL 2.27.5`. */
  readonly description: string;
  /**
   * Begins the sums of tensors of float32, in the order of other work. The tensors may be disposed of before the sums
   * are there.
   */
  begin(tensors: readonly TensorInfo[]): SumsUnderWay;
  /** Leaves the others. What is under way is given up. */
  close(): void;
}

/** Sums that have begun. */
export interface SumsUnderWay {
  /** New tensors of the device with the sums, in the order of other work. Once only. */
  end(): TensorInfo[];
}

/** What lets a device exchange tensors with those of other ranks, without the library reading them. */
export interface DeviceCollective {
  /**
   * All ranks call it at the same time, and agree on how they exchange.
   * @throws GanError GAN_BACKEND_FAILED
   */
  join(ranks: Collective): Promise<DeviceSums>;
}
