/** Replays a step by calling its kernels again, one by one. */
import {tf, type Tensor} from '../tf.js';
import type {CapturedStep, KernelCall} from './captured-step.js';
import {freedAfter, readyCall, replacesVariables, ReplayPlan, type Places, type ReadyCall} from './replay-plan.js';

type Assignment = CapturedStep['assignments'][number];

/** Replays one captured step. */
export interface Replayer {
  /** False once something that it uses has gone. */
  readonly usable: boolean;
  /** Does the step with these inputs and returns its results. */
  run(given: readonly Tensor[]): Tensor[];
  dispose(): void;
}

export class KernelReplay implements Replayer {
  readonly #plan: ReplayPlan;
  readonly #calls: readonly ReadyCall[];
  readonly #freedAfter: readonly number[][];
  /** Variables that get their new value after that call. */
  readonly #assignedAfter: readonly Assignment[][];

  constructor(step: CapturedStep, plan = new ReplayPlan(step)) {
    this.#plan = plan;
    this.#calls = step.calls.map((call, i) => readyCall(call, plan.backend, attrsOf(step, i)));
    this.#freedAfter = freedAfter(step, (slot) => plan.isTransient(slot));
    this.#assignedAfter = step.calls.map((_, i) => step.assignments.filter(({after}) => after === i + 1));
  }

  get usable(): boolean {
    return this.#plan.usable;
  }

  run(given: readonly Tensor[]): Tensor[] {
    const {backend, step} = this.#plan;
    const places = this.#plan.places(given);
    try {
      const calls = this.#calls;
      for (let i = 0; i < calls.length; i++) {
        calls[i]!.make(places);
        for (const {
          variable,
          view: {slot, shape, dtype},
        } of this.#assignedAfter[i]!)
          variable.assign({dataId: places[slot], shape, dtype} as Tensor);
        // The results are made while their data is there.
        if (i === calls.length - 1)
          return step.results.map(({slot, shape, dtype}) => {
            backend.incRef(places[slot]!);
            return tf.engine().makeTensorFromTensorInfo({dataId: places[slot]!, shape, dtype});
          });
        this.#free(i, places);
      }
      return [];
    } finally {
      this.#freeAll(places);
    }
  }

  #free(call: number, places: Places): void {
    for (const slot of this.#freedAfter[call]!) {
      this.#plan.backend.disposeData(places[slot]!);
      places[slot] = undefined;
    }
  }

  /** What is left at the end, or when a kernel has failed. */
  #freeAll(places: Places): void {
    this.#freedAfter.flat().forEach((slot) => {
      if (places[slot] !== undefined) this.#plan.backend.disposeData(places[slot]);
    });
  }

  dispose(): void {
    this.#plan.dispose();
  }
}

/**
 * The attributes of a call. A replay counts no references for what the step read in between, so that a kernel must be
 * told if something reads its inputs later.
 */
function attrsOf(step: CapturedStep, call: number): KernelCall['attrs'] {
  const {attrs} = step.calls[call]!;
  return attrs?.['consumes'] && !replacesVariables(step, call) ? {...attrs, consumes: false} : attrs;
}
