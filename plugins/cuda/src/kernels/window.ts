import type {backend_util} from '@tensorflow/tfjs-core';
import type {Convolution} from '../dnn/types.js';
import type {KernelArg} from '../gpu.js';
import {longs} from './args.js';

/** The struct Window of kernels/window.cuh: a 2-D window has a depth of 1. */
export function windowArg(info: Omit<Convolution, 'groups'> | backend_util.Conv3DInfo): KernelArg {
  const {batchSize, inChannels} = info;
  const depth =
    'inDepth' in info
      ? {
          in: info.inDepth,
          out: info.outDepth,
          size: info.filterDepth,
          stride: info.strideDepth,
          dilation: info.dilationDepth,
          before: info.padInfo.front,
        }
      : {in: 1, out: 1, size: 1, stride: 1, dilation: 1, before: 0};
  return longs(
    batchSize,
    inChannels,
    depth.in,
    info.inHeight,
    info.inWidth,
    depth.out,
    info.outHeight,
    info.outWidth,
    depth.size,
    info.filterHeight,
    info.filterWidth,
    depth.stride,
    info.strideHeight,
    info.strideWidth,
    depth.dilation,
    info.dilationHeight,
    info.dilationWidth,
    depth.before,
    info.padInfo.top,
    info.padInfo.left,
  );
}
