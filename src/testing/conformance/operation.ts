/** One operation becomes three checks: its values, its gradients, and the gradients of a penalty on its gradients. */
import {tf, type Scalar, type Tensor} from '../../backends/tf.js';
import {Rng} from '../../gan/rng.js';
import {compareArrays, type Deviation} from '../golden/compare.js';
import {demand, type Check} from './check.js';
import {gradients, gradientsOfPenalty, slopeAlong, type Objective} from './differences.js';
import {plain, sizeOf, type Plain} from './plain.js';
import type {Tolerance} from './tolerance.js';

/** Random numbers of U(low, high), none within `margin` of a number in `avoid`, where a derivative jumps. */
export interface Input {
  shape: readonly number[];
  low?: number;
  high?: number;
  avoid?: readonly number[];
}

export interface OperationCase {
  title: string;
  inputs: readonly Input[];
  /** The operation, on tensors of the device. */
  compute(...inputs: Tensor[]): Tensor;
  /** The same by its definition. */
  plain(...inputs: Plain[]): Plain;
  tolerance: Tolerance;
  /** 0: values only (it has no derivative); 1: no gradients of gradients; 2, the default. */
  orders?: 0 | 1 | 2;
  /** The inputs whose gradients are penalised in the check of second order; all. */
  penalised?: readonly number[];
  /** Compare the gradient along so many random directions only: where there are too many elements to go through. */
  directions?: number;
}

/** Tensors whose numbers are all smaller count as if their largest were this: tests work with numbers around 1. */
const floor = 0.01;

/** Fifty times what the differences of second order move an input by. */
const margin = 0.05;

export function operationChecks(one: OperationCase): Check[] {
  const {title, orders = 2} = one;
  const checks: Check[] = [
    {group: 'operations', title: `${title}: values`, run: open((tensors) => values(one, tensors))},
  ];
  if (orders >= 1)
    checks.push({group: 'gradients', title: `${title}: gradient`, run: open((tensors) => firstOrder(one, tensors))});
  if (orders >= 2)
    checks.push({
      group: 'second-order',
      title: `${title}: second-order gradient`,
      run: open((tensors) => secondOrder(one, tensors)),
    });
  return checks;

  function open(compare: (tensors: Tensor[]) => Promise<Deviation[]>): Check['run'] {
    return async (session) => {
      await session.device();
      const tensors = drawn(one).map(({shape, data}) => tf.tensor(Float32Array.from(data), [...shape], 'float32'));
      try {
        return await compare(tensors);
      } finally {
        tf.dispose(tensors);
      }
    };
  }
}

async function values({compute, plain: reference, ...one}: OperationCase, tensors: Tensor[]): Promise<Deviation[]> {
  const wanted = reference(...drawn(one));
  const result = tf.tidy(() => tf.cast(compute(...tensors), 'float32'));
  demand(
    result.shape.join() === wanted.shape.join(),
    `its shape is [${result.shape.join()}], wanted [${wanted.shape.join()}]`,
  );
  return [compareArrays('values', await read(result), wanted.data, one.tolerance.values, floor)];
}

async function firstOrder(one: OperationCase, tensors: Tensor[]): Promise<Deviation[]> {
  const inputs = drawn(one);
  const got = await Promise.all(tf.tidy(() => tf.grads(objective(one))(tensors)).map(read));
  const {gradients: bound} = one.tolerance;
  if (one.directions === undefined) {
    const wanted = gradients(plainObjective(one), inputs);
    return wanted.map(({data}, i) => compareArrays(`gradient of input ${i}`, got[i]!, data, bound, floor));
  }
  const rng = new Rng(one.title).fork('directions');
  return Array.from({length: one.directions}, (_, k) => {
    const direction = inputs.map(({shape}, i) => plain(shape, rng.fork(k, i).normal(sizeOf(shape))));
    const products = direction.flatMap(({data}, i) => [...data].map((value, j) => value * got[i]![j]!));
    const slope = slopeAlong(plainObjective(one), inputs, direction);
    // a sum of random signs
    const scale = Math.max(Math.sqrt(products.reduce((sum, value) => sum + value * value, 0)), Math.abs(slope));
    return {
      what: `gradient along direction ${k}`,
      value: Math.abs(products.reduce((a, b) => a + b, 0) - slope) / scale,
      bound,
    };
  });
}

async function secondOrder(one: OperationCase, tensors: Tensor[]): Promise<Deviation[]> {
  const penalised = one.penalised ?? tensors.map((_, i) => i);
  const penalty = (...xs: Tensor[]): Scalar => {
    // gradients are computed for the penalised inputs only: a critic's images, but not its filters
    const slopes = tf.grads((...chosen: Tensor[]) =>
      objective(one)(...xs.map((x, i) => chosen[penalised.indexOf(i)] ?? x)),
    )(penalised.map((i) => xs[i]!));
    return tf.mul(tf.addN(slopes.map((gradient) => tf.sum(tf.square(gradient)))), 0.5);
  };
  const got = await Promise.all(tf.tidy(() => tf.grads(penalty)(tensors)).map(read));
  const wanted = gradientsOfPenalty(plainObjective(one), drawn(one), penalised);
  return wanted.map(({data}, i) =>
    compareArrays(`second-order gradient of input ${i}`, got[i]!, data, one.tolerance.secondOrder, floor),
  );
}

/** sum(w y + y^2 / 2) of the operation's result y: the square gives linear operations a second derivative, too. */
function objective(one: OperationCase): (...tensors: Tensor[]) => Scalar {
  return (...tensors) => {
    const y = one.compute(...tensors);
    const w = tf.tensor(weights(one, y.size), y.shape);
    return tf.sum(tf.add(tf.mul(w, y), tf.mul(tf.square(y), 0.5)));
  };
}

function plainObjective(one: OperationCase): Objective {
  let w: Float32Array | undefined;
  return (...inputs) => {
    const {data} = one.plain(...inputs);
    w ??= weights(one, data.length);
    let sum = 0;
    for (let i = 0; i < data.length; i++) sum += w[i]! * data[i]! + (data[i]! * data[i]!) / 2;
    return sum;
  };
}

const weights = ({title}: OperationCase, size: number): Float32Array =>
  new Rng(title).fork('weights').uniform(size, -1, 1);

/** The inputs of a case; the same each time, and numbers that float32 has. */
function drawn({title, inputs}: Pick<OperationCase, 'title' | 'inputs'>): Plain[] {
  return inputs.map(({shape, low = -1, high = 1, avoid = []}, i) => {
    const away = (value: number): number => {
      const near = avoid.find((point) => Math.abs(value - point) < margin);
      return near === undefined ? value : Math.fround(near + (value < near ? -margin : margin));
    };
    return plain(shape, new Rng(title).fork('input', i).uniform(sizeOf(shape), low, high).map(away));
  });
}

async function read(tensor: Tensor): Promise<Float32Array> {
  const data = (await tensor.data()) as Float32Array;
  tensor.dispose();
  return data;
}
