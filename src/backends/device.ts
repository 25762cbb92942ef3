/** What a backend brings and what a device is. Types only: nothing here loads tfjs. */

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
export type Probe = {ok: true; info?: DeviceInfo; devices?: readonly ListedDevice[]; chosen?: number} | {ok: false; why: string; fix: string};

/** Memory held by tensors, in bytes, and how many tensors there are. */
export interface DeviceMemory {
  bytes: number;
  tensors: number;
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
}

/**
 * Something that `gan doctor` found out. A `problem` keeps the default job (`gan fit` without arguments) from running, a
 * `warning` does not; both say what is wrong and what to do.
 */
export type Finding = {name: string; state: 'ok'; what: string} | {name: string; state: 'warning' | 'problem'; what: string; fix: string};

/** What a backend part creates from its options. */
export interface Backend {
  /** Cheap, never throws, loads nothing heavy. */
  probe(): Promise<Probe>;
  open(): Promise<OpenedDevice>;
  /** More for `gan doctor` than the probe says: drivers, libraries, limits. As cheap as the probe; nothing here stops a job. */
  diagnose?(): Promise<Finding[]>;
}

/** An open device, with every default filled in. */
export interface Device extends Required<OpenedDevice> {
  /** Name of the backend part, as given to `--backend`. */
  name: string;
}
