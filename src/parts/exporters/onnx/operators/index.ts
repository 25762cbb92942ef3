/** How kernels of tfjs are written as operators of ONNX. */
import type {Operators} from '../builder.js';
import {elementwise} from './elementwise.js';
import {images} from './images.js';
import {rearranging} from './rearranging.js';
import {reductions} from './reductions.js';

export {own} from './images.js';

export const operators: Operators = {...elementwise, ...images, ...rearranging, ...reductions};
