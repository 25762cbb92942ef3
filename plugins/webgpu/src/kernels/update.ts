import type {TensorInfo} from '@tensorflow/tfjs-core';
import {dispatch, int, threadForEach, workgroupsFor, type Shader} from '../dispatch.js';
import type {Kernel} from '../kernel.js';
import {within} from './activation.js';

/** Optional parts of a parameter's update. */
interface Variant {
  /** It has the average of gradients, or of their squares. */
  average: boolean;
  square: boolean;
  /** Weight decay is added to the gradient. */
  decays: boolean;
  /** The new values are kept within a bound. */
  bounded: boolean;
}

/** Coefficients of a parameter, in the order of `coefficientNames` in src/backends/fused/update.ts of gan. */
const names = [
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
];

/**
 * The formula in src/backends/fused/update.ts of gan, line by line. It binds eight tensors at most, which every device
 * can.
 */
function updateShader({average, square, decays, bounded}: Variant): Shader {
  const averages = [...(average ? ['Average'] : []), ...(square ? ['Square'] : [])];
  return {
    name: ['OptimizerUpdate', ...averages, ...(decays ? ['Decay'] : []), ...(bounded ? ['Bound'] : [])].join(''),
    element: 'f32',
    writes: ['newValue', ...averages.map((name) => `new${name}`)],
    reads: ['coefficients', 'value', 'gradient', ...averages.map((name) => `old${name}`)],
    uniforms: [
      ['count', 'i32'],
      ['row', 'i32'],
    ],
    code: `${bounded ? within('f32') : ''}
fn c(index: i32) -> f32 { return coefficients[uniforms.row * ${names.length} + index]; }
${threadForEach}
  if (i >= u32(uniforms.count)) { return; }
  let slope = gradient[i]${decays ? ` + value[i] * ${coefficient('decay')}` : ''};
  var direction = slope;
  ${
    average
      ? `direction = oldAverage[i] * ${coefficient('momentum')} + slope * ${coefficient('dampening')};
  newAverage[i] = direction;`
      : ''
  }
  ${
    square
      ? `let squares = oldSquare[i] * ${coefficient('squareMomentum')} + slope * slope * ${coefficient('squareShare')};
  newSquare[i] = squares;
  direction = direction / (sqrt(squares * ${coefficient('correction')}) + ${coefficient('eps')});`
      : ''
  }
  let moved = value[i] * ${coefficient('keep')} - direction * ${coefficient('rate')};
  newValue[i] = ${bounded ? `within(moved, -${coefficient('bound')}, ${coefficient('bound')})` : 'moved'};
}`,
  };
}

const coefficient = (name: string): string => `c(${names.indexOf(name)})`;

/** An optimiser's step for a list of parameters, one shader for each: eight tensors are what a shader may bind. */
export const update: Kernel = {
  name: 'OptimizerUpdate',
  compute(given, {backend, attrs}) {
    const inputs = given as Readonly<Record<string, TensorInfo | undefined>>;
    const {sets, decays, bounded} = attrs as unknown as {sets: number[]; decays: boolean[]; bounded: boolean[]};
    return sets.flatMap((set, i) => {
      const [value, gradient, average, square] = ['value', 'gradient', 'grad_avg', 'sqr_avg'].map(
        (name) => inputs[`${name}${i}`],
      );
      const averages = [average, square].filter((tensor) => tensor !== undefined);
      const count = value!.shape.reduce((product, n) => product * n, 1);
      const results = [value!, ...averages].map(({shape}) => backend.makeTensorInfo(shape, 'float32'));
      const shader = updateShader({
        average: average !== undefined,
        square: square !== undefined,
        decays: decays[i]!,
        bounded: bounded[i]!,
      });
      dispatch(backend, shader, {
        reads: [inputs['coefficients']!, value!, gradient!, ...averages],
        writes: results,
        uniforms: {count: int(count), row: int(set)},
        workgroups: workgroupsFor(count, backend),
      });
      return results;
    });
  },
};
