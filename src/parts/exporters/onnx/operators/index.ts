/** How kernels of tfjs are written as operators of ONNX. */
import type {GraphNode} from '../../graph/types.js';
import type {OnnxBuilder} from '../builder.js';
import {elementwise} from './elementwise.js';
import {images} from './images.js';
import {rearranging} from './rearranging.js';
import {reductions} from './reductions.js';

/** Keyed by the kernel's name. Each function adds the operators and places the results. */
export type Operators = Record<string, (b: OnnxBuilder, node: GraphNode) => void>;

export const operators: Operators = {...elementwise, ...images, ...rearranging, ...reductions};
