/**
 * Captures a step while it runs: every kernel that tfjs calls for it, with the data that goes in and comes out, every
 * upload, and what is left at its end. Kernels are seen where tfjs looks them up, so nothing of tape, gradients and
 * tidies is captured.
 */
import type {DataId, NamedTensorInfoMap, TensorInfo, TypedArray} from '@tensorflow/tfjs-core';
import {isInKernel, observeKernels, type KernelCall as ObservedCall} from '../kernel-calls.js';
import {tf, type Tensor, type Variable} from '../tf.js';
import type {CapturedStep, KernelCall, Origin, View} from './captured-step.js';
import {listening} from './step-values.js';

type Backend = ReturnType<typeof tf.backend>;

/**
 * Runs a step. `captured` is what it did, or why that cannot be replayed.
 * @param drawCount how many random numbers have been drawn so far
 */
export function captureStep(
  given: readonly Tensor[],
  step: () => readonly Tensor[],
  drawCount: () => number,
): {results: readonly Tensor[]; captured: CapturedStep | string} {
  const observer = new StepObserver(given, drawCount);
  const results = observer.watch(step);
  return {results, captured: observer.fault ?? observer.finish(results) ?? observer.fault!};
}

class StepObserver {
  /** The first thing that cannot be captured. */
  fault: string | undefined;
  readonly #backend: Backend = tf.backend();
  readonly #drawCount: () => number;
  readonly #captured: CapturedStep = {origins: [], calls: [], host: [], assignments: [], results: []};
  readonly #slots = new Map<DataId, number>();
  /** References to data, by slot; of what was there before, how many more or fewer. */
  readonly #references: number[] = [];
  /** Number of calls before data was last shared or let go, outside of kernels. */
  readonly #touched = new Map<DataId, number>();
  /** The values of variables before the step. */
  readonly #before = new Map<Variable, DataId>(variables().map((variable) => [variable, variable.dataId]));
  readonly #holders = new Map<DataId, Origin>();
  /** Methods of the backend under way: what these call belongs to them. */
  #depth = 0;

