/**
 * The common part of both ways to replay a captured step: its constants on the device, the work of the host, its calls,
 * and when data can be freed.
 */
import type {
  DataId,
  KernelConfig,
  NamedAttrMap,
  NamedTensorInfoMap,
  TensorInfo,
  TypedArray,
} from '@tensorflow/tfjs-core';
import {tf, type Tensor} from '../tf.js';
import {inputsOf, type CapturedStep, type KernelCall, type Origin, type View} from './captured-step.js';

export type Backend = ReturnType<typeof tf.backend>;

/** The data of a step, by slot. */
export type Places = (DataId | undefined)[];

type Constant = Extract<Origin, {kind: 'constant'}>;

/** Elements above which a constant is not kept on the device between steps. */
const keptElements = 4096;

/** One captured step, prepared for being replayed many times. */
export class ReplayPlan {
  readonly step: CapturedStep;
  readonly backend: Backend = tf.backend();
  readonly #constants: Places;

  /** @param keepAll keep large constants, too */
  constructor(step: CapturedStep, keepAll = false) {
    this.step = step;
    this.#constants = step.origins.map((origin) =>
      origin.kind === 'constant' && (keepAll || isSmall(origin)) ? this.#write(origin) : undefined,
    );
  }

  /** True if the outside variables and tensors that it uses still exist, and its backend is the current one. */
  get usable(): boolean {
    const known = tf.engine().state.tensorInfo;
    return (
      tf.backend() === this.backend &&
      this.step.origins.every((origin) =>
        origin.kind === 'variable'
          ? !origin.variable.isDisposed
          : origin.kind !== 'outside' || known.has(origin.dataId),
      )
    );
  }

  /** Slots that `places` fills anew for each step. */
  isTransient(slot: number): boolean {
    const origin = this.step.origins[slot]!;
    return origin.kind === 'per-step' || (origin.kind === 'constant' && this.#constants[slot] === undefined);
  }

  /** Does the work of the host and says where the data is that a step begins with. */
  places(given: readonly Tensor[]): Places {
    const values = this.step.host.map((does) => does());
    return this.fixed().map((place, slot) => {
      const origin = this.step.origins[slot]!;
      switch (origin.kind) {
        case 'given':
          return given[origin.index]!.dataId;
        case 'per-step':
          return this.backend.write(values[origin.host]!, origin.shape, 'float32');
        case 'constant':
          return place ?? this.#write(origin);
        default:
          return place;
      }
    });
  }

  /** Data whose location does not change between steps. */
  fixed(): Places {
    return this.step.origins.map((origin, slot): DataId | undefined => {
      switch (origin.kind) {
        case 'variable':
          return origin.variable.dataId;
        case 'outside':
          return origin.dataId;
        case 'constant':
          return this.#constants[slot];
        default:
          return undefined;
      }
    });
  }

  #write({values, shape, dtype}: Constant): DataId {
    return this.backend.write(values.slice(), shape, dtype);
  }

  dispose(): void {
    for (const dataId of this.#constants) if (dataId !== undefined) this.backend.disposeData(dataId);
  }
}

const isSmall = ({values}: {values: TypedArray}): boolean => values.length <= keptElements;

/** A call, ready to be made as often as wanted. */
export interface ReadyCall {
  call: KernelCall;
  make(places: Places): void;
}

/** @param attrs in place of the captured ones */
export function readyCall(call: KernelCall, backend: Backend, attrs: NamedAttrMap = call.attrs ?? {}): ReadyCall {
  const config: KernelConfig = tf.getKernel(call.name, tf.getBackend());
  const infos: {info: TensorInfo; slot: number}[] = [];
  const info = (view: View | undefined): TensorInfo | undefined => {
    if (!view) return undefined;
    const made = {dataId: {}, shape: view.shape, dtype: view.dtype};
    infos.push({info: made, slot: view.slot});
    return made;
  };
  const inputs = Array.isArray(call.inputs)
    ? call.inputs.map(info)
    : Object.fromEntries(Object.entries(call.inputs).map(([name, view]) => [name, info(view)]));
  const given = {inputs: inputs as NamedTensorInfoMap, attrs, backend};
  const {outputs} = call;
  return {
    call,
    make(places) {
      for (const {info, slot} of infos) info.dataId = places[slot]!;
      const result = config.kernelFunc(given);
      const results = Array.isArray(result) ? result : [result];
      for (let i = 0; i < outputs.length; i++) {
        const {slot, shared} = outputs[i]!;
        const {dataId} = results[i]!;
        if (shared)
          backend.disposeData(dataId); // one reference for each piece of data is enough
        else places[slot] = dataId;
      }
    },
  };
}

/**
 * Returns when the data of a step can be freed. Outputs of kernels and `transient` data are freed after the last call
 * that reads them, or after which a variable gets them; results at the end. Never later than the step itself frees
 * them.
 * @returns by the number of a call, slots that nothing needs after it
 */
export function freedAfter(
  {origins, calls, assignments, results}: CapturedStep,
  transient: (slot: number) => boolean,
): number[][] {
  const last = new Map<number, number>();
  const needed = (slot: number, call: number): void => {
    if (origins[slot]!.kind === 'kernel' || transient(slot)) last.set(slot, Math.max(last.get(slot) ?? 0, call));
  };
  origins.forEach((_, slot) => transient(slot) && needed(slot, 0));
  calls.forEach((call, i) => [...inputsOf(call), ...call.outputs].forEach(({slot}) => needed(slot, i)));
  for (const {view, after} of assignments) needed(view.slot, after - 1);
  for (const {slot} of results) needed(slot, calls.length - 1);
  const freed = calls.map((): number[] => []);
  for (const [slot, call] of last) freed[call]!.push(slot);
  return freed;
}

/**
 * Whether a call reads the variables among its inputs last, and the step gives these its results. Then what they held
 * may be overwritten.
 */
export function replacesVariables({origins, calls, assignments}: CapturedStep, call: number): boolean {
  const later = new Set(calls.slice(call + 1).flatMap((other) => inputsOf(other).map(({slot}) => slot)));
  const outputs = new Set(calls[call]!.outputs.map(({slot}) => slot));
  return inputsOf(calls[call]!).every(({slot}) => {
    const origin = origins[slot]!;
    if (origin.kind !== 'variable') return true;
    return (
      !later.has(slot) && assignments.some(({variable, view}) => variable === origin.variable && outputs.has(view.slot))
    );
  });
}
