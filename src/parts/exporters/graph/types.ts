export type {
  Graph,
  GraphAttribute as Attribute,
  GraphConstant as Constant,
  GraphId as Id,
  GraphNode,
  GraphSize as Size,
  GraphValue as Value,
} from '../../../plugin/index.js';
