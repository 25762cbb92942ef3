import {messageOf} from '../../errors.js';
import {hasValue} from '../../variables.js';
import {tf, type Tensor} from '../tf.js';
import {difference, type CapturedStep} from './captured-step.js';
import {deviceCapture, DeviceReplay, PinnedVariables} from './device-replay.js';
import {KernelReplay, type Replayer} from './kernel-replay.js';
import {isCollective, withEarlyCalls} from './early-calls.js';
import {captureStep} from './observe-step.js';

/**
 * After this many different captures, a kind of step counts as never the same. The first step differs because it
 * creates what later steps use.
 */
const attempts = 4;
/** Kinds of steps that are captured; a training has two, some more when batches differ in size. */
const kinds = 16;

interface StepKind {
  /** How often it was captured. */
  captures: number;
  /** The last capture; undefined when that failed. */
  captured: CapturedStep | undefined;
  replayer?: Replayer;
  /** Why it is not replayed. */
  refusal?: string;
}

/**
 * Runs steps, captures them, and replays those that it knows. A kind of step (`key`) runs as it is until two captures
 * in a row are the same; from then on that capture is replayed. Every value is the same, to the last bit: the same
 * kernels run on the same data in the same order.
 */
export class Steps {
  readonly #kinds = new Map<string, StepKind>();
  readonly #told = new Set<string>();
  #pinned: PinnedVariables | undefined;
  readonly #drawCount: () => number;
  /** Steps that were replayed. */
  repeated = 0;
  /** Those of them that the device ran from a capture of its own. */
  launched = 0;

  /**
   * @param drawCount how many random numbers have been drawn so far: a step that draws some outside `perStepTensor` is
   * not captured
   */
  constructor(drawCount: () => number = () => 0) {
    this.#drawCount = drawCount;
  }

  /** Why some steps are not replayed, each reason once. */
  get refusals(): readonly string[] {
    return [...this.#told];
  }

  /**
   * Does a step and returns its results.
   * @param key says everything that the step follows from, apart from the values of tensors and of `perStepTensor`
   * @param given the tensors that are new in each step
   * @param step does it; every tensor that it leaves, variables apart, is one of its results
   */
  run(key: string, given: readonly Tensor[], step: () => readonly Tensor[]): readonly Tensor[] {
    this.#forgetStale(key);
    const kind = this.#kind(key);
    if (!kind || kind.refusal !== undefined) return step();
    if (!kind.replayer) return this.#capture(kind, given, step);
    this.repeated++;
    return kind.replayer.run(given);
  }

  #kind(key: string): StepKind | undefined {
    const known = this.#kinds.get(key);
    if (known) return known;
    if (this.#kinds.size >= kinds) {
      this.refuse(`there are more than ${kinds} kinds of steps`);
      return undefined;
    }
    const kind: StepKind = {captures: 0, captured: undefined};
    this.#kinds.set(key, kind);
    return kind;
  }

  #forgetStale(key: string): void {
    const replayer = this.#kinds.get(key)?.replayer;
    if (!replayer || replayer.usable) return;
    debug('something that a captured step uses has gone; the step is captured again');
    replayer.dispose();
    this.#kinds.delete(key);
  }

  #capture(kind: StepKind, given: readonly Tensor[], step: () => readonly Tensor[]): readonly Tensor[] {
    const {results, captured} = captureStep(given, step, this.#drawCount);
    kind.captures++;
    const before = kind.captured;
    kind.captured = typeof captured === 'string' ? undefined : captured;
    const fault = typeof captured === 'string' ? captured : before && difference(before, captured);
    if (fault !== undefined) {
      if (kind.captures >= attempts) kind.refusal = this.refuse(fault);
    } else if (before) {
      this.#trust(kind, kind.captured!);
    }
    return results;
  }

  #trust(kind: StepKind, observed: CapturedStep): void {
    const captured = withEarlyCalls(observed);
    const capture = isCollective(captured) ? undefined : deviceCapture();
    if (capture) {
      try {
        kind.replayer = new DeviceReplay(
          captured,
          capture,
          (this.#pinned ??= new PinnedVariables(tf.backend(), capture)),
          () => this.launched++,
        );
      } catch (error) {
        this.refuse(`the device does not capture it (${messageOf(error)}); its kernels are called one by one`);
      }
    }
    kind.replayer ??= new KernelReplay(captured);
    debug(`captured a step of ${captured.calls.length} kernels`);
  }

  /** Notes why a step is not replayed. */
  refuse(why: string): string {
    if (!this.#told.has(why)) debug(`not captured: ${why}`);
    this.#told.add(why);
    return why;
  }

  /** Forgets all captured steps and gives back what they hold. */
  clear(): void {
    for (const {replayer} of this.#kinds.values()) replayer?.dispose();
    this.#kinds.clear();
    this.#pinned?.dispose();
    this.#pinned = undefined;
  }
}

/** With GAN_DEBUG=capture, prints what is captured, and why something is not. */
function debug(message: string): void {
  if (hasValue('GAN_DEBUG', 'capture')) process.stderr.write(`capture: ${message}\n`);
}
