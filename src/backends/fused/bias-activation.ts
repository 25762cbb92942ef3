/**
 * The bias of a layer and the (leaky) ReLU after it as one operation, where the backend has a kernel for it:
 * `BiasActivation` and `BiasActivationGrad`. Separately they are two passes forward and two back.
 */
import {leakyReluGrad} from '../gradients.js';
import {defineOperation} from '../operation.js';
import {tf, type Tensor} from '../tf.js';
import {activate} from './batch-norm.js';

interface Attrs {
  /** Negative slope of the activation, at least 0: 0 for ReLU, 1 for none. */
  slope: number;
}

const biasActivationGrad = defineOperation({
  name: 'BiasActivationGrad',
  inputs: ['dy', 'y'],
  // It has the sign of what it was activated from: it says on which side of the bend that lies.
  constants: ['y'],
  reference({dy, y}, {slope}: Attrs): Tensor[] {
    const dx = leakyReluGrad(dy, y, slope);
    return [
      dx,
      tf.sum(
        dx,
        dx.shape.slice(0, -1).map((_, axis) => axis),
      ),
    ];
  },
});

const operation = defineOperation({
  name: 'BiasActivation',
  inputs: ['x', 'bias'],
  accepts: (_, {slope}: Attrs) => slope >= 0,
  reference: ({x, bias}, {slope}: Attrs): Tensor => activate(tf.add(x, bias), slope),
  gradient: {
    outputs: [true],
    compute([dy], {outputs: [y], attrs}) {
      // for second derivatives y needs no past: its slope is constant on either side of the bend
      const [dx, dBias] = biasActivationGrad({dy: dy!, y: y!}, attrs) as [Tensor, Tensor];
      return {x: dx, bias: dBias};
    },
  },
});

/**
 * z where z = x + bias is positive, `slope` z elsewhere.
 * @param x [..., c]
 * @param bias [c]
 */
export const biasActivation = (x: Tensor, bias: Tensor, slope: number): Tensor => operation({x, bias}, {slope});
