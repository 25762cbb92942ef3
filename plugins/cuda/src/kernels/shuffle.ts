import {long, longs, pointer} from './args.js';
import {forEach} from './geometry.js';
import {kernel, result, sizeOf, view, type Kernel} from './kernel.js';
import {movers} from './select.js';

const variantOf = movers('shuffle');

type Shape = readonly [batch: number, height: number, width: number, channels: number];

/** Channels to pixels, and back (see src/backends/fused/pixel-shuffle.ts of gan). */
export const shuffleKernels: readonly Kernel[] = [
  kernel<Record<'x', unknown>, {factor: number}>('PixelShuffle', (inputs, {factor}, {gpu}) => {
    const x = view(gpu, inputs.x);
    const [n, h, w, deep] = x.shape as Shape;
    const c = deep / factor ** 2;
    const y = result(gpu, [n, h * factor, w * factor, c], x.dtype);
    const small = [n, h, w, c];
    forEach(gpu, variantOf(x), 'shuffle', sizeOf(small), [pointer(x), pointer(y), longs(...small), long(factor)]);
    return y.info;
  }),
  kernel<Record<'x', unknown>, {factor: number}>('PixelUnshuffle', (inputs, {factor}, {gpu}) => {
    const x = view(gpu, inputs.x);
    const [n, h, w, c] = x.shape as Shape;
    const small = [n, h / factor, w / factor, c] as const;
    const y = result(gpu, [n, small[1], small[2], c * factor ** 2], x.dtype);
    forEach(gpu, variantOf(x), 'unshuffle', sizeOf(small), [pointer(x), pointer(y), longs(...small), long(factor)]);
    return y.info;
  }),
];
