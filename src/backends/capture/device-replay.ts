/** Replays a step on a device that captures work by itself, at fixed addresses. */
import type {DataId, TensorInfo} from '@tensorflow/tfjs-core';
import type {DeviceCapture, DeviceRecording} from '../device.js';
import {tf, type Tensor, type Variable} from '../tf.js';
import {inputsOf, type CapturedStep, type KernelCall, type View} from './captured-step.js';
import {KernelReplay, type Replayer} from './kernel-replay.js';
import {withSumsInPlace} from './sums-in-place.js';
import {freedAfter, readyCall, replacesVariables, ReplayPlan, type Backend, type Places} from './replay-plan.js';

const captures = new WeakMap<object, DeviceCapture>();

/** The capture and replay of the current backend; undefined if steps are replayed kernel by kernel. */
export const deviceCapture = (): DeviceCapture | undefined => captures.get(tf.backend());

/** Sets what the current backend captures and replays work with. */
export function setDeviceCapture(capture: DeviceCapture | undefined): void {
  if (capture) captures.set(tf.backend(), capture);
  else captures.delete(tf.backend());
}

/** Variables at fixed addresses (their homes): every launch reads and writes them there. */
export class PinnedVariables {
  readonly #backend: Backend;
  readonly #capture: DeviceCapture;
  readonly #homes = new Map<Variable, DataId>();

  constructor(backend: Backend, capture: DeviceCapture) {
    this.#backend = backend;
    this.#capture = capture;
  }

  /** A variable's home: where it lies at the first call. */
  of(variable: Variable): DataId {
    let home = this.#homes.get(variable);
    if (home === undefined) {
      home = variable.dataId;
      this.#backend.incRef(home);
      this.#homes.set(variable, home);
    }
    return home;
  }

  /** True if only the variable uses its pinned data. A clone must not change with the variable. */
  isFree(variable: Variable): boolean {
    const home = this.of(variable);
    return this.#backend.refCount(home) === (variable.dataId === home ? 2 : 1);
  }

  /** Copies the value of a variable that was assigned elsewhere to its home. */
  moveHome(variable: Variable): void {
    const home = this.of(variable);
    if (variable.dataId === home) return;
    const {shape, dtype} = variable;
    this.#capture.copy(variable, {dataId: home, shape, dtype});
    variable.assign({dataId: home, shape, dtype} as Variable);
  }

  dispose(): void {
    for (const home of this.#homes.values()) this.#backend.disposeData(home);
    this.#homes.clear();
  }
}

/** Data that each step brings along, and its fixed place. */
interface StepInput {
  slot: number;
  to: TensorInfo;
  /** It is in a tensor of its own, made for this step. */
  uploaded: boolean;
}

/**
 * Replays a step by launching the work that the device captured. Between launches variables are in their homes. The
 * inputs of a step are copied into their fixed places before a launch; results are copied out after it, since the next
 * launch overwrites them. While somebody holds a clone of a variable, the kernels are called one by one instead, which
 * leaves the clone alone.
 */
export class DeviceReplay implements Replayer {
  readonly #step: CapturedStep;
  readonly #plan: ReplayPlan;
  readonly #kernels: KernelReplay;
  readonly #capture: DeviceCapture;
  readonly #pinned: PinnedVariables;
  readonly #variables: readonly Variable[];
  readonly #inputs: readonly StepInput[];
  readonly #results: TensorInfo[] = [];
  readonly #recording: DeviceRecording;
  readonly #onLaunch: () => void;

