import {kernel} from '../kernel.js';

/** Images with a box set to 0 (see src/backends/fused/cut-out.ts of gan). */
export const cutOut = kernel<Record<'x' | 'boxes', unknown>, object>('CutOut', ({x, boxes}, _attrs, {heap}) => {
  const [images, height, width, channels] = x.shape as [number, number, number, number];
  const out = heap.output(x.shape);
  heap.native.cutOut(heap.address(x), heap.address(boxes), heap.address(out), images, height, width, channels);
  return out;
});
