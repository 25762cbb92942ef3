/**
 * What the thread that calls MPI and the main thread share: commands go by message, their ends by a word of memory
 * each, so that the main thread can wait in the middle of a training step.
 */

import type {Failure, MemoryAt} from 'gankit/plugin';

/** Words of the block that both see. */
export const word = {
  /** Goes up with each command: what the MPI thread sleeps on. */
  posted: 0,
  /** 1 while the main thread can do nothing but wait. */
  waiting: 1,
  /** Bytes of the failure's text; 0 while there is none. */
  failure: 2,
  /** Bytes of the note (`Collective.note`). */
  note: 3,
  /** Goes up each second, as long as the main thread's event loop turns. */
  turns: 4,
  /** The states of calls, in turn. */
  states: 16,
} as const;

/** Calls under way at a time, at most. */
export const slots = 1024;
export const state = {pending: 0, done: 1, failed: 2} as const;

export const blockBytes = 4 * (word.states + slots);
/** When each call began and ended, milliseconds since 1970, two numbers a slot. */
export const timesBytes = 16 * slots;
export const now = (): number => performance.timeOrigin + performance.now();
export const failureBytes = 8192;
export const noteBytes = 1024;

/** A process on a machine. */
export interface Process {
  host: string;
  /** Of the machine as it is now, and of its list of processes; undefined where the system does not tell. */
  machine?: string;
  pid: number;
}

export type Command =
  | {kind: 'allReduce'; slot: number; values: Float32Array; op: 'sum' | 'max'}
  | {kind: 'allReduceAt'; slot: number; memory: MemoryAt}
  | {kind: 'broadcast'; slot: number; bytes: Uint8Array}
  | {kind: 'allGather'; slot: number; bytes: Uint8Array; bytesOfEach: number}
  | {kind: 'fail'; slot: number; failure: Failure}
  | {kind: 'processes'; slot: number; processes: Process[]}
  | {kind: 'abort'; exitCode: number}
  | {kind: 'close'; slot: number};

export interface ThreadData {
  block: SharedArrayBuffer;
  failure: SharedArrayBuffer;
  note: SharedArrayBuffer;
  times: SharedArrayBuffer;
  launcher: 'openmpi' | 'mpich' | 'abi' | 'unknown';
  /** Seconds after which a rank that sends nothing counts as lost. */
  silenceSeconds: number;
}

/** What the thread says when it has begun. */
export type Hello =
  | {ok: true; rank: number; size: number; library: string; file: string; threadLevel: string; takesGpuMemory: boolean}
  | {ok: false; what: 'no-library' | 'mpi'; message: string; tried?: string[]};
