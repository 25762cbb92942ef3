/** Steps of the optimisers, by a backend's kernel or by the composition, against their formulas in float64. */
import {tf} from '../../../backends/tf.js';
import {Parameter} from '../../../gan/module.js';
import type {OptimizerFactory} from '../../../gan/optim/optimizer.js';
import {adam, rmsProp, sgd} from '../../../gan/optim/rules.js';
import {Rng} from '../../../gan/rng.js';
import {compareArrays} from '../../golden/compare.js';
import type {Check} from '../check.js';
import {tolerances} from '../tolerance.js';

const [steps, lr, wd] = [3, 0.01, 0.1];
/** One that is no whole number of vectors, and one that is more than a workgroup's. */
const shapes = [[3, 3, 2, 5], [2003]];

/**
 * The amount that a step, numbered from 1, subtracts from an element besides weight decay. `memory` belongs to the
 * element and starts at 0.
 */
type Formula = (gradient: number, step: number, memory: {average: number; square: number}) => number;

interface Rule {
  title: string;
  factory: OptimizerFactory;
  formula: Formula;
}

const rules: Rule[] = [
  {
    title: 'SGD with momentum and weight decay',
    factory: sgd({mom: 0.9, wd}),
    formula: (g, _, m) => (m.average = 0.9 * m.average + g),
  },
  {
    title: 'RMSProp with weight decay',
    factory: rmsProp({sqrMom: 0.9, eps: 1e-6, wd}),
    formula(g, _, m) {
      m.square = 0.9 * m.square + 0.1 * g * g;
      return g / (Math.sqrt(m.square) + 1e-6);
    },
  },
  {
    title: 'Adam with weight decay',
    factory: adam({mom: 0.9, sqrMom: 0.99, eps: 1e-5, wd}),
    formula(g, step, m) {
      m.average = 0.9 * m.average + 0.1 * g;
      m.square = 0.99 * m.square + 0.01 * g * g;
      return m.average / (1 - 0.9 ** step) / (Math.sqrt(m.square / (1 - 0.99 ** step)) + 1e-5);
    },
  },
];

/** The values of a parameter after all steps. */
function exact(start: Float32Array, gradients: readonly Float32Array[], formula: Formula): Float64Array {
  return Float64Array.from(start, (value, i) => {
    const memory = {average: 0, square: 0};
    return gradients.reduce(
      (now, gradient, k) => now * (1 - lr * wd) - lr * formula(gradient[i]!, k + 1, memory),
      value,
    );
  });
}

export const optimizers: Check[] = rules.map(({title, factory, formula}) => ({
  group: 'training',
  title: `${title}: ${steps} steps`,
  async run(session) {
    await session.device();
    const rng = new Rng(title);
    const values = shapes.map((shape, i) => rng.fork('values', i).uniform(tf.util.sizeFromShape(shape), -1, 1));
    const gradients = shapes.map((shape, i) =>
      Array.from({length: steps}, (_, k) => rng.fork('gradients', i, k).uniform(tf.util.sizeFromShape(shape), -1, 1)),
    );
    const parameters = shapes.map((shape, i) => new Parameter(values[i]!.slice(), shape));
    const optimizer = factory([parameters], lr);
    try {
      for (let k = 0; k < steps; k++) {
        const tensors = new Map(
          parameters.map((parameter, i) => [parameter, tf.tensor(gradients[i]![k]!, parameter.shape)]),
        );
        optimizer.step(tensors);
        tf.dispose([...tensors.values()]);
      }
      const results = await Promise.all(parameters.map(async ({variable}) => (await variable.data()) as Float32Array));
      return results.map((result, i) =>
        compareArrays(`parameter ${i}`, result, exact(values[i]!, gradients[i]!, formula), tolerances.sum.values),
      );
    } finally {
      optimizer.dispose();
      for (const {variable} of parameters) variable.dispose();
    }
  },
}));