  /** @throws what the device throws when it cannot capture this */
  constructor(step: CapturedStep, capture: DeviceCapture, pinned: PinnedVariables, onLaunch = () => {}) {
    this.#step = withSumsInPlace(step, capture.adds ?? new Set());
    this.#onLaunch = onLaunch;
    this.#plan = new ReplayPlan(step, true);
    this.#kernels = new KernelReplay(step, this.#plan);
    this.#capture = capture;
    this.#pinned = pinned;
    this.#variables = [
      ...new Set([
        ...step.origins.flatMap((origin) => (origin.kind === 'variable' ? [origin.variable] : [])),
        ...step.assignments.map(({variable}) => variable),
      ]),
    ];
    this.#inputs = step.origins.flatMap((origin, slot): StepInput[] => {
      if (origin.kind === 'given') return [{slot, to: capture.allocate(origin.shape, origin.dtype), uploaded: false}];
      return origin.kind === 'per-step' ? [{slot, to: capture.allocate(origin.shape, 'float32'), uploaded: true}] : [];
    });
    for (const variable of this.#variables) pinned.moveHome(variable);
    try {
      this.#recording = capture.record(() => this.#call());
    } catch (error) {
      this.#release();
      throw error;
    }
  }

  get usable(): boolean {
    return this.#plan.usable;
  }

  /** The step, once, where it will always be. */
  #call(): void {
    const {calls, assignments, results} = this.#step;
    const {backend} = this.#plan;
    const places: Places = this.#plan.fixed();
    for (const {slot, to} of this.#inputs) places[slot] = to.dataId;
    const kept = new Set([...assignments.map(({view}) => view.slot), ...results.map(({slot}) => slot)]);
    const freed = freedAfter(this.#step, () => false);
    calls.forEach((call, i) => {
      const attrs = this.#mayWriteInPlace(i) ? {...call.attrs, inPlace: true} : call.attrs;
      readyCall(call, backend, attrs).make(places);
      for (const slot of freed[i]!) if (!kept.has(slot)) backend.disposeData(places[slot]!);
    });
    for (const {variable, view} of assignments) {
      const home = this.#pinned.of(variable);
      if (places[view.slot] !== home) this.#capture.copy(at(places[view.slot]!, view), at(home, view));
    }
    for (const view of results) this.#results.push(at(places[view.slot]!, view));
    const left = new Set(results.map(({slot}) => slot));
    for (const slot of kept) if (!left.has(slot)) backend.disposeData(places[slot]!);
  }

  /** Whether a call of a kernel that knows the attribute `inPlace` may overwrite what nothing reads later. */
  #mayWriteInPlace(i: number): boolean {
    const {origins, calls, assignments, results} = this.#step;
    const {name, inputs} = calls[i]!;
    if (name === 'Blend') {
      const later = new Set(calls.slice(i + 1).flatMap((call: KernelCall) => inputsOf(call).map(({slot}) => slot)));
      const left = [...assignments.map(({view}) => view), ...results];
      return Object.entries(inputs as Record<string, View>).every(([input, {slot}]) => {
        if (!input.startsWith('old')) return true;
        const origin = origins[slot]!;
        // of a variable the value that it has at the end is written to the same place, here or by a later call
        const isOver =
          origin.kind === 'variable'
            ? assignments.some(({variable}) => variable === origin.variable)
            : origin.kind === 'kernel';
        return isOver && !later.has(slot) && left.every((view) => view.slot !== slot);
      });
    }
    return name === 'OptimizerUpdate' && replacesVariables(this.#step, i);
  }

  run(given: readonly Tensor[]): Tensor[] {
    if (!this.#variables.every((variable) => this.#pinned.isFree(variable))) return this.#kernels.run(given);
    for (const variable of this.#variables) this.#pinned.moveHome(variable);
    const places = this.#plan.places(given);
    for (const {slot, to, uploaded} of this.#inputs) {
      this.#capture.copy({...to, dataId: places[slot]!}, to);
      if (uploaded) this.#plan.backend.disposeData(places[slot]!);
    }
    this.#recording.launch();
    this.#onLaunch();
    return this.#results.map((result) => {
      const own = this.#capture.allocate(result.shape, result.dtype);
      this.#capture.copy(result, own);
      return tf.engine().makeTensorFromTensorInfo(own);
    });
  }

  dispose(): void {
    for (const dataId of new Set(this.#results.map(({dataId}) => dataId))) this.#plan.backend.disposeData(dataId);
    this.#recording.dispose();
    this.#release();
  }

  #release(): void {
    for (const {to} of this.#inputs) this.#plan.backend.disposeData(to.dataId);
    this.#plan.dispose();
  }
}

const at = (dataId: DataId, {shape, dtype}: View): TensorInfo => ({dataId, shape, dtype});
