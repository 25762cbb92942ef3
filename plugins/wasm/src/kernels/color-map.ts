import {kernel} from '../kernel.js';

/** The channels of each image through a linear map of its own (see src/backends/fused/color-map.ts of gan). */
export const colorMap = kernel<Record<'x' | 'matrices' | 'shifts' | 'means', unknown>, object>(
  'ColorMap',
  ({x, matrices, shifts, means}, _attrs, {heap}) => {
    const [images, height, width, channels] = x.shape as [number, number, number, number];
    const out = heap.output(x.shape);
    heap.native.colorMap(
      heap.address(x),
      heap.address(matrices),
      heap.address(shifts),
      heap.address(means),
      heap.address(out),
      images,
      height * width,
      channels,
      heap.pool,
    );
    return out;
  },
);
