/** The building blocks of the kit: checks, their context and their results. Types and small helpers only. */
import type {Device} from '../../backends/device.js';
import type {Deviation} from '../golden/compare.js';

/** Groups in the order in which they run. Groups that close the device come last. */
export const groups = [
  'operations',
  'gradients',
  'second-order',
  'penalties',
  'state',
  'errors',
  'memory',
  'training',
  'golden',
  'lifecycle',
] as const;
export type Group = (typeof groups)[number];

/** A backend to be tested. */
export interface Subject {
  /** The name of the backend, as given to `--backend`. */
  name: string;
  /** Opens it, also a second time after it was closed. */
  open(): Promise<Device>;
  /**
   * Opens it in a new process: a module that exports `open(argument)` as its default. Absent: the check of a clean exit
   * says that it cannot run.
   */
  process?: {module: string; argument: unknown};
}

/** The context of a check. */
export interface Session {
  readonly subject: Subject;
  /** The open device; opened when it is not. */
  device(): Promise<Device>;
  /** Closes the device, if it is open. */
  close(): Promise<void>;
  /** The folder of fastai's recordings. */
  readonly recordings: string;
}

export interface Check {
  group: Group;
  /** Unique in the kit: exemptions go by it. */
  title: string;
  /**
   * Measured deviations with their bounds. What is wrong otherwise is thrown; `cannotRun` when there is nothing to be
   * told.
   */
  run(session: Session): Promise<Deviation[]>;
}

/** - `exempt`: failed, as its exemption says; - `skipped`: cannot run here. */
export type State = 'passed' | 'failed' | 'skipped' | 'exempt';

export interface CheckResult {
  group: Group;
  title: string;
  state: State;
  deviations: Deviation[];
  /** Reason of a check that did not pass. */
  why?: string;
  milliseconds: number;
}

/** Thrown by a check that has no meaning on this device. */
export class CannotRun extends Error {
  override name = 'CannotRun';
}

export function cannotRun(why: string): never {
  throw new CannotRun(why);
}

/** A fact that has to hold. */
export function demand(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Error(otherwise);
}
