/** The optimiser's update of all parameters in one operation, and steps that are repeated from recordings. */
import {
  coefficientNames,
  updateAll,
  type UpdateCoefficients,
  type UpdateItem,
  type Updated,
} from '../../../backends/fused/update.js';
import {deviceCapture} from '../../../backends/capture/device-replay.js';
import {tf, type Tensor} from '../../../backends/tf.js';
import {Rng} from '../../../gan/rng.js';
import {compareArrays, type Deviation} from '../../golden/compare.js';
import {cannotRun, demand, type Check} from '../check.js';
import {smallTraining} from '../small-training.js';
import {tolerances} from '../tolerance.js';

interface Case {
  shape: number[];
  averages: ('grad_avg' | 'sqr_avg')[];
  row: UpdateCoefficients;
}

/** A plain step against the gradient, with the least arithmetic. */
export const sgd: UpdateCoefficients = {
  keep: 1,
  decay: 0,
  momentum: 0,
  dampening: 1,
  squareMomentum: 0,
  squareShare: 0,
  correction: 1,
  eps: 0,
  rate: 0.1,
  bound: Infinity,
};

/** Parameters of many sizes that share two rows, and with rows of their own. */
const cases: Case[] = [
  {shape: [3, 5], averages: [], row: sgd},
  {shape: [1], averages: ['grad_avg'], row: {...sgd, momentum: 0.9, keep: 0.99}},
  {
    shape: [4, 4, 3, 70],
    averages: ['sqr_avg'],
    row: {...sgd, squareMomentum: 0.99, squareShare: 0.01, eps: 1e-5, bound: 0.3},
  },
  {
    shape: [67],
    averages: ['grad_avg', 'sqr_avg'],
    row: {
      keep: 0.95,
      decay: 0,
      momentum: 0.9,
      dampening: 0.1,
      squareMomentum: 0.99,
      squareShare: 0.01,
      correction: 4,
      eps: 1e-3,
      rate: 0.02,
      bound: Infinity,
    },
  },
  {
    shape: [9, 2],
    averages: ['grad_avg', 'sqr_avg'],
    row: {
      keep: 1,
      decay: 0.2,
      momentum: 0.5,
      dampening: 1,
      squareMomentum: 0.9,
      squareShare: 0.1,
      correction: 1,
      eps: 1e-3,
      rate: 0.02,
      bound: 0.5,
    },
  },
  {shape: [20_000], averages: ['grad_avg'], row: {...sgd, momentum: 0.9, decay: 0.1}},
];

/** Value, gradient, a, s of a parameter; averages of squares are not negative. */
const numbersOf = ({shape}: Case, i: number): Float32Array[] =>
  [0, 1, 2, 3].map((k) => new Rng(10 * i + k).uniform(tf.util.sizeFromShape(shape), k === 3 ? 0 : -1, 1));

/** The formula of src/backends/fused/update.ts in double precision. */
function exactly({averages, row}: Case, [p, g, a, s]: Float32Array[]): number[][] {
  const slope = Array.from(g!, (gradient, k) => gradient + row.decay * p![k]!);
  const average = slope.map((value, k) => row.momentum * a![k]! + row.dampening * value);
  const squares = slope.map((value, k) => row.squareMomentum * s![k]! + row.squareShare * value ** 2);
  const moved = slope.map((value, k) => {
    const direction = averages.includes('grad_avg') ? average[k]! : value;
    const scale = averages.includes('sqr_avg') ? Math.sqrt(row.correction * squares[k]!) + row.eps : 1;
    return Math.min(Math.max(row.keep * p![k]! - (row.rate * direction) / scale, -row.bound), row.bound);
  });
  return [
    moved,
    ...(averages.includes('grad_avg') ? [average] : []),
    ...(averages.includes('sqr_avg') ? [squares] : []),
  ];
}

export const updates: Check[] = [
  {
    group: 'state',
    title: 'an optimiser updates all parameters, each by its own coefficients',
    async run(session) {
      await session.device();
      const deviations: Deviation[] = [];
      tf.engine().startScope();
      try {
        const inputs = cases.map(numbersOf);
        const items = cases.map(({shape, averages, row}, i): UpdateItem => {
          const [value, gradient, a, s] = inputs[i]!.map((numbers) => tf.tensor(numbers, shape)) as [
            Tensor,
            Tensor,
            Tensor,
            Tensor,
          ];
          const all: Record<string, Tensor> = {grad_avg: a, sqr_avg: s};
          return {
            value,
            gradient,
            averages: Object.fromEntries(averages.map((name) => [name, all[name]!])),
            set: cases.length - 1 - i,
            decays: row.decay !== 0,
            bounded: row.bound !== Infinity,
          };
        });
        const table = [...cases].reverse().flatMap(({row}) => coefficientNames.map((name) => row[name]));
        const kept: Updated[] = [];
        updateAll(items, tf.tensor(table, [cases.length, coefficientNames.length]), (updated) => {
          kept.push(updated);
          for (const tensor of [updated.value, ...Object.values(updated.averages)]) tf.keep(tensor);
        });
        for (const [i, one] of cases.entries()) {
          const results = [kept[i]!.value, ...Object.values(kept[i]!.averages)];
          for (const [k, wanted] of exactly(one, inputs[i]!).entries()) {
            deviations.push(
              compareArrays(`parameter ${i}, result ${k}`, await results[k]!.data(), wanted, tolerances.rounded.values),
            );
          }
          const before = (await items[i]!.value.data()) as Float32Array;
          demand(
            before.every((value, k) => value === inputs[i]![0]![k]),
            `parameter ${i} was written in place`,
          );
          tf.dispose(results);
        }
      } finally {
        tf.engine().endScope();
      }
      return deviations;
    },
  },
  {
    group: 'training',
    title: 'steps that are repeated from recordings give the same bits',
    async run(session) {
      const device = await session.device();
      const steps = 16;
      const train = async (capture: 'auto' | 'off') => {
        const {losses, norms, statistics, repeated, launched, refusals, dispose} = await smallTraining({
          steps,
          capture,
        });
        dispose();
        return {numbers: [...losses, norms.generator, norms.critic, statistics], repeated, launched, refusals};
      };
      const eager = await train('off');
      const before = device.memory();
      const captured = await train('auto');
      const after = device.memory();
      const refused = captured.refusals.join('; ');
      if (deviceCapture()) {
        demand(refused === '', `the device captures steps, but not all of these: ${refused}`);
        demand(captured.launched > 0, 'the device launched none of the steps that it captured');
      }
      if (captured.repeated === 0) cannotRun(`no step can be repeated here: ${refused}`);
      demand(
        captured.numbers.every((value, i) => value === eager.numbers[i]),
        `losses, norms and running statistics are ${captured.numbers.join(', ')} in place of ${eager.numbers.join(', ')}`,
      );
      demand(
        after.tensors === before.tensors && after.bytes <= before.bytes,
        `${after.tensors - before.tensors} tensors and ${after.bytes - before.bytes} bytes are left`,
      );
      return [];
    },
  },
];
