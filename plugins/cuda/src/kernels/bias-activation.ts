import {float, long, pointer} from './args.js';
import {forEach} from './geometry.js';
import {kernel, result, sizeOf, view, type Kernel} from './kernel.js';
import {byElement} from './source.js';
import {sumRows} from './sum-rows.js';

const variants = byElement('bias-activation');

interface Attrs {
  slope: number;
}

const biasActivation = kernel<Record<'x' | 'bias', unknown>, Attrs>('BiasActivation', (inputs, {slope}, {gpu}) => {
  const type = gpu.elementOf(inputs.x);
  const [x, bias] = [view(gpu, inputs.x, type), view(gpu, inputs.bias)];
  const y = result(gpu, x.shape, 'float32', type);
  const count = sizeOf(x.shape);
  const args = [...[x, bias, y].map(pointer), float(slope), long(count), long(sizeOf(bias.shape))];
  forEach(gpu, variants[type], 'biasActivation', count, args, 4);
  return y.info;
});

const biasActivationGrad = kernel<Record<'dy' | 'y', unknown>, Attrs>(
  'BiasActivationGrad',
  (inputs, {slope}, {gpu}) => {
    const type = gpu.elementOf(inputs.y);
    const [dy, y] = [view(gpu, inputs.dy, type), view(gpu, inputs.y, type)];
    const channels = y.shape.at(-1)!;
    const [dx, dBias] = [result(gpu, y.shape, 'float32', type), result(gpu, [channels], 'float32')];
    sumRows(
      gpu,
      variants[type],
      y,
      channels,
      1,
      {entry: 'biasSlopes', args: (partial) => [...[dy, y, dx, partial].map(pointer), float(slope)]},
      {entry: 'biasTotals', args: (partial) => [partial, dBias].map(pointer)},
    );
    return [dx.info, dBias.info];
  },
);

/**
 * The bias of a layer with the activation after it (see src/backends/fused/bias-activation.ts of gan). cuDNN's own
 * convolution with a bias knows ReLU only, and no slope.
 */
export const biasActivationKernels: readonly Kernel[] = [biasActivation, biasActivationGrad];
