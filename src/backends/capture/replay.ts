/** Repeats a step by calling its kernels again, one by one. */
import {tf, type Tensor} from '../tf.js';
import {readyCall, type Places, type ReadyCall} from './kernels.js';
import {freedAfter} from './liveness.js';
import {Program} from './program.js';
import type {Trace} from './trace.js';

type Assignment = Trace['assignments'][number];

/** What can repeat a step. */
export interface Repeater {
  /** False once something that it uses has gone. */
  readonly usable: boolean;
  /** Does the step with these inputs and returns its results. */
  run(given: readonly Tensor[]): Tensor[];
  dispose(): void;
}

export class Replay implements Repeater {
  readonly #program: Program;
  readonly #calls: readonly ReadyCall[];
  readonly #freedAfter: readonly number[][];
  /** Variables that get their new value after that call. */
  readonly #assignedAfter: readonly Assignment[][];

  constructor(trace: Trace, program = new Program(trace)) {
    this.#program = program;
    this.#calls = trace.calls.map((call) => readyCall(call, program.backend));
    this.#freedAfter = freedAfter(trace, (slot) => program.isTransient(slot));
    this.#assignedAfter = trace.calls.map((_, i) => trace.assignments.filter(({after}) => after === i + 1));
  }

  get usable(): boolean {
    return this.#program.usable;
  }

  run(given: readonly Tensor[]): Tensor[] {
    const {backend, trace} = this.#program;
    const places = this.#program.places(given);
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
          return trace.results.map(({slot, shape, dtype}) => {
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
      this.#program.backend.disposeData(places[slot]!);
      places[slot] = undefined;
    }
  }

  /** What is left at the end, or when a kernel has failed. */
  #freeAll(places: Places): void {
    this.#freedAfter.flat().forEach((slot) => {
      if (places[slot] !== undefined) this.#program.backend.disposeData(places[slot]);
    });
  }

  dispose(): void {
    this.#program.dispose();
  }
}
