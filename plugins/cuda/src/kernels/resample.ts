import {float, long, longs, pointer} from './args.js';
import {forEach} from './geometry.js';
import {kernel, result, sizeOf, view, type Kernel} from './kernel.js';
import {bySteps} from './steps.js';

const variants = bySteps('resample');

type Shape = readonly [batch: number, height: number, width: number, channels: number];

/** Those of src/backends/fused/upsample.ts of gan. */
interface BlockAttrs {
  factor: number;
  scale: number;
}

/** @param sides of the result */
const ofBlocks = (name: string, entry: string, sides: (side: number, factor: number) => number): Kernel =>
  kernel<Record<'x', unknown>, BlockAttrs>(name, (inputs, {factor, scale}, {gpu}) => {
    const x = view(gpu, inputs.x);
    const [n, h, w, c] = x.shape as Shape;
    const y = result(gpu, [n, sides(h, factor), sides(w, factor), c], 'float32');
    const {source, step} = variants(x, y);
    const count = Math.min(sizeOf(x.shape), sizeOf(y.shape)); // a thread for each block
    forEach(gpu, source, entry, count, [pointer(x), pointer(y), longs(n, h, w, c), long(factor), float(scale)], step);
    return y.info;
  });

/** Those of src/backends/fused/fir.ts of gan. */
interface FirAttrs {
  up: number;
  down: number;
  padding: [top: number, bottom: number, left: number, right: number];
  taps: number[];
}

/** Filters that were used, by their taps: each is sent to the device once. */
const filters = new Map<string, Float32Array>();

function filterOf(taps: readonly number[]): Float32Array {
  const key = taps.join();
  const filter = filters.get(key) ?? Float32Array.from(taps);
  filters.set(key, filter);
  return filter;
}

const firResample = kernel<Record<'x', unknown>, FirAttrs>(
  'FirResample',
  (inputs, {up, down, padding, taps}, {gpu}) => {
    const x = view(gpu, inputs.x);
    const [n, h, w, c] = x.shape as Shape;
    const [top, bottom, left, right] = padding;
    const side = (size: number, zeros: number): number => Math.floor((size * up + zeros - taps.length) / down) + 1;
    const [height, width] = [side(h, top + bottom), side(w, left + right)];
    const y = result(gpu, [n, height, width, c], 'float32');
    const {source, step} = variants(x, y);
    const args = [
      pointer(x),
      pointer({address: gpu.constant(filterOf(taps))}),
      pointer(y),
      longs(n, h, w, c),
      longs(height, width, up, down, top, left, taps.length),
    ];
    forEach(gpu, source, 'firResample', sizeOf(y.shape), args, step);
    return y.info;
  },
);

/** Resampling of images by whole factors. */
export const resampleKernels: readonly Kernel[] = [
  ofBlocks('UpsampleNearest', 'upsampleNearest', (side, factor) => side * factor),
  ofBlocks('BlockSum', 'blockSum', (side, factor) => side / factor),
  firResample,
];
