import type {Kernel} from '../kernel.js';
import {addN} from './add-n.js';
import {augmentKernels} from './augment.js';
import {batchNormKernels} from './batch-norm.js';
import {biasActivation} from './bias-activation.js';
import {bilinearKernels} from './bilinear.js';
import {blend} from './blend.js';
import {convKernels} from './conv.js';
import {groupedConvKernels} from './grouped-conv.js';
import {pad} from './pad.js';
import {pixelShuffleKernels} from './pixel-shuffle.js';
import {resampleKernels} from './resample.js';
import {unaryKernels} from './unary.js';
import {update} from './update.js';

/** The kernels that tfjs-backend-webgpu 4.22 gets wrong, lacks, or splits into many operations. */
export const kernels: readonly Kernel[] = [
  addN,
  pad,
  ...augmentKernels,
  ...batchNormKernels,
  biasActivation,
  ...bilinearKernels,
  blend,
  ...convKernels,
  ...groupedConvKernels,
  ...pixelShuffleKernels,
  ...resampleKernels,
  ...unaryKernels,
  update,
];
