/**
 * The files that the exported web page reads. Types only, so that the page's bundle contains nothing of the library.
 */
import type {GraphId, GraphNode, GraphValue, NetworkFacts} from '../../../plugin/index.js';

export interface WebConstant {
  id: GraphId;
  shape: number[];
  dtype: 'float32' | 'int32' | 'bool';
  /** The numbers in weights.bin are of 16 bits, and of 32 once they are read. */
  half?: true;
  /** Place in weights.bin, in bytes, and how many there are. */
  offset: number;
  bytes: number;
}

/** model.json */
export interface WebModel {
  facts: NetworkFacts;
  /** What the page is called; absent: the run's name. */
  title?: string;
  graph: {input: GraphId; labels?: GraphId; output: GraphId; values: [GraphId, GraphValue][]; nodes: GraphNode[]};
  constants: WebConstant[];
}
