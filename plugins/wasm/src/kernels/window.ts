import type {backend_util} from '@tensorflow/tfjs-core';

export type Shape4D = [number, number, number, number];

/** Sizes of a convolution or pooling, in the order of the fields of assembly/window.ts. */
export function windowFields(info: backend_util.Conv2DInfo): number[] {
  return [
    info.batchSize,
    info.inHeight,
    info.inWidth,
    info.inChannels,
    info.outHeight,
    info.outWidth,
    info.outChannels,
    info.filterHeight,
    info.filterWidth,
    info.strideHeight,
    info.strideWidth,
    info.dilationHeight,
    info.dilationWidth,
    info.padInfo.top,
    info.padInfo.left,
  ];
}
