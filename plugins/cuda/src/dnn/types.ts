import type {TensorInfo} from '@tensorflow/tfjs-core';

import type {Data, Element, Turned} from '../forms.js';

/**
 * Sizes of a 2-D convolution, under the names of tfjs's Conv2DInfo. x is [batch, inHeight, inWidth, inChannels], the
 * filter [filterHeight, filterWidth, inChannels / groups, outChannels], y [batch, outHeight, outWidth, outChannels];
 * all float32 tensors.
 */
export interface Convolution {
  /** The outputs of group g, the g-th part of them, see the g-th part of the inputs. */
  groups: number;
  batchSize: number;
  inHeight: number;
  inWidth: number;
  inChannels: number;
  outHeight: number;
  outWidth: number;
  outChannels: number;
  filterHeight: number;
  filterWidth: number;
  strideHeight: number;
  strideWidth: number;
  dilationHeight: number;
  dilationWidth: number;
  /**
   * Zeros around x; the sides may differ ('same' with an even filter). A negative number of them at the bottom or at
   * the right: as much of x is not seen.
   */
  padInfo: {top: number; bottom: number; left: number; right: number};
}

/**
 * Convolutions, in the precision of the device where cuDNN computes them. Inputs are tensors and not addresses, because
 * cuDNN wants filters as [out, height, width, in] and images perhaps in bfloat16: where a tensor lies otherwise, the
 * device keeps a copy as long as its values live.
 */
export interface Dnn {
  /** How the images that a convolution gives lie best: as they are computed. */
  elementOf(conv: Convolution): Element;
  /** y = conv(x, filter). */
  forward(conv: Convolution, x: TensorInfo, filter: TensorInfo, y: Data): void;
  /** dx, the gradient with respect to x; also the transposed convolution of dy. */
  dataGradient(conv: Convolution, dy: TensorInfo, filter: TensorInfo, dx: Data): void;
  /** The order in which the gradient of a filter lies best, where it is not that of tfjs. */
  orderOf(conv: Convolution): Turned | undefined;
  /**
   * dFilter, in the layout of the filter, or in the order of `orderOf`. With `add` it is added to what is there, with
   * the bits of an addition after it.
   */
  filterGradient(
    conv: Convolution,
    x: TensorInfo,
    dy: TensorInfo,
    dFilter: bigint,
    turned?: Turned,
    add?: boolean,
  ): void;
}
