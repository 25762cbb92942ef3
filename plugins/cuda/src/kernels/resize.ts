import type {ResizeBilinearAttrs, ResizeBilinearGradInputs, ResizeBilinearInputs} from '@tensorflow/tfjs-core';
import {longs, pointer} from './args.js';
import {forEach} from './geometry.js';
import {toType} from './cast.js';
import {kernel, result, sizeOf, view, type Kernel} from './kernel.js';
import {source} from './source.js';

const variant = source('resize');

/** The struct Resize of kernels/resize.cu. */
function resizeArg(
  images: readonly number[],
  [height, width]: readonly number[],
  alignCorners: boolean,
  halfPixelCenters: boolean,
) {
  const [batch, ...rest] = images as [number, number, number, number];
  return longs(batch, rest[2], rest[0], rest[1], height!, width!, Number(alignCorners), Number(halfPixelCenters));
}

const resize = (name: string, entry: string): Kernel =>
  kernel<ResizeBilinearInputs, ResizeBilinearAttrs>(
    name,
    ({images}, {size, alignCorners, halfPixelCenters}, context) => {
      const {gpu} = context;
      const y = result(gpu, [images.shape[0]!, ...size, images.shape[3]!], 'float32');
      const x = toType(context, view(gpu, images), 'float32');
      forEach(gpu, variant, entry, sizeOf(y.shape), [
        pointer(x),
        pointer(y),
        resizeArg(images.shape, size, alignCorners, halfPixelCenters),
      ]);
      return y.info;
    },
  );

/** tfjs hands on the attributes of the forward pass. */
const gradient = (name: string, entry: string): Kernel =>
  kernel<ResizeBilinearGradInputs, ResizeBilinearAttrs>(
    name,
    ({images, dy}, {alignCorners, halfPixelCenters}, {gpu}) => {
      const dx = result(gpu, images.shape, 'float32');
      forEach(gpu, variant, entry, sizeOf(dx.shape), [
        pointer(view(gpu, dy)),
        pointer(dx),
        resizeArg(images.shape, dy.shape.slice(1, 3), alignCorners, halfPixelCenters),
      ]);
      return dx.info;
    },
  );

export const resizeKernels: readonly Kernel[] = [
  resize('ResizeBilinear', 'bilinear'),
  resize('ResizeNearestNeighbor', 'nearestNeighbour'),
  gradient('ResizeBilinearGrad', 'bilinearGradient'),
  gradient('ResizeNearestNeighborGrad', 'nearestNeighbourGradient'),
];