  constructor(given: readonly Tensor[], drawCount: () => number) {
    this.#drawCount = drawCount;
    for (const [variable, dataId] of this.#before) this.#holders.set(dataId, {kind: 'variable', variable});
    given.forEach(({dataId, shape, dtype}, index) => this.#holders.set(dataId, {kind: 'given', index, shape, dtype}));
  }

  /** Runs the step with kernels and backend under observation. */
  watch(step: () => readonly Tensor[]): readonly Tensor[] {
    const drawnBefore = this.#drawCount();
    let drawnByHost = 0;
    const undo = [observeKernels((call) => this.#depth === 0 && this.#kernel(call)), this.#watchBackend()];
    try {
      return listening(
        {
          computes: (compute) => {
            const before = this.#drawCount();
            const values = compute();
            drawnByHost += this.#drawCount() - before;
            return values;
          },
          computed: (tensor, compute) => this.#perStep(tensor, compute),
          did: (effect) => void this.#captured.host.push(effect),
        },
        step,
      );
    } finally {
      for (const put of undo) put();
      if (this.#drawCount() - drawnBefore !== drawnByHost) this.#refuse('it draws random numbers');
    }
  }

  #refuse(why: string): void {
    this.fault ??= why;
  }

  #kernel({kernel, attrs, ...call}: ObservedCall): void {
    const inputs = this.#views(call.inputs);
    const outputs = call.outputs.map((info) => {
      if (info instanceof tf.Tensor) this.#refuse(`the kernel ${kernel} of this backend keeps books of its own`);
      const shared = this.#slots.has(info.dataId);
      const view = this.#view(info, {kind: 'kernel'});
      this.#references[view.slot]!++;
      return {...view, shared};
    });
    // A kernel that only looks at data in another way needs no call.
    if (!outputs.every(({shared}) => shared))
      this.#captured.calls.push({name: kernel, inputs, attrs: attrs && {...attrs}, outputs});
  }

  #views(inputs: NamedTensorInfoMap): KernelCall['inputs'] {
    const view = (info: TensorInfo | undefined | null): View | undefined =>
      info ? this.#view(info, {kind: 'outside', dataId: info.dataId}) : undefined;
    if (Array.isArray(inputs)) return (inputs as TensorInfo[]).map(view);
    return Object.fromEntries(Object.entries(inputs).map(([name, info]) => [name, view(info)]));
  }

  /**
   * How the step sees a tensor. Data that it meets for the first time has that origin, unless a holder of it is known.
   */
  #view({dataId, shape, dtype}: TensorInfo, origin: Origin): View {
    if (dtype === 'string' || dtype === 'complex64') this.#refuse(`it computes with ${dtype}`);
    let slot = this.#slots.get(dataId);
    if (slot === undefined) {
      slot = this.#captured.origins.push(this.#holders.get(dataId) ?? origin) - 1;
      this.#references.push(0);
      this.#slots.set(dataId, slot);
    }
    return {slot, shape: [...shape], dtype};
  }

  #watchBackend(): () => void {
    const backend = this.#backend as unknown as Record<string, unknown>;
    const watched: Partial<Backend> = {
      write: this.#outside('write', (dataId, [values, shape, dtype]) =>
        this.#upload(dataId, values as TypedArray, shape, dtype),
      ),
      incRef: this.#outside('incRef', (_, [dataId]) => this.#count(dataId, 1)),
      disposeData: this.#outside('disposeData', (_, [dataId]) => this.#count(dataId, -1)),
      read: this.#outside('read', () => this.#refuse('it reads values')),
      readSync: this.#outside('readSync', () => this.#refuse('it reads values')),
    };
    const replaced = Object.keys(watched).map((name) => ({name, own: Object.getOwnPropertyDescriptor(backend, name)}));
    Object.assign(backend, watched);
    return () => {
      for (const {name, own} of replaced) {
        delete backend[name];
        if (own) Object.defineProperty(backend, name, own);
      }
    };
  }

  /** A method of the backend that tells of the calls that are not a kernel's. */
  #outside<M extends 'write' | 'incRef' | 'disposeData' | 'read' | 'readSync'>(
    name: M,
    tell: (result: ReturnType<Backend[M]>, args: Parameters<Backend[M]>) => void,
  ): Backend[M] {
    const method = this.#backend[name].bind(this.#backend) as (...args: unknown[]) => unknown;
    return ((...args: Parameters<Backend[M]>) => {
      const inside = this.#depth > 0 || isInKernel();
      this.#depth++;
      let result: unknown;
      try {
        result = method(...args);
      } finally {
        this.#depth--;
      }
      if (!inside) tell(result as ReturnType<Backend[M]>, args);
      return result;
    }) as unknown as Backend[M];
  }

  #upload(dataId: DataId, values: TypedArray, shape: number[], dtype: View['dtype']): void {
    const {slot} = this.#view(
      {dataId, shape, dtype},
      {kind: 'constant', values: values.slice(), shape: [...shape], dtype},
    );
    this.#references[slot]!++;
  }

  #perStep(tensor: Tensor, compute: () => Float32Array): void {
    this.#captured.origins[this.#slots.get(tensor.dataId)!] = {
      kind: 'per-step',
      host: this.#captured.host.push(compute) - 1,
      shape: tensor.shape,
    };
  }

  #count(dataId: DataId, change: number): void {
    const {slot} = this.#view({dataId, shape: [], dtype: 'float32'}, {kind: 'outside', dataId});
    this.#references[slot]! += change;
    this.#touched.set(dataId, this.#captured.calls.length);
  }

  /** What was captured; undefined when it turns out that it cannot be replayed. */
  finish(results: readonly Tensor[]): CapturedStep | undefined {
    const captured = this.#captured;
    const made = (dataId: DataId): boolean => captured.origins[this.#slots.get(dataId) ?? -1]?.kind === 'kernel';
    for (const variable of variables()) {
      const old = this.#before.get(variable);
      if (old === variable.dataId) continue;
      if (old === undefined) this.#refuse('it makes variables');
      else if (!made(variable.dataId)) this.#refuse('it gives a variable values that were there before');
      else {
        const after = Math.max(this.#touched.get(old) ?? 0, this.#touched.get(variable.dataId) ?? 0);
        captured.assignments.push({variable, view: this.#view(variable, {kind: 'kernel'}), after});
        this.#references[this.#slots.get(variable.dataId)!]!--;
        const replaced = this.#slots.get(old);
        if (replaced !== undefined) this.#references[replaced]!++;
      }
    }
    for (const [variable] of this.#before) if (variable.isDisposed) this.#refuse('it disposes of variables');
    for (const result of results) {
      if (!made(result.dataId)) this.#refuse('its result is not computed in it');
      captured.results.push(this.#view(result, {kind: 'kernel'}));
      this.#references[this.#slots.get(result.dataId)!]!--;
    }
    if (this.#references.some((count) => count > 0)) this.#refuse('something keeps a tensor that was made in it');
    if (this.#references.some((count) => count < 0)) this.#refuse('it disposes of a tensor that was there before');
    return this.fault === undefined ? captured : undefined;
  }
}

const variables = (): Variable[] => Object.values(tf.engine().state.registeredVariables);
