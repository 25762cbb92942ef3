/**
 * Runs steps, and repeats from recordings those that it knows. A kind of step (`key`) runs as it is until two recordings in a row are
 * the same; from then on its recording is repeated. Every value is the same, to the last bit: the same kernels run on the same data in the same order.
 */
import {messageOf} from '../../errors.js';
import {tf, type Tensor} from '../tf.js';
import {deviceCapture} from './devices.js';
import {Homes} from './homes.js';
import {Launch} from './launch.js';
import {debug} from './log.js';
import {record} from './record.js';
import {Replay, type Repeater} from './replay.js';
import {difference, type Trace} from './trace.js';

/** Recordings of a kind of step after which it counts as one that is never the same. The first step also makes what later ones use. */
const attempts = 4;
/** Kinds of steps that are recorded; a training has two, some more when batches differ in size. */
const kinds = 16;

interface Kind {
  recordings: number;
  /** The last recording, if it was one. */
  trace: Trace | undefined;
  repeater?: Repeater;
  /** Why it is not recorded. */
  refusal?: string;
}

export class Steps {
  readonly #kinds = new Map<string, Kind>();
  readonly #told = new Set<string>();
  #homes: Homes | undefined;
  /** Steps that were repeated from a recording. */
  repeated = 0;

  /** Why some steps are not recorded, each reason once. */
  get refusals(): readonly string[] {
    return [...this.#told];
  }

  /**
   * Does a step and returns its results.
   * @param key says everything that the step follows from, apart from the values of tensors and of `changing`
   * @param given the tensors that are new in each step
   * @param step does it; every tensor that it leaves, variables apart, is one of its results
   */
  run(key: string, given: readonly Tensor[], step: () => readonly Tensor[]): readonly Tensor[] {
    this.#forgetStale(key);
    const kind = this.#kind(key);
    if (!kind || kind.refusal !== undefined) return step();
    if (!kind.repeater) return this.#record(kind, given, step);
    this.repeated++;
    return kind.repeater.run(given);
  }

  #kind(key: string): Kind | undefined {
    const known = this.#kinds.get(key);
    if (known) return known;
    if (this.#kinds.size >= kinds) {
      this.refuse(`there are more than ${kinds} kinds of steps`);
      return undefined;
    }
    const kind: Kind = {recordings: 0, trace: undefined};
    this.#kinds.set(key, kind);
    return kind;
  }

  #forgetStale(key: string): void {
    const repeater = this.#kinds.get(key)?.repeater;
    if (!repeater || repeater.usable) return;
    debug('something that a recording uses has gone; the step is recorded again');
    repeater.dispose();
    this.#kinds.delete(key);
  }

  #record(kind: Kind, given: readonly Tensor[], step: () => readonly Tensor[]): readonly Tensor[] {
    const {results, trace} = record(given, step);
    kind.recordings++;
    const before = kind.trace;
    kind.trace = typeof trace === 'string' ? undefined : trace;
    const fault = typeof trace === 'string' ? trace : before && difference(before, trace);
    if (fault !== undefined) {
      if (kind.recordings >= attempts) kind.refusal = this.refuse(fault);
    } else if (before) {
      this.#trust(kind, kind.trace!);
    }
    return results;
  }

  #trust(kind: Kind, trace: Trace): void {
    const capture = deviceCapture();
    if (capture) {
      try {
        kind.repeater = new Launch(trace, capture, (this.#homes ??= new Homes(tf.backend(), capture)));
      } catch (error) {
        this.refuse(`the device does not record it (${messageOf(error)}); its kernels are called one by one`);
      }
    }
    kind.repeater ??= new Replay(trace);
    debug(`recorded a step of ${trace.calls.length} kernels`);
  }

  /** Notes why a step is not recorded. */
  refuse(why: string): string {
    if (!this.#told.has(why)) debug(`not recorded: ${why}`);
    this.#told.add(why);
    return why;
  }

  /** Forgets all recordings and gives back what they hold. */
  clear(): void {
    for (const {repeater} of this.#kinds.values()) repeater?.dispose();
    this.#kinds.clear();
    this.#homes?.dispose();
    this.#homes = undefined;
  }
}
