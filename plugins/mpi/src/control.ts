/**
 * What the thread that calls MPI and the main thread share: commands go by message, their ends by a word of memory
 * each, so that the main thread can wait in the middle of a training step.
 */

/** Words of the block that both see. */
export const word = {
  /** Goes up with each command: what the MPI thread sleeps on. */
  posted: 0,
  /** 1 while the main thread can do nothing but wait. */
  waiting: 1,
  /** Bytes of the failure's text; 0 while there is none. */
  failure: 2,
  /** The states of calls, in turn. */
  states: 16,
} as const;

/** Calls under way at a time, at most. */
export const slots = 1024;
export const state = {pending: 0, done: 1, failed: 2} as const;

export const blockBytes = 4 * (word.states + slots);
export const failureBytes = 8192;

/** Why a training with several ranks cannot go on. */
export interface Failure {
  /** The rank that it comes from. */
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

export type Command =
  | {kind: 'allReduce'; slot: number; values: Float32Array; op: 'sum' | 'max'}
  | {kind: 'broadcast'; slot: number; bytes: Uint8Array}
  | {kind: 'allGather'; slot: number; bytes: Uint8Array; bytesOfEach: number}
  | {kind: 'fail'; slot: number; failure: Failure}
  | {kind: 'hosts'; slot: number; hosts: string[]}
  | {kind: 'abort'; exitCode: number}
  | {kind: 'close'; slot: number};

export interface ThreadData {
  block: SharedArrayBuffer;
  failure: SharedArrayBuffer;
  launcher: 'openmpi' | 'mpich' | 'abi' | 'unknown';
  /** Seconds after which a rank that sends nothing counts as lost. */
  silenceSeconds: number;
}

/** What the thread says when it has begun. */
export type Hello =
  | {ok: true; rank: number; size: number; library: string; file: string; threadLevel: string}
  | {ok: false; what: 'no-library' | 'mpi'; message: string; tried?: string[]};
