import {Rng, type RngState} from './rng.js';

/**
 * The streams that are drawn from in sequence. Data order and latents are forked by epoch and batch instead, and need
 * no state.
 */
export interface Streams {
  readonly seed: number;
  /** Initial weights. */
  readonly weights: Rng;
  /** Dropout masks. */
  readonly dropout: Rng;
}

export interface StreamsState {
  weights: RngState;
  dropout: RngState;
}

export function makeStreams(seed: number): Streams {
  const root = new Rng(seed);
  return {seed, weights: root.fork('weights'), dropout: root.fork('dropout')};
}

export function saveStreams(streams: Streams): StreamsState {
  return {weights: streams.weights.save(), dropout: streams.dropout.save()};
}

export function loadStreams(streams: Streams, state: StreamsState): void {
  streams.weights.load(state.weights);
  streams.dropout.load(state.dropout);
}

let current = makeStreams(Math.floor(Math.random() * 2 ** 31));

/**
 * Seeds everything random that is made from now on: layers keep the streams that are current when they are made, and a
 * Learner those that are current when it is made. Without a call, each process has a seed of its own.
 */
export function setSeed(seed: number): Streams {
  current = makeStreams(seed);
  return current;
}

/** The streams of the last `setSeed`. */
export function streams(): Streams {
  return current;
}
