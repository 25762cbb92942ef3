import type {TensorInfo} from '@tensorflow/tfjs-core';

/**
 * Sizes of a 2-D convolution, under the names of tfjs's Conv2DInfo. x is [batch, inHeight, inWidth, inChannels], the
 * filter [filterHeight, filterWidth, inChannels / groups, outChannels], y [batch, outHeight, outWidth, outChannels];
 * all float32.
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
 * cuDNN wants filters as [out, height, width, in]: this side transposes them, keeps the result for as long as the
 * tensor lives, and transposes filter gradients back. Callers see tfjs's layout only.
 */
export interface Dnn {
  /** y = conv(x, filter). */
  forward(conv: Convolution, x: TensorInfo, filter: TensorInfo, y: bigint): void;
  /** dx, the gradient with respect to x; also the transposed convolution of dy. */
  dataGradient(conv: Convolution, dy: TensorInfo, filter: TensorInfo, dx: bigint): void;
  /** dFilter, in the layout of the filter. */
  filterGradient(conv: Convolution, x: TensorInfo, dy: TensorInfo, dFilter: bigint): void;
}
