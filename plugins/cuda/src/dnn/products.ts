import type {Convolution} from './types.js';

/** y [m, outChannels] = x [m, inner] times filter [inner, outChannels]. */
export interface ConvolutionProduct {
  m: number;
  inner: number;
}

/**
 * The matrix product that a convolution is where the filter meets the whole image once (a generator's first layer, a
 * critic's last) or has one tap: x, the filter and y lie in memory as the product wants them. Undefined for others.
 */
export function productOf(conv: Convolution): ConvolutionProduct | undefined {
  const {top, bottom, left, right} = conv.padInfo;
  if (conv.groups > 1 || [top, bottom, left, right].some((zeros) => zeros !== 0)) return undefined;
  if (conv.filterHeight === 1 && conv.filterWidth === 1 && conv.strideHeight === 1 && conv.strideWidth === 1) {
    return {m: conv.batchSize * conv.inHeight * conv.inWidth, inner: conv.inChannels};
  }
  const once =
    conv.filterHeight === conv.inHeight &&
    conv.filterWidth === conv.inWidth &&
    conv.dilationHeight === 1 &&
    conv.dilationWidth === 1;
  return once && conv.outHeight === 1 && conv.outWidth === 1
    ? {m: conv.batchSize, inner: conv.inHeight * conv.inWidth * conv.inChannels}
    : undefined;
}
