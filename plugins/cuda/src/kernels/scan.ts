import type {CumsumAttrs, CumsumInputs} from '@tensorflow/tfjs-core';
import {int, long, pointer} from './args.js';
import {toType} from './cast.js';
import {forEach} from './geometry.js';
import {kernel, result, sizeOf, view, type Kernel} from './kernel.js';
import {source} from './source.js';

function scan(name: string, init: string, combine: string): Kernel {
  const [floats, ints] = ['float', 'int'].map((NUMBER) =>
    source('scan', `${name}-${NUMBER}`, {NUMBER, INIT: init, 'COMBINE(a, b)': combine}),
  );
  return kernel<CumsumInputs, CumsumAttrs>(name, ({x}, {axis, exclusive, reverse}, context) => {
    const {tf, gpu} = context;
    const at = tf.util.parseAxisParam(axis, x.shape)[0]!;
    const given = view(gpu, x);
    const type = given.dtype === 'float32' ? 'float32' : 'int32';
    const y = result(gpu, x.shape, type);
    const [outer, length, inner] = [sizeOf(x.shape.slice(0, at)), x.shape[at]!, sizeOf(x.shape.slice(at + 1))];
    const args = [
      pointer(toType(context, given, type)),
      pointer(y),
      ...[outer, length, inner].map(long),
      int(Number(exclusive)),
      int(Number(reverse)),
    ];
    forEach(gpu, (type === 'float32' ? floats : ints)!, 'scan', outer * inner, args);
    return y.info;
  });
}

export const scanKernels: readonly Kernel[] = [scan('Cumsum', '0', '(a) + (b)'), scan('Cumprod', '1', '(a) * (b)')];
