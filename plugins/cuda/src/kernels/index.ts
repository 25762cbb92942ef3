import '../dnn/kernels.js'; // not of an operation, but among the sources
import {addN} from './add-n.js';
import {augmentKernels} from './augment.js';
import {batchNormKernels} from './batch-norm.js';
import {biasActivationKernels} from './bias-activation.js';
import {binaryKernels} from './binary.js';
import {blend} from './blend.js';
import {bytesToFloat} from './bytes.js';
import {cast} from './cast.js';
import {clipByGlobalNorm} from './clip.js';
import {conv2DKernels} from './conv2d.js';
import {depthwiseKernels} from './depthwise.js';
import {fillKernels} from './fill.js';
import {gatherKernels} from './gather.js';
import {groupedConvKernels} from './grouped-conv.js';
import type {Kernel} from './kernel.js';
import {leakyReluGrad} from './leaky-relu.js';
import {batchMatMul} from './mat-mul.js';
import {padKernels} from './pad.js';
import {poolKernels} from './pool.js';
import {rearrangingKernels, sharingKernels} from './rearrange.js';
import {reductionKernels} from './reduce.js';
import {resampleKernels} from './resample.js';
import {resizeKernels} from './resize.js';
import {scanKernels} from './scan.js';
import {select} from './select.js';
import {shuffleKernels} from './shuffle.js';
import {softmax} from './softmax.js';
import {unaryKernels} from './unary.js';
import {update} from './update.js';

/** Every operation of tfjs that this backend computes. */
export const kernels: readonly Kernel[] = [
  ...augmentKernels,
  ...batchNormKernels,
  ...biasActivationKernels,
  ...binaryKernels,
  ...conv2DKernels,
  ...depthwiseKernels,
  ...fillKernels,
  ...gatherKernels,
  ...groupedConvKernels,
  ...padKernels,
  ...poolKernels,
  ...rearrangingKernels,
  ...reductionKernels,
  ...resampleKernels,
  ...resizeKernels,
  ...scanKernels,
  ...sharingKernels,
  ...shuffleKernels,
  ...unaryKernels,
  addN,
  batchMatMul,
  blend,
  bytesToFloat,
  cast,
  clipByGlobalNorm,
  leakyReluGrad,
  select,
  softmax,
  update,
];
export {sources} from './source.js';
