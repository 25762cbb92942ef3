/** The interface of the device for kernels. Types only. */
import type {TensorInfo} from '@tensorflow/tfjs-core';
import type {Blas} from './blas/types.js';
import type {Dnn} from './dnn/types.js';
import type {Element, Turned} from './forms.js';

export type {Data, Element, Turned} from './forms.js';

/** Element types on the device: 4, 4 and 1 bytes. Strings never get there. */
export type GpuDtype = 'float32' | 'int32' | 'bool';

/** The rounding of the factors of matrix products and convolutions. Sums are float32 in all three. */
export type Precision = 'fp32' | 'tf32' | 'bf16';

/** A tensor of the backend with the address of its first element. */
export interface Output {
  info: TensorInfo;
  address: bigint;
}

/**
 * The device. Everything is handed to one stream, in order; nothing waits for it. Whatever runs here runs inside
 * `operation`. All of it can be recorded and replayed (step capture), so a kernel must not depend on values that were
 * read back, and must not keep addresses beyond its operation.
 */
export interface Gpu {
  /**
   * Runs one operation: faults of the device name it and the shapes of its inputs, and scratch memory taken inside is
   * given back at its end. Operations nest. Returns what `run` returns.
   * @throws GanError GAN_BACKEND_MEMORY, GAN_BACKEND_FAILED, GAN_DEVICE_LOST
   */
  operation<T>(name: string, inputs: readonly TensorInfo[], run: () => T): T;
  /**
   * An uninitialised tensor of the backend, referred to once.
   * @param element how its numbers lie, of float32; default 'float'
   * @param turned their order, where it is not that of tfjs
   */
  output(shape: number[], dtype: GpuDtype, element?: Element, turned?: Turned): Output;
  /**
   * The same data under another shape or view of the type (Reshape, Identity); freed when all that share it are
   * disposed of.
   */
  alias(tensor: TensorInfo, shape?: number[]): TensorInfo;
  /**
   * Address of a tensor's first element; uploads it first where it is still on the host. A tensor without elements has
   * address 0. Where its numbers lie otherwise than is wanted, it is the address of a copy, which stays with the tensor
   * and its values.
   * @param element of float32; default 'float'
   * @param turned the order of the numbers, where it is not that of tfjs
   */
  address(tensor: TensorInfo, element?: Element, turned?: Turned): bigint;
  /** How the numbers of a tensor lie; 'float' of other types than float32. */
  elementOf(tensor: TensorInfo): Element;
  /** The order of a tensor's numbers, where it is not that of tfjs. */
  turnedOf(tensor: TensorInfo): Turned | undefined;
  /**
   * Like `address`, for a kernel that changes float32 values in place, in the order in which they lie: what the device
   * knew of them (its copy on the host, filters) is forgotten.
   */
  overwrite(tensor: TensorInfo): bigint;
  /**
   * Bytes of the host on the device until the end of the operation: sent beside the computation where they are many.
   * Not while a recording is made.
   */
  send(bytes: Uint8Array): bigint;
  /** An array of the host that never changes, on the device; sent once, kept for as long as the array is. */
  constant(values: Float32Array | Int32Array | Uint8Array): bigint;
  /** Device memory until the end of the operation, aligned to 256 bytes, uninitialised. */
  scratch(bytes: number): bigint;
  /**
   * Compiles the source if this device has not seen it yet, and hands the kernel to the stream. A grid with a zero
   * launches nothing.
   */
  launch(call: Launch): void;
  /** Copies on the device. The ranges must not overlap. */
  copy(from: bigint, to: bigint, bytes: number): void;
  /** Writes a 32-bit pattern `count` times. */
  fill(address: bigint, pattern: number, count: number): void;
  readonly blas: Blas;
  readonly dnn: Dnn;
  readonly precision: Precision;
  readonly card: Card;
}

/** The facts about the card that launch geometry may depend on. */
export interface Card {
  name: string;
  /** Compute capability times ten: 80, 86, 90, 120. */
  architecture: number;
  multiprocessors: number;
  /** Bytes of shared memory that a block may have without asking for more: 48 KiB on all cards. */
  sharedBytesPerBlock: number;
}

/** Threads and blocks in x, y, z. */
export type Extent = readonly [x: number, y: number, z: number];

export interface Launch {
  source: KernelSource;
  /** Name of an `extern "C" __global__` function in the source. */
  entry: string;
  grid: Extent;
  block: Extent;
  /** Dynamic shared memory; default 0. */
  sharedBytes?: number;
  args: readonly KernelArg[];
}

/**
 * CUDA C text with a name; compiled once for the card (NVRTC, no headers but its built-in ones), options given by
 * `defines`.
 */
export interface KernelSource {
  /** Name for messages, such as 'elementwise/add'. */
  name: string;
  text: string;
  defines?: Readonly<Record<string, string | number>>;
}

/**
 * An argument of a kernel in the order of its parameters. A struct is its bytes as CUDA C lays them out, little-endian.
 */
export type KernelArg =
  | {type: 'pointer' | 'u64'; value: bigint}
  | {type: 'i32' | 'u32' | 'f32'; value: number}
  | {type: 'struct'; bytes: Uint8Array};
