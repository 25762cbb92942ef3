import type {ResizeBilinearAttrs, ResizeBilinearGradInputs, ResizeBilinearInputs} from '@tensorflow/tfjs-core';
import type {Gpu} from '../gpu.js';
import {longs, pointer} from './args.js';
import {toType} from './cast.js';
import {forEach} from './geometry.js';
import {kernel, result, sizeOf, view, type Kernel, type View} from './kernel.js';
import {bySteps} from './steps.js';

const variants = bySteps('resize');

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

/** `entry` of kernels/resize.cu over the numbers of `to`. */
function run(gpu: Gpu, entry: string, from: View, to: View, arg: ReturnType<typeof resizeArg>): void {
  const {source, step} = variants(from, to);
  forEach(gpu, source, entry, sizeOf(to.shape), [pointer(from), pointer(to), arg], step);
}

const resize = (name: string, entry: string): Kernel =>
  kernel<ResizeBilinearInputs, ResizeBilinearAttrs>(
    name,
    ({images}, {size, alignCorners, halfPixelCenters}, context) => {
      const {gpu} = context;
      const y = result(gpu, [images.shape[0]!, ...size, images.shape[3]!], 'float32');
      const x = toType(context, view(gpu, images), 'float32');
      run(gpu, entry, x, y, resizeArg(images.shape, size, alignCorners, halfPixelCenters));
      return y.info;
    },
  );

/** tfjs hands on the attributes of the forward pass. */
const gradient = (name: string, entry: string): Kernel =>
  kernel<ResizeBilinearGradInputs, ResizeBilinearAttrs>(
    name,
    ({images, dy}, {alignCorners, halfPixelCenters}, {gpu}) => {
      const dx = result(gpu, images.shape, 'float32');
      const arg = resizeArg(images.shape, dy.shape.slice(1, 3), alignCorners, halfPixelCenters);
      run(gpu, entry, view(gpu, dy), dx, arg);
      return dx.info;
    },
  );

/** Attributes of the operations in src/backends/fused/bilinear.ts of gan: the sides of the result. */
type Sides = Record<'height' | 'width', number>;

const halfPixel = kernel<Record<'x', unknown>, Sides>('BilinearResize', ({x}, {height, width}, {gpu}) => {
  const y = result(gpu, [x.shape[0]!, height, width, x.shape[3]!], 'float32');
  run(gpu, 'bilinear', view(gpu, x), y, resizeArg(x.shape, [height, width], false, true));
  return y.info;
});

const halfPixelTranspose = kernel<Record<'dy', unknown>, Sides>(
  'BilinearResizeTranspose',
  ({dy}, {height, width}, {gpu}) => {
    const dx = result(gpu, [dy.shape[0]!, height, width, dy.shape[3]!], 'float32');
    run(gpu, 'bilinearGradient', view(gpu, dy), dx, resizeArg(dx.shape, dy.shape.slice(1, 3), false, true));
    return dx.info;
  },
);

export const resizeKernels: readonly Kernel[] = [
  resize('ResizeBilinear', 'bilinear'),
  resize('ResizeNearestNeighbor', 'nearestNeighbour'),
  gradient('ResizeBilinearGrad', 'bilinearGradient'),
  gradient('ResizeNearestNeighborGrad', 'nearestNeighbourGradient'),
  halfPixel,
  halfPixelTranspose,
];
