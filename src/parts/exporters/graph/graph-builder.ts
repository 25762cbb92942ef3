import {Unsupported} from './attributes.js';
import type {Gan, Graph, GraphId, GraphNode, GraphSize, UnsupportedLayer} from '../../../plugin/index.js';

/** The base of the builders of all formats: the graph to write, the current layer, and unique names. */
export class GraphBuilder {
  protected readonly graph: Graph;
  /** Path of the layer, for names: `1/0`; '' is the network itself. */
  protected path = '';
  readonly #names = new Set<string>();

  constructor(graph: Graph) {
    this.graph = graph;
  }

  /** The layer that the next operators belong to, which their names show. */
  enter({path}: GraphNode): void {
    this.path = path.replaceAll('.', '/');
  }

  shape(id: GraphId): GraphSize[] {
    return this.graph.values.get(id)!.shape;
  }

  dtype(id: GraphId): string {
    return this.graph.values.get(id)!.dtype;
  }

  /** A name for something of the layer. */
  protected unique(what: string): string {
    const stem = this.path === '' ? what : `${this.path}/${what}`;
    let name = stem;
    for (let n = 1; this.#names.has(name); n++) name = `${stem}_${n}`;
    this.#names.add(name);
    return name;
  }
}

/** Sizes for a reshape, -1 for the one that depends on the batch. @throws Unsupported when there are more of these */
export function targetSizes(sizes: readonly GraphSize[]): number[] {
  if (sizes.filter((size) => typeof size !== 'number').length > 1)
    throw new Unsupported('more than one of its sizes depends on the batch');
  return sizes.map((size) => (typeof size === 'number' ? size : -1));
}

/**
 * Writes all nodes by the writers of their kernels.
 * @param names of the format and the network, for messages, and what makes the error
 * @param written what to do with the result of a writer
 * @throws GanError GAN_EXPORT_UNSUPPORTED that names every layer that the format cannot have
 */
export function writeNodes<B extends GraphBuilder, R>(
  b: B,
  {nodes}: Graph,
  writers: Readonly<Record<string, (b: B, node: GraphNode) => R>>,
  {format, network, unsupported}: {format: string; network: string} & Pick<Gan['exports'], 'unsupported'>,
  written: (node: GraphNode, result: R) => void = () => {},
): void {
  const faults: UnsupportedLayer[] = [];
  for (const node of nodes) {
    const write = writers[node.kernel];
    b.enter(node);
    try {
      if (!write) throw new Unsupported(`${format} export has no ${node.kernel}`);
      if (faults.length === 0) written(node, write(b, node));
    } catch (error) {
      if (!(error instanceof Unsupported)) throw error;
      faults.push({path: node.path, layer: node.layer, what: error.message});
    }
  }
  if (faults.length > 0) throw unsupported(faults, `The ${network}`);
}
