/**
 * The step of an optimiser over a list of parameters as one operation, for backends that have a kernel. Kernel and
 * composition round alike, operation by operation, so that runs can be resumed with either. The formula, for a
 * parameter p and its gradient g:
 *
 *     g <- g + decay p
 *     a <- momentum a + dampening g                              where it has the average `grad_avg`; else a = g
 *     s <- squareMomentum s + squareShare g^2                    where it has the average `sqr_avg`
 *     d  = a / (sqrt(correction s) + eps)                        else d = a
 *     p <- min(max(keep p - rate d, -bound), bound)
 *
 * The kernel is `OptimizerUpdate`:
 * - inputs: `coefficients` [sets, 10] float32, a row for each set in the order of `coefficientNames`; and for parameter
 *   i `value<i>`, `gradient<i>` and those averages that it has, `grad_avg<i>` and `sqr_avg<i>`, all of one shape;
 * - attrs: `UpdateAttrs`. Coefficients are a tensor and no attributes, so that a recorded step can be repeated with
 *   others;
 * - outputs: for each parameter in turn its value, then `grad_avg`, then `sqr_avg`, those that it has. New data, unless
 *   `inPlace` allows otherwise; `consumes` is about its memory.
 * A product by 1, a sum with 0 times a finite number and a bound of infinity change no bit, so a kernel may leave them
 * out or not.
 */
import {defineOperation} from '../operation.js';
import {tf, type Tensor} from '../tf.js';

export const coefficientNames = [
  'keep',
  'decay',
  'momentum',
  'dampening',
  'squareMomentum',
  'squareShare',
  'correction',
  'eps',
  'rate',
  'bound',
] as const;
export type UpdateCoefficients = Record<(typeof coefficientNames)[number], number>;

export interface UpdateAttrs {
  /** The row of each parameter's coefficients. */
  sets: number[];
  /** True if a parameter's `decay` is not 0. */
  decays: boolean[];
  /** True if a parameter's `bound` is finite. */
  bounded: boolean[];
  /**
   * The kernel may write results over the values and averages that it was given, and return these (with one reference
   * more, as Identity does). Absent: it must leave them alone.
   */
  inPlace?: boolean;
  /**
   * Nothing reads the values and averages that it was given afterwards, but through further references to their data. A
   * kernel may give the memory of those that have no other reference to the results.
   */
  consumes?: boolean;
}

/** A parameter in a step. */
export interface UpdateItem {
  value: Tensor;
  gradient: Tensor;
  /** `grad_avg` (a) and `sqr_avg` (s), either, or none. */
  averages: Record<string, Tensor>;
  /** Row of its coefficients. */
  set: number;
  decays: boolean;
  bounded: boolean;
}

export interface Updated {
  value: Tensor;
  averages: Record<string, Tensor>;
}

/** Names of averages, in the order of a kernel's outputs. */
const averageNames = ['grad_avg', 'sqr_avg'] as const;

const optimizerUpdate = defineOperation({
  name: 'OptimizerUpdate',
  reference(inputs: Record<string, Tensor>, {sets, decays, bounded}: UpdateAttrs): Tensor[] {
    const rows = rowsOf(inputs['coefficients']!);
    return sets.flatMap((set, i) => {
      const averages = Object.fromEntries(
        averageNames.flatMap((name) => (inputs[`${name}${i}`] ? [[name, inputs[`${name}${i}`]!]] : [])),
      ) as Record<string, Tensor>;
      const [value, gradient] = [inputs[`value${i}`]!, inputs[`gradient${i}`]!];
      const item = {value, gradient, averages, set, decays: decays[i]!, bounded: bounded[i]!};
      return outputsOf(composedUpdate(item, rows[set]!));
    });
  },
});

/**
 * Hands the new value and averages of each parameter to `take`, in their order. To be called inside a tidy. What `take`
 * does not keep of a composition is freed before the next parameter's turn.
 * @param coefficients [sets, 10]
 * @param consumes `take` puts them in the place of the old ones, which nothing reads any more but clones; without it,
 * the old ones are left as they are
 */
export function updateAll(
  items: readonly UpdateItem[],
  coefficients: Tensor,
  take: (updated: Updated, i: number) => void,
  {consumes = false} = {},
): void {
  if (optimizerUpdate.hasKernel()) fused(items, coefficients, consumes).forEach(take);
  else composed(items, coefficients, take);
}

function fused(items: readonly UpdateItem[], coefficients: Tensor, consumes: boolean): Updated[] {
  const inputs = items.flatMap(({value, gradient, averages}, i): [string, Tensor][] => [
    [`value${i}`, value],
    [`gradient${i}`, gradient],
    ...averageNames.filter((name) => averages[name]).map((name): [string, Tensor] => [`${name}${i}`, averages[name]!]),
  ]);
  const attrs: UpdateAttrs = {
    sets: items.map(({set}) => set),
    decays: items.map(({decays}) => decays),
    bounded: items.map(({bounded}) => bounded),
    consumes,
  };
  const results = optimizerUpdate({coefficients, ...Object.fromEntries(inputs)}, attrs).values();
  const next = (): Tensor => results.next().value!;
  return items.map(({averages}) => ({
    value: next(),
    averages: Object.fromEntries(averageNames.filter((name) => averages[name]).map((name) => [name, next()])),
  }));
}

function composed(
  items: readonly UpdateItem[],
  coefficients: Tensor,
  take: (updated: Updated, i: number) => void,
): void {
  const rows = rowsOf(coefficients);
  items.forEach((item, i) => tf.tidy(() => take(composedUpdate(item, rows[item.set]!), i)));
}

const rowsOf = (coefficients: Tensor): Tensor[][] => tf.unstack(coefficients).map((row) => tf.unstack(row));

/** Names in the order of a kernel's outputs. */
const outputsOf = ({value, averages}: Updated): Tensor[] => [
  value,
  ...averageNames.flatMap((name) => averages[name] ?? []),
];

/** The formula above; `row` holds the coefficients as scalars. */
function composedUpdate({value, gradient, averages, decays, bounded}: UpdateItem, row: readonly Tensor[]): Updated {
  const c = Object.fromEntries(coefficientNames.map((name, i) => [name, row[i]!])) as Record<
    keyof UpdateCoefficients,
    Tensor
  >;
  const slope = decays ? tf.add(gradient, tf.mul(value, c.decay)) : gradient;
  const updated: Record<string, Tensor> = {};
  let direction = slope;
  if (averages['grad_avg'])
    direction = updated['grad_avg'] = tf.add(tf.mul(averages['grad_avg'], c.momentum), tf.mul(slope, c.dampening));
  if (averages['sqr_avg']) {
    const squares = (updated['sqr_avg'] = tf.add(
      tf.mul(averages['sqr_avg'], c.squareMomentum),
      tf.mul(tf.square(slope), c.squareShare),
    ));
    direction = tf.div(direction, tf.add(tf.sqrt(tf.mul(squares, c.correction)), c.eps));
  }
  const moved = tf.sub(tf.mul(value, c.keep), tf.mul(direction, c.rate));
  return {value: bounded ? tf.minimum(tf.maximum(moved, tf.neg(c.bound)), c.bound) : moved, averages: updated};
}
