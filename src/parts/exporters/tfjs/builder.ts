/** A graph on its way to a TensorFlow GraphDef, in the JSON spelling that tfjs-converter reads. */
import type {GraphConstant, GraphId, GraphSize} from '../../../plugin/index.js';
import {GraphBuilder, targetSizes} from '../graph/graph-builder.js';

/** An attribute: a number of the kind that TensorFlow wants, a text, a truth, a type, or whole numbers. */
export type TfAttribute =
  | {i: string}
  | {f: number}
  | {s: string}
  | {b: boolean}
  | {type: string}
  | {shape: {dim: {size: string}[]}}
  | {list: {i: string[]}};

export interface NodeDef {
  name: string;
  op: string;
  input: string[];
  attr: Record<string, TfAttribute>;
}

export interface Weight {
  name: string;
  shape: number[];
  dtype: string;
  data: GraphConstant['data'];
}

export const int = (value: number): TfAttribute => ({i: String(value)});
export const float = (value: number): TfAttribute => ({f: value});
export const bool = (value: boolean): TfAttribute => ({b: value});
export const text = (value: string): TfAttribute => ({s: Buffer.from(value).toString('base64')});
export const list = (values: readonly number[]): TfAttribute => ({list: {i: values.map(String)}});
export const type = (dtype: string): TfAttribute => ({
  type: dtype === 'int32' ? 'DT_INT32' : dtype === 'bool' ? 'DT_BOOL' : 'DT_FLOAT',
});
export const shape = (sizes: readonly GraphSize[]): TfAttribute => ({
  shape: {dim: sizes.map((size) => ({size: String(typeof size === 'number' ? size : -1)}))},
});

export class TfBuilder extends GraphBuilder {
  readonly nodes: NodeDef[] = [];
  readonly weights: Weight[] = [];
  readonly #names = new Map<GraphId, string>();
  readonly #shared = new Map<string, string>();

  place(id: GraphId, name: string): void {
    this.#names.set(id, name);
  }

  /** The name of a value; a constant becomes a weight when it is first asked for. */
  name(id: GraphId): string {
    const known = this.#names.get(id);
    if (known !== undefined) return known;
    const name = this.constant(this.graph.constants.get(id)!);
    this.place(id, name);
    return name;
  }

  constant({shape: sizes, dtype, data}: GraphConstant): string {
    const name = this.unique('constant');
    this.nodes.push({name, op: 'Const', input: [], attr: {dtype: type(dtype)}});
    this.weights.push({name, shape: sizes, dtype, data});
    return name;
  }

  /** Whole numbers, such as axes: one node for all who want the same. */
  ints(values: readonly number[] | number): string {
    return this.#once(`int ${JSON.stringify(values)}`, () => ({
      shape: typeof values === 'number' ? [] : [values.length],
      dtype: 'int32',
      data: Int32Array.from([values].flat()),
    }));
  }

  scalar(value: number): string {
    return this.#once(`float ${value}`, () => ({shape: [], dtype: 'float32', data: Float32Array.of(value)}));
  }

  /** Pairs of whole numbers [n, 2]. */
  intPairs(values: readonly [number, number][]): string {
    return this.#once(`pairs ${JSON.stringify(values)}`, () => ({
      shape: [values.length, 2],
      dtype: 'int32',
      data: Int32Array.from(values.flat()),
    }));
  }

  /** Adds a node and gives its name. */
  node(op: string, input: string[], attr: Record<string, TfAttribute> = {}): string {
    const name = this.unique(op);
    this.nodes.push({name, op, input, attr});
    return name;
  }

  /** Sizes for `Reshape`, in which one may be that of the batch. */
  target(sizes: readonly GraphSize[]): string {
    return this.ints(targetSizes(sizes));
  }

  /** [items of `like`, ...rest], made when the model runs. */
  withBatchOf(like: string, rest: readonly number[]): string {
    const batch = this.node(
      'StridedSlice',
      [this.node('Shape', [like]), this.ints([0]), this.ints([1]), this.ints([1])],
      {shrink_axis_mask: int(1)},
    );
    return this.node('Pack', [batch, ...rest.map((size) => this.ints(size))], {axis: int(0), N: int(rest.length + 1)});
  }

  #once(key: string, make: () => GraphConstant): string {
    const known = this.#shared.get(key);
    if (known !== undefined) return known;
    const path = this.path;
    this.path = '';
    const name = this.constant(make());
    this.path = path;
    this.#shared.set(key, name);
    return name;
  }
}
