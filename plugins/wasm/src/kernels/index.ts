import type {Kernel} from '../kernel.js';
import {affineSampleKernels} from './affine-sample.js';
import {arithmeticKernels} from './arithmetic.js';
import {batchMatMul} from './batch-mat-mul.js';
import {batchNormKernels} from './batch-norm.js';
import {bytesToFloat} from './bytes-to-float.js';
import {cast} from './cast.js';
import {colorMap} from './color-map.js';
import {conv2DKernels} from './conv2d.js';
import {cutOut} from './cut-out.js';
import {depthwiseKernels} from './depthwise.js';
import {einsum} from './einsum.js';
import {elementwiseKernels} from './elementwise.js';
import {groupedConvKernels} from './grouped-conv.js';
import {identity} from './identity.js';
import {maxPoolGrad} from './max-pool-grad.js';
import {pixelNormKernels} from './pixel-norm.js';
import {pixelShuffleKernels} from './pixel-shuffle.js';
import {reductionKernels} from './reductions.js';
import {resampleKernels} from './resample.js';
import {tile} from './tile.js';
import {unsortedSegmentSum} from './unsorted-segment-sum.js';
import {update} from './update.js';

/** Every operation that this package computes itself. */
export const kernels: readonly Kernel[] = [
  ...affineSampleKernels,
  ...arithmeticKernels,
  ...batchNormKernels,
  ...conv2DKernels,
  ...depthwiseKernels,
  ...elementwiseKernels,
  ...groupedConvKernels,
  ...pixelNormKernels,
  ...pixelShuffleKernels,
  ...reductionKernels,
  ...resampleKernels,
  batchMatMul,
  bytesToFloat,
  cast,
  colorMap,
  cutOut,
  einsum,
  identity,
  maxPoolGrad,
  tile,
  unsortedSegmentSum,
  update,
];
