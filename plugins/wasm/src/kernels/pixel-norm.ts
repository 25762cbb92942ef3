import {kernel} from '../kernel.js';

interface Attrs {
  eps: number;
}

const pixelNorm = kernel<{x: unknown}, Attrs>('PixelNorm', ({x}, {eps}, {tf, heap}) => {
  const y = heap.output(x.shape);
  const channels = x.shape.at(-1)!;
  const rows = tf.util.sizeFromShape(x.shape) / channels;
  heap.native.pixelNorm(heap.address(x), heap.address(y), rows, channels, eps, heap.pool);
  return y;
});

const pixelNormGrad = kernel<Record<'x' | 'dy', unknown>, Attrs>('PixelNormGrad', ({x, dy}, {eps}, {tf, heap}) => {
  const dx = heap.output(x.shape);
  const channels = x.shape.at(-1)!;
  const rows = tf.util.sizeFromShape(x.shape) / channels;
  heap.native.pixelNormGrad(heap.address(x), heap.address(dy), heap.address(dx), rows, channels, eps, heap.pool);
  return dx;
});

/** Pixels of the same length, and the gradient (see src/backends/fused/pixel-norm.ts of gan). */
export const pixelNormKernels = [pixelNorm, pixelNormGrad];
