/**
 * The next values of running averages as one operation, `Blend`, for backends where each operation costs:
 * - inputs: `old<i>` and `next<i>` for average i, of one shape;
 * - attrs: `Shares`, a number for each average;
 * - outputs: the new averages, in their order. With the attribute `inPlace`, which only steps that a device captures
 *   have, a kernel may return the `old<i>` themselves, overwritten.
 */
import {defineOperation} from '../operation.js';
import {tf, type Tensor} from '../tf.js';
import {noGrad} from './no-grad.js';

interface Shares {
  keep: number[];
  share: number[];
}

/** A running average: its next value is keep old + share next. */
export interface Average {
  old: Tensor;
  next: Tensor;
  keep: number;
  share: number;
}

const composed = ({old, next, keep, share}: Average): Tensor => tf.add(tf.mul(old, keep), tf.mul(next, share));

const operation = defineOperation({
  name: 'Blend',
  reference: (inputs: Record<string, Tensor>, {keep, share}: Shares): Tensor[] =>
    keep.map((_, i) =>
      composed({old: inputs[`old${i}`]!, next: inputs[`next${i}`]!, keep: keep[i]!, share: share[i]!}),
    ),
});

/** The next values; constants to gradients. */
export function blend(averages: readonly Average[]): Tensor[] {
  if (!operation.hasKernel()) return averages.map((average) => noGrad(() => composed(average)));
  const inputs = Object.fromEntries(
    averages.flatMap(({old, next}, i) => [
      [`old${i}`, old],
      [`next${i}`, next],
    ]),
  );
  return operation(inputs, {keep: averages.map(({keep}) => keep), share: averages.map(({share}) => share)});
}
