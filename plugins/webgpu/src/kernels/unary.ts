import type {ClipByValueAttrs, TensorInfo} from '@tensorflow/tfjs-core';
import {float, type Shader, type Uniforms} from '../dispatch.js';
import type {Kernel} from '../kernel.js';
import {activated, kept, slopeThrough, within, type Element} from './activation.js';
import {pointwise, runPointwise} from './pointwise.js';

const rectified = pointwise({
  name: 'Relu',
  reads: ['x'],
  numbers: [],
  functions: activated,
  expression: 'activated(x[i], 0)',
});

const between = pointwise({
  name: 'Within',
  reads: ['x'],
  numbers: ['low', 'high'],
  functions: within,
  expression: 'within(x[i], uniforms.low, uniforms.high)',
});

const slopes = pointwise({
  name: 'LeakyReluGrad',
  reads: ['dy', 'x'],
  numbers: ['alpha'],
  functions: slopeThrough,
  expression: 'slopeThrough(dy[i], x[i], uniforms.alpha)',
});

/** A function of float32; other types, and tensors without elements, are for the stock kernel. */
const unary = (name: string, shaders: Record<Element, Shader>, numbers: (attrs: unknown) => Uniforms): Kernel => ({
  name,
  compute(inputs, context) {
    const {x} = inputs as {x: TensorInfo};
    if (x.dtype !== 'float32' || x.shape.includes(0)) return context.stock({x});
    return runPointwise(context, shaders, [x], numbers(context.attrs));
  },
});

/**
 * @param expression WGSL, of `z`
 * @param functions that it calls
 */
function curve(
  name: string,
  expression: (element: Element) => string,
  functions: (element: Element) => string = () => '',
): Kernel {
  const shaders = pointwise({
    name,
    reads: ['x'],
    numbers: [],
    functions: (element) => `${kept(element)}${functions(element)}
fn curve(z: ${element}) -> ${element} { return kept(${expression(element)}, z); }`,
    expression: 'curve(x[i])',
  });
  return unary(name, shaders, () => ({}));
}

/** `log1p(e)`: log(1 + e) of e from 0 on, where 1 + e has lost the digits of a small e: a power series. */
const log1p = (element: Element): string => `
fn log1p(e: ${element}) -> ${element} {
  return select(log(1 + e), e * (1 - e * (1. / 2 - e * (1. / 3 - e / 4))), e < ${element}(0.02));
}`;

/** The gradient of a leaky ReLU (src/backends/gradients.ts of gan): one dispatch where tfjs has two. */
const leakyReluGrad: Kernel = {
  name: 'LeakyReluGrad',
  compute(inputs, context) {
    const {dy, x} = inputs as unknown as Record<'dy' | 'x', TensorInfo>;
    return runPointwise(context, slopes, [dy, x], {alpha: float(context.attrs['alpha'] as number)});
  },
};

/**
 * ReLUs, clipping and exponentials. Those of tfjs lose NaN where a compiler of shaders assumes that there is none.
 */
export const unaryKernels: readonly Kernel[] = [
  unary('Relu', rectified, () => ({})),
  unary('Relu6', between, () => ({low: float(0), high: float(6)})),
  unary('ClipByValue', between, (attrs) => {
    const {clipValueMin, clipValueMax} = attrs as ClipByValueAttrs;
    return {low: float(clipValueMin), high: float(clipValueMax)};
  }),
  curve('Exp', () => 'exp(z)'),
  curve('Elu', (element) => `select(exp(z) - 1, z, z >= ${element}(0))`),
  curve('Sigmoid', () => '1 / (1 + exp(-z))'),
  curve('Softplus', (element) => `max(z, ${element}(0)) + log1p(exp(-abs(z)))`, log1p),
  leakyReluGrad,
];
