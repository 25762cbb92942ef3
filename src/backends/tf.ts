/// <reference types="long" preserve="true" />
/**
 * The one door to tfjs-core. Under Node, tfjs-core resolves to a CommonJS bundle that registers no gradients;
 * `#tf-gradients` (bundled by scripts/build.mjs) registers them, and `gradients.ts` mends some. tfjs-core must come
 * first, and is loaded by the imports, which precede everything else: the copy that is loaded first makes the engine,
 * and the bundle's has no chained operations, which some of tfjs-core's own use. Patches of tfjs belong here, each with
 * a test that fails on the day upstream is mended.
 */
import {createRequire} from 'node:module';
import {mendGradients} from './gradients.js';
import {tf} from './tfjs-core.js';

createRequire(import.meta.url)('#tf-gradients');
mendGradients();

// It only keeps tfjs from printing: of a second copy that a plug-in brings, of a faster backend that one could install.
tf.enableProdMode();

export {tf, mendGradients};
export type {
  DataId,
  NamedTensorInfoMap,
  Rank,
  Scalar,
  Tensor,
  Tensor1D,
  Tensor2D,
  Tensor3D,
  Tensor4D,
  TensorInfo,
  TensorLike,
  Variable,
} from '@tensorflow/tfjs-core';
export type Tf = typeof tf;
