/** Repeats a step by a device's own recording of it, in which every address is fixed. */
import type {DataId, TensorInfo} from '@tensorflow/tfjs-core';
import type {DeviceCapture, DeviceRecording} from '../device.js';
import {tf, type Tensor, type Variable} from '../tf.js';
import type {Homes} from './homes.js';
import {readyCall, type Places} from './kernels.js';
import {freedAfter} from './liveness.js';
import {Program} from './program.js';
import {Replay, type Repeater} from './replay.js';
import {inputsOf, type KernelCall, type Trace, type View} from './trace.js';

/** Kernels that know the attribute `inPlace`. */
const inPlaceKernels = new Set(['OptimizerUpdate']);

/** What each step brings, and where the recording finds it. */
interface New {
  slot: number;
  to: TensorInfo;
  /** It is in a tensor of its own, made for this step. */
  uploaded: boolean;
}

/**
 * Between launches variables are in their homes; what is new in a step is copied into its fixed place before a launch; results are
 * copied out after it, since the next launch writes over them. While somebody holds a clone of a variable, the step is repeated kernel
 * by kernel instead, which leaves the clone alone.
 */
export class Launch implements Repeater {
  readonly #trace: Trace;
  readonly #program: Program;
  readonly #replay: Replay;
  readonly #capture: DeviceCapture;
  readonly #homes: Homes;
  readonly #variables: readonly Variable[];
  readonly #new: readonly New[];
  readonly #results: TensorInfo[] = [];
  readonly #recording: DeviceRecording;

  /** @throws what the device throws when it cannot record this */
  constructor(trace: Trace, capture: DeviceCapture, homes: Homes) {
    this.#trace = trace;
    this.#program = new Program(trace, true);
    this.#replay = new Replay(trace, this.#program);
    this.#capture = capture;
    this.#homes = homes;
    this.#variables = [
      ...new Set([
        ...trace.origins.flatMap((origin) => (origin.kind === 'variable' ? [origin.variable] : [])),
        ...trace.assignments.map(({variable}) => variable),
      ]),
    ];
    this.#new = trace.origins.flatMap((origin, slot): New[] => {
      if (origin.kind === 'given') return [{slot, to: capture.allocate(origin.shape, origin.dtype), uploaded: false}];
      return origin.kind === 'changing' ? [{slot, to: capture.allocate(origin.shape, 'float32'), uploaded: true}] : [];
    });
    for (const variable of this.#variables) homes.bring(variable);
    try {
      this.#recording = capture.record(() => this.#call());
    } catch (error) {
      this.#release();
      throw error;
    }
  }

  get usable(): boolean {
    return this.#program.usable;
  }

  /** The step, once, where it will always be. */
  #call(): void {
    const {calls, assignments, results} = this.#trace;
    const {backend} = this.#program;
    const places: Places = this.#program.fixed();
    for (const {slot, to} of this.#new) places[slot] = to.dataId;
    const kept = new Set([...assignments.map(({view}) => view.slot), ...results.map(({slot}) => slot)]);
    const freed = freedAfter(this.#trace, () => false);
    calls.forEach((call, i) => {
      const attrs = inPlaceKernels.has(call.name) && this.#isLastUse(i) ? {...call.attrs, inPlace: true} : call.attrs;
      readyCall(call, backend, attrs).make(places);
      for (const slot of freed[i]!) if (!kept.has(slot)) backend.disposeData(places[slot]!);
    });
    for (const {variable, view} of assignments) {
      const home = this.#homes.of(variable);
      if (places[view.slot] !== home) this.#capture.copy(at(places[view.slot]!, view), at(home, view));
    }
    for (const view of results) this.#results.push(at(places[view.slot]!, view));
    const left = new Set(results.map(({slot}) => slot));
    for (const slot of kept) if (!left.has(slot)) backend.disposeData(places[slot]!);
  }

  /** Whether the variables that a call reads get their new values from it, and nothing reads the old ones later. */
  #isLastUse(i: number): boolean {
    const {origins, calls, assignments} = this.#trace;
    const outputs = new Set(calls[i]!.outputs.map(({slot}) => slot));
    const later = new Set(calls.slice(i + 1).flatMap((call: KernelCall) => inputsOf(call).map(({slot}) => slot)));
    return inputsOf(calls[i]!).every(({slot}) => {
      const origin = origins[slot]!;
      if (origin.kind !== 'variable') return true;
      return (
        !later.has(slot) &&
        assignments.some(({variable, view}) => variable === origin.variable && outputs.has(view.slot))
      );
    });
  }

  run(given: readonly Tensor[]): Tensor[] {
    if (!this.#variables.every((variable) => this.#homes.isFree(variable))) return this.#replay.run(given);
    for (const variable of this.#variables) this.#homes.bring(variable);
    const places = this.#program.places(given);
    for (const {slot, to, uploaded} of this.#new) {
      this.#capture.copy({...to, dataId: places[slot]!}, to);
      if (uploaded) this.#program.backend.disposeData(places[slot]!);
    }
    this.#recording.launch();
    return this.#results.map((result) => {
      const own = this.#capture.allocate(result.shape, result.dtype);
      this.#capture.copy(result, own);
      return tf.engine().makeTensorFromTensorInfo(own);
    });
  }

  dispose(): void {
    for (const dataId of new Set(this.#results.map(({dataId}) => dataId))) this.#program.backend.disposeData(dataId);
    this.#recording.dispose();
    this.#release();
  }

  #release(): void {
    for (const {to} of this.#new) this.#program.backend.disposeData(to.dataId);
    this.#program.dispose();
  }
}

const at = (dataId: DataId, {shape, dtype}: View): TensorInfo => ({dataId, shape, dtype});
