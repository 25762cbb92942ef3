import type {TensorInfo} from '@tensorflow/tfjs-core';
import {kernel} from '../registry.js';

interface Inputs {
  value: unknown;
  gradient: unknown;
  grad_avg: unknown;
  sqr_avg: unknown;
}
type Coefficient = 'keep' | 'decay' | 'momentum' | 'dampening' | 'squareMomentum' | 'squareShare' | 'correction' | 'eps' | 'rate';

/** An optimiser's step for one parameter (see src/backends/fused/update.ts of gan). The averages may be absent. */
export const update = kernel<Inputs, Record<Coefficient, number>>('OptimizerUpdate', (inputs, attrs, {tf, heap}) => {
  const {value, gradient} = inputs;
  const averages: (TensorInfo | undefined)[] = [inputs.grad_avg, inputs.sqr_avg];
  const updated = heap.output(value.shape);
  const newAverages = averages.map((average) => average && heap.output(value.shape));
  const addresses = [value, gradient, ...averages, updated, ...newAverages].map((tensor) => (tensor ? heap.address(tensor) : 0));
  // The fields of assembly/update.ts, in their order.
  const factors = Float32Array.of(
    attrs.keep, attrs.decay, attrs.momentum, attrs.dampening, attrs.squareMomentum, attrs.squareShare,
    attrs.correction, attrs.eps, attrs.rate,
  );
  const fields = [...addresses, tf.util.sizeFromShape(value.shape), ...new Int32Array(factors.buffer)];
  heap.native.updateParameter(heap.struct(fields), heap.pool);
  return [updated, ...newAverages.filter((average) => average !== undefined)];
});
