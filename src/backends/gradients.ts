/**
 * Gradients that can be differentiated again. In tfjs 4.22 the second derivative of an operation whose gradient uses
 * the saved output (tanh, sigmoid, exp, softmax, ...) is silently wrong: the copy that is saved has no past on the
 * tape. Others (leaky ReLU, ReLU6, clip) throw, since their masks come from comparisons, which have no gradient.
 * Gradient penalties (WGAN-GP, R1) differentiate twice.
 *
 * `tf.logSoftmax` cannot be mended here (it brings a gradient of its own that no registry knows): use log of softmax.
 *
 * The saved output still serves when the gradient is not itself recorded, so first derivatives cost what they did.
 */
import type {GradConfig, Tensor} from '@tensorflow/tfjs-core';
import {noGrad} from './fused/no-grad.js';
import {tf} from './tfjs-core.js';

const {
  cast,
  clone,
  engine,
  exp,
  logicalAnd,
  greaterEqual,
  lessEqual,
  mul,
  registerGradient,
  sigmoid,
  softmax,
  step,
  sub,
  sum,
  tanh,
  add,
} = tf;

/** True while the gradient that is being computed is on a tape, to be differentiated again. */
const recorded = (): boolean => engine().state.gradientDepth > 0;

/** The gradient of y = forward(x), where `slope` gives dx from dy and y. */
function ofOutput(
  kernelName: string,
  input: string,
  forward: (x: Tensor) => Tensor,
  slope: (dy: Tensor, y: Tensor) => Tensor,
): GradConfig {
  return {
    kernelName,
    inputsToSave: [input],
    outputsToSave: [true],
    gradFunc: (dy, [x, y]) => ({[input]: () => slope(dy as Tensor, recorded() ? forward(x!) : y!)}),
  };
}

/** The gradient dx = dy * mask(x), where the mask counts as a constant: its own derivative is 0 almost everywhere. */
function masked(kernelName: string, mask: (x: Tensor, attrs: Attributes) => Tensor): GradConfig {
  return {
    kernelName,
    inputsToSave: ['x'],
    gradFunc: (dy, [x], attrs) => ({
      x: () =>
        mul(
          dy as Tensor,
          noGrad(() => mask(x!, attrs as Attributes)),
        ),
    }),
  };
}

/**
 * dy where x > 0, alpha dy elsewhere: one kernel, `LeakyReluGrad`, where the backend has it. x says only on which side
 * of the bend it lies, so it counts as a constant.
 */
export function leakyReluGrad(dy: Tensor, x: Tensor, alpha: number): Tensor {
  if (!tf.getKernel('LeakyReluGrad', tf.getBackend()))
    return mul(
      dy,
      noGrad(() => step(x, alpha)),
    );
  return engine().runKernel('LeakyReluGrad', {dy, x: noGrad(() => clone(x))}, {alpha});
}

/** The attributes of these kernels; each has the ones that it names. */
type Attributes = Record<string, number>;

const one = (mask: Tensor): Tensor => cast(mask, 'float32');

/** tfjs takes a softmax over the last axis only. */
const configs: GradConfig[] = [
  ofOutput('Tanh', 'x', tanh, (dy, y) => mul(sub(1, mul(y, y)), dy)),
  ofOutput('Sigmoid', 'x', sigmoid, (dy, y) => mul(dy, mul(y, sub(1, y)))),
  ofOutput('Exp', 'x', exp, (dy, y) => mul(dy, y)),
  ofOutput(
    'Softmax',
    'logits',
    (x) => softmax(x),
    (dy, y) => {
      const weighted = mul(dy, y);
      return sub(weighted, mul(sum(weighted, -1, true), y));
    },
  ),
  {
    kernelName: 'Elu',
    inputsToSave: ['x'],
    // 1 above 0, exp(x) below; above 0 the exponent is made 0, so that it does not overflow
    gradFunc: (dy, [x]) => ({
      x: () => {
        const positive = noGrad(() => step(x!));
        return mul(dy as Tensor, add(positive, mul(sub(1, positive), exp(mul(x!, sub(1, positive))))));
      },
    }),
  },
  {
    kernelName: 'LeakyRelu',
    inputsToSave: ['x'],
    gradFunc: (dy, [x], attrs) => ({x: () => leakyReluGrad(dy as Tensor, x!, (attrs as Attributes)['alpha']!)}),
  },
  {
    kernelName: 'LeakyReluGrad',
    inputsToSave: ['x'],
    gradFunc: (dz, [x], attrs) => ({dy: () => leakyReluGrad(dz as Tensor, x!, (attrs as Attributes)['alpha']!)}),
  },
  masked('Relu6', (x) => mul(step(x), one(lessEqual(x, 6)))),
  masked('ClipByValue', (x, {clipValueMin, clipValueMax}) =>
    one(logicalAnd(greaterEqual(x, clipValueMin!), lessEqual(x, clipValueMax!))),
  ),
];

/**
 * Puts them in place; again after a backend was loaded that brings another copy of tfjs, whose own gradients go over
 * them.
 */
export function mendGradients(): void {
  for (const config of configs) registerGradient(config);
}
