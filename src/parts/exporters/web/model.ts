/**
 * The files that the exported web page reads. Types only, so that the page's bundle contains nothing of the library.
 */
import type {GraphNode, Id, Value} from '../graph/types.js';
import type {NetworkFacts} from '../../../plugin/index.js';

export interface WebConstant {
  id: Id;
  shape: number[];
  dtype: 'float32' | 'int32' | 'bool';
  /** Place in weights.bin, in bytes, and how many there are. */
  offset: number;
  bytes: number;
}

/** model.json */
export interface WebModel {
  facts: NetworkFacts;
  graph: {input: Id; output: Id; values: [Id, Value][]; nodes: GraphNode[]};
  constants: WebConstant[];
}
