/**
 * A graph on its way to ONNX. Every value keeps the order of its axes (its layout): convolutions want channels first,
 * reshapes the library's order, most operators do not care, and a transpose of the library only changes the layout. So
 * `Transpose` comes only where two of them meet.
 */
import type {Gan, Graph, GraphConstant, GraphId, GraphNode, GraphSize} from '../../../plugin/index.js';
import {Unsupported} from '../graph/attributes.js';
import {GraphBuilder, targetSizes} from '../graph/graph-builder.js';
import {arrange, asStored, between, isSame, type Layout} from '../graph/layouts.js';
import {float32, type OnnxAttribute, type OnnxNode, type OnnxTensor} from './model.js';

/** How kernels are written, by their names. Each adds its operators and places its results. */
export type Operators = Record<string, (b: OnnxBuilder, node: GraphNode) => void>;

interface Placed {
  name: string;
  layout: Layout;
}

export class OnnxBuilder extends GraphBuilder {
  readonly nodes: OnnxNode[] = [];
  readonly tensors = new Map<string, OnnxTensor>();
  readonly #placed = new Map<GraphId, Placed[]>();
  readonly #permute: Gan['exports']['permute'];

  readonly #half: ((name: string, data: Float32Array) => Uint16Array) | undefined;

  /** @param half makes numbers in half-precision of weights, where they are to be stored so */
  constructor(
    graph: Graph,
    permute: Gan['exports']['permute'],
    half?: (name: string, data: Float32Array) => Uint16Array,
  ) {
    super(graph);
    this.#permute = permute;
    this.#half = half;
  }

  rank(id: GraphId): number {
    return this.shape(id).length;
  }

  /** Declares that `name` holds a value in a layout. */
  place(id: GraphId, name: string, layout: Layout): void {
    this.#placed.set(id, [...(this.#placed.get(id) ?? []), {name, layout}]);
  }

  /** A value in whatever layout it is. */
  any(id: GraphId): Placed {
    return this.#placed.get(id)?.[0] ?? {name: this.in(id, asStored(this.rank(id))), layout: asStored(this.rank(id))};
  }

  isConstant(id: GraphId): boolean {
    return this.graph.constants.has(id);
  }

  /** The name of a value in the layout that is wanted. */
  in(id: GraphId, layout: Layout): string {
    const placed = this.#placed.get(id) ?? [];
    const found = placed.find((each) => isSame(each.layout, layout));
    if (found) return found.name;
    const constant = this.graph.constants.get(id);
    const name = constant ? this.#tensor(constant, layout) : this.#turned(id, placed[0]!, layout);
    this.place(id, name, layout);
    return name;
  }

  /** An operand of a value of more axes, in its layout: axes that are missing have size 1 and come first. */
  broadcast(id: GraphId, layout: Layout): string {
    const missing = layout.length - this.rank(id);
    if (missing === 0) return this.in(id, layout);
    const constant = this.graph.constants.get(id);
    if (constant?.data.length === 1) return this.in(id, asStored(this.rank(id)));
    const ones = new Array<number>(missing).fill(1);
    if (constant) return this.#tensor({...constant, shape: [...ones, ...constant.shape]}, layout);
    const wide = this.op('Unsqueeze', [this.in(id, asStored(this.rank(id))), this.int64(ones.map((_, i) => i))]);
    return isSame(layout, asStored(layout.length)) ? wide : this.op('Transpose', [wide], {perm: layout});
  }

  /** An operator of one result; gives the result's name. */
  op(op: string, inputs: string[], attrs: Record<string, OnnxAttribute> = {}): string {
    return this.ops(op, inputs, attrs, 1)[0]!;
  }

  ops(op: string, inputs: string[], attrs: Record<string, OnnxAttribute>, count: number): string[] {
    const name = this.unique(op);
    const outputs = Array.from({length: count}, (_, i) => `${name}:${i}`);
    this.nodes.push({name, op, inputs, outputs, attrs});
    return outputs;
  }

  int64(values: readonly number[]): string {
    return this.#shared(`int64[${values.join(',')}]`, {
      shape: [values.length],
      data: BigInt64Array.from(values, BigInt),
    });
  }

  /** A number in float32, of no axes. */
  scalar(value: number): string {
    return this.#shared(`float(${value})`, {shape: [], data: Float32Array.of(value)});
  }

  /** Numbers in float32, of one axis. */
  tensor(values: readonly number[]): string {
    return this.#shared(`float[${values.join(',')}]`, {shape: [values.length], data: Float32Array.from(values)});
  }

  /** Sizes for `Reshape`, in which one may be that of the batch. */
  target(shape: readonly GraphSize[]): string {
    return this.int64(targetSizes(shape));
  }

  /** True if the values have the same order in both layouts, because only axes of size 1 move. */
  isOrderKept(id: GraphId, from: Layout, to: Layout): boolean {
    const long = (layout: Layout): number[] => layout.filter((axis) => this.shape(id)[axis] !== 1);
    return isSame(long(from), long(to));
  }

  #turned(id: GraphId, {name, layout}: Placed, wanted: Layout): string {
    if (this.isOrderKept(id, layout, wanted))
      return this.op('Reshape', [name, this.target(arrange(this.shape(id), wanted))]);
    return this.op('Transpose', [name], {perm: between(layout, wanted)});
  }

  #tensor({shape, dtype, data}: GraphConstant, layout: Layout): string {
    if (!isSame(layout, asStored(layout.length)) && !(data instanceof Float32Array))
      throw new Unsupported(`its constants are of type ${dtype}`);
    const name = this.unique('constant');
    const tensor = {name, shape: arrange(shape, layout)};
    if (!(data instanceof Float32Array)) {
      this.tensors.set(name, {...tensor, data});
      return name;
    }
    const turned = this.#permute(data, shape, layout);
    const half = data.length > 1 ? this.#half : undefined; // of single numbers there is nothing to save
    this.tensors.set(name, {...tensor, data: half ? half(name, turned) : turned});
    return half ? this.op('Cast', [name], {to: float32}) : name;
  }

  #shared(name: string, tensor: Omit<OnnxTensor, 'name'>): string {
    if (!this.tensors.has(name)) this.tensors.set(name, {name, ...tensor});
    return name;
  }
}
