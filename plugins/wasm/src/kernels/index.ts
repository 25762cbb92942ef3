import type {Kernel} from '../registry.js';
import {conv2DKernels} from './conv2d.js';
import {batchMatMul} from './batch-mat-mul.js';

/** Every operation that this package computes itself. */
export const kernels: readonly Kernel[] = [...conv2DKernels, batchMatMul];
