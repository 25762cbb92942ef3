/** The types of backends and devices. Types only: nothing here loads tfjs. */

import type {DataType, TensorInfo} from '@tensorflow/tfjs-core';
import type {DeviceCollective} from './collective.js';

/** Facts for people (adapter, threads, versions). `gan backends` shows them, and the run folder keeps them. */
export type DeviceInfo = Record<string, string | number | boolean>;

/** A device that a backend can compute on. */
export interface ListedDevice {
  name: string;
  /** Total memory; absent if unknown. */
  memoryBytes?: number;
}

/**
 * Says whether a backend can run here. If yes: facts, the devices in the order of their numbers, and the number of the
 * device that it would use (absent: the first). If no: the reason, and what the user can do about it.
 */
export type Probe =
  | {ok: true; info?: DeviceInfo; devices?: readonly ListedDevice[]; chosen?: number}
  | {ok: false; why: string; fix: string};

/** Memory held by tensors, in bytes, and how many tensors there are. */
export interface DeviceMemory {
  bytes: number;
  tensors: number;
}

/** Captured work. Memory that it allocates stays reserved until it is disposed of. */
export interface DeviceRecording {
  /** Submits all of the work to the device again, in order with other work. */
  launch(): void;
  dispose(): void;
}

/**
 * What lets a device repeat a training step faster than kernel by kernel (CUDA graphs, say). How the library uses it
 * (src/backends/capture):
 *
 * - `record(run)`: `run` calls the kernels of one step, once, synchronously: kernels, `copy`, and `disposeData` of what
 *   the kernels made, nothing else: no upload, no reading. The work is kept and NOT done: what `run` was given has its
 *   old contents afterwards. The same kernels have run at least twice before, with the same shapes, so nothing is
 *   compiled or tuned in it. When `run` throws, so does `record`.
 * - Addresses are fixed: every launch reads and writes the memory that the tensors had in `run`. Those that existed
 *   before `run` are the library's: they stay alive as long as the recording. Those that `run` makes and disposes of
 *   are the recording's: their memory may be used again within it, and by other recordings, but by nothing else. Those
 *   that `run` makes and leaves (its results) are read between one launch and the next of any recording, by `copy`
 *   only; the library disposes of them just before it disposes of the recording.
 * - Where attributes say `inPlace` (see fused/update.ts) a kernel may return its inputs, and no copy is needed.
 */
export interface DeviceCapture {
  record(run: () => void): DeviceRecording;
  /**
   * Kernels that may get an input more, `sum`: they add their result to its numbers, in place, with the bits of an
   * addition after it, and return data that shares with it. Default: none.
   */
  adds?: ReadonlySet<string>;
  /**
   * Copies contents, in order with other work. Inside `run`, the copy is part of the captured work. Both have the same
   * shape and type.
   */
  copy(from: TensorInfo, to: TensorInfo): void;
  /** Allocates data with undefined contents and one reference, like a kernel's output. Not called inside `run`. */
  allocate(shape: number[], dtype: DataType): TensorInfo;
}

/** Tensors that lie in memory of the host. */
export interface HostTensors {
  /** The numbers of a tensor of float32, to read and to write; valid until another tensor is made. */
  values(tensor: TensorInfo): Float32Array;
  /** A new tensor of float32 with one reference, like a kernel's output, its numbers undefined. */
  make(shape: number[]): TensorInfo;
}

/** The result of a backend's `open`. Only `tfBackend` is required. The rest has defaults made of plain tfjs calls. */
export interface OpenedDevice {
  /** The name of the backend in tfjs. */
  tfBackend: string;
  info?: DeviceInfo;
  /** Resolves when all work handed to the device is done. */
  sync?(): Promise<void>;
  memory?(): DeviceMemory;
  /** Releases everything, so that the process can exit by itself. */
  close?(): void | Promise<void>;
  /**
   * For tests: loses the device, as a driver reset does. Every later read, computation and wait must fail with
   * GAN_DEVICE_LOST. Absent if this device cannot be lost on request.
   */
  lose?(): void | Promise<void>;
  /** Captures and replays steps. Without it, the library calls the kernels of a step one by one. */
  capture?: DeviceCapture;
  /** Exchanges tensors with other ranks. Without it, the library reads them and sends what it read. */
  collective?: DeviceCollective;
  /** Of a device with its tensors in memory of the host. With it, sums over ranks need no arrays of JavaScript. */
  hostTensors?: HostTensors;
}

/**
 * Something that `gan doctor` found out. A `problem` keeps the default job (`gan fit` without arguments) from running,
 * a `warning` does not; both say what is wrong and what to do.
 */
export type Finding =
  {name: string; state: 'ok'; what: string} | {name: string; state: 'warning' | 'problem'; what: string; fix: string};

/** The backend that a part creates from its options. */
export interface Backend {
  /** Must be cheap, never throw, and load nothing heavy. */
  probe(): Promise<Probe>;
  open(): Promise<OpenedDevice>;
  /**
   * More facts for `gan doctor` than the probe returns: drivers, libraries, limits. Must be as cheap as the probe. Its
   * findings never stop a job.
   */
  diagnose?(): Promise<Finding[]>;
}

/** An open device, with every default filled in. */
export interface Device
  extends
    Required<Omit<OpenedDevice, 'capture' | 'collective' | 'hostTensors' | 'lose'>>,
    Pick<OpenedDevice, 'collective' | 'hostTensors' | 'lose'> {
  /** Name of the backend part, as given to `--backend`. */
  name: string;
}
