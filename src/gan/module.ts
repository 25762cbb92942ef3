/**
 * Modules: a tree of named parameters, buffers and counters, with train/eval mode and freezing, in the manner of
 * torch.nn.Module. Names are PyTorch's, so that a state dictionary can be exchanged with it; tensors are stored in
 * tfjs's layout (NHWC, filters [...kernel, in, out]) and turned into PyTorch's at the border (`Layout`).
 */
import {GanError} from '../errors.js';
import {tf, type Tensor, type Variable} from '../backends/tf.js';
import {ShapeError} from './shape-error.js';

/** How a stored tensor becomes PyTorch's: transpose by `permutation`, then reshape to `shape`. */
export interface Layout {
  permutation?: readonly number[];
  shape?: readonly number[];
}

/** A tensor on the host, in PyTorch's layout. */
export interface StateTensor {
  dtype: 'F32' | 'I64';
  shape: number[];
  data: Float32Array | BigInt64Array;
}
export type StateDict = Map<string, StateTensor>;

/** A value that training changes. */
export class Parameter {
  readonly variable: Variable;
  readonly layout: Layout;
  /** False while frozen: no gradient is computed for it. */
  requiresGrad = true;

  constructor(data: Float32Array, shape: readonly number[], layout: Layout = {}) {
    this.variable = makeVariable(data, shape, true);
    this.layout = layout;
  }

  get shape(): number[] {
    return this.variable.shape;
  }

  get size(): number {
    return this.variable.size;
  }
}

/** A tensor that belongs to a module's state but is not trained, such as a running mean. */
export class Buffer {
  readonly variable: Variable;
  readonly layout: Layout;

  constructor(data: Float32Array, shape: readonly number[], layout: Layout = {}) {
    this.variable = makeVariable(data, shape, false);
    this.layout = layout;
  }

  /** Replaces the value; takes over `value`, which may lie inside a tidy. */
  assign(value: Tensor): void {
    this.variable.assign(value);
  }
}

/** A whole number that belongs to a module's state, such as the number of batches seen. */
export class Counter {
  value = 0;
}

type Entry = Parameter | Buffer | Counter;

/**
 * A variable of these values, stored layout.
 * @throws GanError GAN_NO_DEVICE while no backend is open
 */
export function makeVariable(data: Float32Array, shape: readonly number[], trainable: boolean): Variable {
  if (tf.engine().backendNames().length === 0) throw noDevice();
  return tf.tidy(() => tf.variable(tf.tensor(data, [...shape], 'float32'), trainable));
}

/** A variable of zeros, which are made on the device; not trained. @throws GanError without a device */
export function zeroVariable(shape: readonly number[]): Variable {
  if (tf.engine().backendNames().length === 0) throw noDevice();
  return tf.tidy(() => tf.variable(tf.fill([...shape], 0, 'float32'), false));
}

const noDevice = (): GanError =>
  new GanError('usage', 'GAN_NO_DEVICE', 'a network needs an open backend, which holds its weights; none is open', {
    suggestions: [
      'await openBackend() first; it opens the fastest backend that can run here, and needs closing at the end',
    ],
  });

export abstract class Module {
  /** True in training: batch statistics, dropout and power iterations are on. */
  training = true;
  /**
   * Whether `forward` takes labels as a second input: a conditional network. They are classes, int32 [batch], or shares
   * of classes, float32 [batch, classes].
   */
  readonly takesLabels: boolean = false;
  readonly #entries = new Map<string, Entry>();
  readonly #children = new Map<string, Module>();

  /** Shapes are given where each module is defined; a wrong one is refused with a ShapeError. */
  abstract forward(x: Tensor, ...others: Tensor[]): Tensor;

  /** The text for this layer in a listing of layers. */
  get kind(): string {
    return this.constructor.name;
  }

  protected register<T extends Entry>(name: string, entry: T): T {
    this.#entries.set(name, entry);
    return entry;
  }

  protected add<M extends Module>(name: string, child: M): M {
    this.#children.set(name, child);
    return child;
  }

  /** Runs a child and, when it refuses its input, says where in the tree it lies. */
  protected run(name: string, child: Pick<Module, 'forward'>, x: Tensor, ...others: Tensor[]): Tensor {
    try {
      return child.forward(x, ...others);
    } catch (error) {
      if (error instanceof ShapeError) error.path.unshift(name);
      throw error;
    }
  }

