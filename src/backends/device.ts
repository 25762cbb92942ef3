/** What a backend brings and what a device is. Types only: nothing here loads tfjs. */

import type {DataType, TensorInfo} from '@tensorflow/tfjs-core';

/** Facts for people (adapter, threads, versions), shown by `gan backends` and kept in the run folder. */
export type DeviceInfo = Record<string, string | number | boolean>;

/** A device that a backend can compute on. */
export interface ListedDevice {
  name: string;
  /** Of its memory, in all; absent where nothing tells. */
  memoryBytes?: number;
}

/**
 * Whether a backend can run here: facts, and the devices in the order of their numbers, with the number of the one that it
 * would take (absent: the first). A refusal says why, and what the user can do about it.
 */
export type Probe =
  | {ok: true; info?: DeviceInfo; devices?: readonly ListedDevice[]; chosen?: number}
  | {ok: false; why: string; fix: string};

/** Memory held by tensors, in bytes, and how many tensors there are. */
export interface DeviceMemory {
  bytes: number;
  tensors: number;
}

/** Work that was recorded. Memory that it allocates for itself stays reserved for it until it is disposed of. */
export interface DeviceRecording {
  /** Hands all of the work to the device again, in order with other work. */
  launch(): void;
  dispose(): void;
}

/**
 * What lets a device repeat a training step faster than kernel by kernel (CUDA graphs, say). How the library uses it (src/backends/capture):
 *
 * - `record(run)`: `run` calls the kernels of one step, once, synchronously: kernels, `copy`, and `disposeData` of what the kernels made,
 *   nothing else: no upload, no reading. The work is kept and NOT done: what `run` was given has its old contents afterwards. The same kernels have
 *   run at least twice before, with the same shapes, so nothing is compiled or tuned in it. When `run` throws, so does `record`.
 * - Addresses are fixed: every launch reads and writes the memory that the tensors had in `run`. Those that existed before `run` are the
 *   library's: they stay alive as long as the recording. Those that `run` makes and disposes of are the recording's: their memory may be used
 *   again within it, and by other recordings, but by nothing else. Those that `run` makes and leaves (its results) are read between one launch and the
 *   next of any recording, by `copy` only; the library disposes of them just before it disposes of the recording.
 * - Where attributes say `inPlace` (see fused/update.ts) a kernel may return its inputs, and no copy is needed.
 */
export interface DeviceCapture {
  record(run: () => void): DeviceRecording;
  /** Copies contents, in order with other work; in `run`, a part of the work. The two have one shape and type. */
  copy(from: TensorInfo, to: TensorInfo): void;
  /** New data, contents undefined, with one reference, like a kernel's output. Not called in `run`. */
  allocate(shape: number[], dtype: DataType): TensorInfo;
}

/** What a backend returns from `open`. Only `tfBackend` is required: the rest has defaults made of plain tfjs calls. */
export interface OpenedDevice {
  /** Name under which the backend registered itself with tfjs. */
  tfBackend: string;
  info?: DeviceInfo;
  /** Resolves when all work handed to the device is done. */
  sync?(): Promise<void>;
  memory?(): DeviceMemory;
  /** Gives everything back, so that the process can exit by itself. */
  close?(): void | Promise<void>;
  /**
   * For tests: loses the device, as a driver that resets does. What is read, computed or waited for afterwards has to fail with
   * GAN_DEVICE_LOST. Absent: nothing can make this device be lost.
   */
  lose?(): void | Promise<void>;
  /** Repeats steps; without it the library calls a step's kernels again, one by one. */
  capture?: DeviceCapture;
}

/**
 * Something that `gan doctor` found out. A `problem` keeps the default job (`gan fit` without arguments) from running, a
 * `warning` does not; both say what is wrong and what to do.
 */
export type Finding =
  {name: string; state: 'ok'; what: string} | {name: string; state: 'warning' | 'problem'; what: string; fix: string};

/** What a backend part creates from its options. */
export interface Backend {
  /** Cheap, never throws, loads nothing heavy. */
  probe(): Promise<Probe>;
  open(): Promise<OpenedDevice>;
  /** More for `gan doctor` than the probe says: drivers, libraries, limits. As cheap as the probe; nothing here stops a job. */
  diagnose?(): Promise<Finding[]>;
}

/** An open device, with every default filled in. */
export interface Device extends Required<Omit<OpenedDevice, 'capture' | 'lose'>>, Pick<OpenedDevice, 'lose'> {
  /** Name of the backend part, as given to `--backend`. */
  name: string;
}
