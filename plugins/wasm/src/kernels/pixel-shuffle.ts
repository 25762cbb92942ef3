import {kernel} from '../kernel.js';

interface Attrs {
  factor: number;
}

const shuffle = kernel<{x: unknown}, Attrs>('PixelShuffle', ({x}, {factor}, {heap}) => {
  const [batch = 1, height = 1, width = 1, all = 1] = x.shape;
  const channels = all / factor ** 2;
  const y = heap.output([batch, height * factor, width * factor, channels]);
  const addresses = [heap.address(x), heap.address(y)] as const;
  heap.native.shuffle(...addresses, batch, height, width, channels, factor, false, heap.pool);
  return y;
});

const unshuffle = kernel<{x: unknown}, Attrs>('PixelUnshuffle', ({x}, {factor}, {heap}) => {
  const [batch = 1, all = 1, across = 1, channels = 1] = x.shape;
  const [height, width] = [all / factor, across / factor];
  const y = heap.output([batch, height, width, channels * factor ** 2]);
  const addresses = [heap.address(x), heap.address(y)] as const;
  heap.native.shuffle(...addresses, batch, height, width, channels, factor, true, heap.pool);
  return y;
});

/** Channels to pixels and back, in PyTorch's order (see src/backends/fused/pixel-shuffle.ts of gan). */
export const pixelShuffleKernels = [shuffle, unshuffle];