  children(): [string, Module][] {
    return [...this.#children];
  }

  /** This module and all below it, with their paths; this one's is ''. A shared module comes once. */
  namedModules(prefix = '', seen = new Set<Module>()): [string, Module][] {
    if (seen.has(this)) return [];
    seen.add(this);
    const below = this.children().flatMap(([name, child]) => child.namedModules(join(prefix, name), seen));
    return [[prefix, this], ...below];
  }

  modules(): Module[] {
    return this.namedModules().map(([, module]) => module);
  }

  /** This module's own parameters, buffers and counters, in the order of PyTorch: parameters first. */
  entries(): [string, Entry][] {
    const entries = [...this.#entries];
    return [
      ...entries.filter(([, e]) => e instanceof Parameter),
      ...entries.filter(([, e]) => !(e instanceof Parameter)),
    ];
  }

  /** The parameters of this module itself, without those below it. */
  parametersHere(): Parameter[] {
    return [...this.#entries.values()].filter((entry) => entry instanceof Parameter);
  }

  #named(): [string, Entry][] {
    return this.namedModules().flatMap(([path, module]) =>
      module.entries().map(([name, e]): [string, Entry] => [join(path, name), e]),
    );
  }

  namedParameters(): [string, Parameter][] {
    return this.#named().filter((pair): pair is [string, Parameter] => pair[1] instanceof Parameter);
  }

  parameters(): Parameter[] {
    return this.namedParameters().map(([, parameter]) => parameter);
  }

  namedBuffers(): [string, Buffer][] {
    return this.#named().filter((pair): pair is [string, Buffer] => pair[1] instanceof Buffer);
  }

  /** Number of trained values, frozen ones included. */
  parameterCount(): number {
    return this.parameters().reduce((sum, parameter) => sum + parameter.size, 0);
  }

  train(mode = true): this {
    for (const module of this.modules()) module.training = mode;
    return this;
  }

  eval(): this {
    return this.train(false);
  }

  /** All of the state, read back from the device, in PyTorch's names and layout. */
  async stateDict(): Promise<StateDict> {
    const state: StateDict = new Map();
    for (const [name, entry] of this.#named()) state.set(name, await readEntry(entry));
    return state;
  }

  /**
   * Changes nothing.
   * @throws GanError GAN_STATE_MISMATCH that lists missing, surplus and wrongly shaped tensors
   */
  assertFits(state: StateDict): void {
    const entries = new Map(this.#named());
    const faults = [
      ...[...entries].flatMap(([name, entry]) => entryFault(name, entry, state.get(name))),
      ...[...state.keys()].filter((name) => !entries.has(name)).map((name) => `${name}: not in this network`),
    ];
    if (faults.length > 0) throw stateMismatch(faults);
  }

  /**
   * Takes over a state dictionary in PyTorch's names and layout. Nothing is changed unless all of it fits.
   * @throws GanError of `assertFits`
   */
  loadStateDict(state: StateDict): void {
    this.assertFits(state);
    for (const [name, entry] of this.#named()) writeEntry(entry, state.get(name));
  }

  /** Frees every tensor of this module and those below it. */
  dispose(): void {
    for (const [, entry] of this.#named()) if (!(entry instanceof Counter)) entry.variable.dispose();
  }
}

function join(prefix: string, name: string): string {
  return prefix === '' ? name : `${prefix}.${name}`;
}

function stateMismatch(faults: string[]): GanError {
  const shown = faults.slice(0, 12);
  const more = faults.length > shown.length ? [`... and ${faults.length - shown.length} more`] : [];
  return new GanError(
    'data',
    'GAN_STATE_MISMATCH',
    `the weights do not fit this network:\n  ${[...shown, ...more].join('\n  ')}`,
    {
      suggestions: [
        'build the network with the options (size, channels, features, extra layers) that the weights were trained with',
      ],
    },
  );
}

/** A Counter may be missing from a file: PyTorch did not always write them. */
function entryFault(name: string, entry: Entry, given: StateTensor | undefined): string[] {
  if (!given) return entry instanceof Counter ? [] : [`${name}: missing`];
  const wanted = entry instanceof Counter ? [] : torchShape(entry.variable.shape, entry.layout);
  const type = entry instanceof Counter ? 'I64' : 'F32';
  if (given.dtype !== type) return [`${name}: got ${given.dtype}, wanted ${type}`];
  if (given.shape.join() === wanted.join()) return [];
  return [`${name}: got [${given.shape.join(', ')}], wanted [${wanted.join(', ')}]`];
}

async function readEntry(entry: Entry): Promise<StateTensor> {
  if (entry instanceof Counter) return {dtype: 'I64', shape: [], data: BigInt64Array.of(BigInt(entry.value))};
  const data = (await entry.variable.data()) as Float32Array;
  return {
    dtype: 'F32',
    shape: torchShape(entry.variable.shape, entry.layout),
    data: toTorch(data, entry.variable.shape, entry.layout),
  };
}

function writeEntry(entry: Entry, given: StateTensor | undefined): void {
  if (!given) return;
  if (entry instanceof Counter) {
    entry.value = Number(given.data[0]);
    return;
  }
  const data = fromTorch(given.data as Float32Array, entry.variable.shape, entry.layout);
  tf.tidy(() => entry.variable.assign(tf.tensor(data, entry.variable.shape, 'float32')));
}

export function torchShape(shape: readonly number[], layout: Layout): number[] {
  if (layout.shape) return [...layout.shape];
  return layout.permutation ? layout.permutation.map((axis) => shape[axis]!) : [...shape];
}

/** Values of a stored tensor in the order in which PyTorch keeps them. */
export function toTorch(data: Float32Array, shape: readonly number[], {permutation}: Layout): Float32Array {
  return permutation ? permute(data, shape, permutation) : data.slice();
}

/** The inverse of `toTorch`; `shape` is the stored shape. */
export function fromTorch(data: Float32Array, shape: readonly number[], {permutation}: Layout): Float32Array {
  if (!permutation) return data.slice();
  const inverse = permutation.map((_, axis) => permutation.indexOf(axis));
  return permute(
    data,
    permutation.map((axis) => shape[axis]!),
    inverse,
  );
}

/** A transposed copy: axis i of the result is axis `permutation[i]` of the source. */
export function permute(data: Float32Array, shape: readonly number[], permutation: readonly number[]): Float32Array {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const outShape = permutation.map((axis) => shape[axis]!);
  const outStrides = permutation.map((axis) => strides[axis]!);
  const out = new Float32Array(data.length);
  const index = new Array<number>(outShape.length).fill(0);
  let source = 0;
  for (let i = 0; i < out.length; i++) {
    out[i] = data[source]!;
    for (let axis = outShape.length - 1; axis >= 0; axis--) {
      source += outStrides[axis]!;
      if (++index[axis]! < outShape[axis]!) break;
      source -= outStrides[axis]! * outShape[axis]!;
      index[axis] = 0;
    }
  }
  return out;
}
