import type {ArgMaxAttrs, ArgMaxInputs, MaxAttrs, SumAttrs, SumInputs, TensorInfo} from '@tensorflow/tfjs-core';
import type {GpuDtype, KernelSource} from '../gpu.js';
import {float, pointer} from './args.js';
import {toType} from './cast.js';
import {columnsOfPieces, shapeArg, teamArg, teamFor, threads, type Shape3} from './geometry.js';
import {kernel, result, scratch, sizeOf, view, type Context, type Kernel, type View} from './kernel.js';
import {source} from './source.js';
import {cTypes} from './unary.js';

/** A reduction's source, and what it needs between two launches. */
interface Reducer {
  variant: KernelSource;
  /** 4-byte words of a VALUE. */
  words: 1 | 2;
}

/**
 * y [outer, inner] = the reduction of x [outer, length, inner]. Where lines are few and long, they are cut in pieces
 * first.
 */
function reduce({gpu}: Context, {variant, words}: Reducer, x: View, shape: Shape3, y: View, scale: number): void {
  const team = teamFor(shape, gpu.card, true);
  const block = [threads, 1, 1] as const;
  if (team.pieces === 1) {
    gpu.launch({
      source: variant,
      entry: 'reduce',
      grid: team.grid,
      block,
      args: [pointer(x), pointer(y), shapeArg(shape), teamArg(team), float(scale)],
    });
    return;
  }
  const pieces = {...shape, length: team.pieces};
  const partial = scratch(gpu, [shape.outer, team.pieces, shape.inner, words], 'float32');
  gpu.launch({
    source: variant,
    entry: 'pieces',
    grid: team.grid,
    block,
    args: [pointer(x), pointer(partial), shapeArg(shape), teamArg(team)],
  });
  const rest = teamFor(pieces, gpu.card, false, columnsOfPieces);
  gpu.launch({
    source: variant,
    entry: 'join',
    grid: rest.grid,
    block,
    args: [pointer(partial), pointer(y), shapeArg(pieces), teamArg(rest), float(scale)],
  });
}

/** Runs of axes that lie side by side, axes of one place put to either; the last run first. */
export function runsOf(shape: readonly number[], axes: readonly number[]): {first: number; last: number}[] {
  const runs: {first: number; last: number}[] = [];
  for (const axis of axes.filter((one) => shape[one] !== 1).sort((a, b) => b - a)) {
    const run = runs.at(-1);
    const between = run && shape.slice(axis + 1, run.first).every((n) => n === 1);
    if (run && between) run.first = axis;
    else runs.push({first: axis, last: axis});
  }
  return runs;
}

/** Reduces run by run: over axes that do not lie side by side, a reduction is one of reductions. */
function reduceAxes(
  context: Context,
  reducer: Reducer,
  x: View,
  axes: readonly number[],
  y: View,
  scale: number,
): void {
  const runs = runsOf(x.shape, axes);
  if (runs.length === 0) runs.push({first: 0, last: -1}); // nothing is put together, but the type may change
  let from = x;
  runs.forEach(({first, last}, i) => {
    const {shape} = from;
    const seen = {
      outer: sizeOf(shape.slice(0, first)),
      length: sizeOf(shape.slice(first, last + 1)),
      inner: sizeOf(shape.slice(last + 1)),
    };
    const end = i === runs.length - 1;
    const rest = shape.map((n, axis) => (axis >= first && axis <= last ? 1 : n));
    const to = end ? y : scratch(context.gpu, rest, y.dtype);
    reduce(context, reducer, from, seen, to, end ? scale : 1);
    from = {...to, shape: rest};
  });
}

/** How values are put together, in C. */
interface Rule {
  init: string;
  combine: string;
}
const smallest = {float: '(-__int_as_float(0x7f800000))', int: '(-2147483647 - 1)', u8: '0'};
const largest = {float: '__int_as_float(0x7f800000)', int: '2147483647', u8: '1'};

function reducer(name: string, type: GpuDtype, {init, combine}: Rule): Reducer {
  const C = cTypes[type];
  const macros = {
    IN: C,
    VALUE: C,
    OUT: C,
    'LOAD(x, row)': 'x',
    INIT: init,
    'COMBINE(a, b)': combine,
    'STORE(value, scale)': type === 'float32' ? '(value) * scale' : 'value',
  };
  return {variant: source('reduce', `${name}-${type}`, macros), words: 1};
}

/** tfjs calls the axes of a maximum otherwise. */
type Attrs = Partial<Pick<SumAttrs, 'axis'> & Pick<MaxAttrs, 'reductionIndices'>> & Pick<SumAttrs, 'keepDims'>;

function reduction(
  name: string,
  types: readonly GpuDtype[],
  rule: (type: 'float' | 'int' | 'u8') => Rule,
  mean = false,
): Kernel {
  const reducers = new Map<GpuDtype, Reducer>(types.map((type) => [type, reducer(name, type, rule(cTypes[type]))]));
  return kernel<SumInputs, Attrs>(name, ({x}, {reductionIndices, axis = reductionIndices, keepDims}, context) => {
    const given = view(context.gpu, x);
    const type = reducers.has(given.dtype) ? given.dtype : types[0]!;
    const {shape, axes} = reduced(context, x, axis!, keepDims);
    const y = result(context.gpu, shape, type);
    const scale = mean ? sizeOf(shape) / Math.max(sizeOf(x.shape), 1) : 1;
    reduceAxes(context, reducers.get(type)!, toType(context, given, type), axes, y, scale);
    return y.info;
  });
}

/** The shape of a reduction's result, and its axes. */
function reduced(
  {tf}: Context,
  x: TensorInfo,
  axis: number | number[],
  keepDims?: boolean,
): {shape: number[]; axes: number[]} {
  const axes = tf.util.parseAxisParam(axis, x.shape);
  const [shape] = tf.backend_util.computeOutAndReduceShapes(x.shape, axes);
  return {shape: keepDims ? tf.backend_util.expandShapeToKeepDim(shape, axes) : shape, axes};
}

/** The index of the greatest or smallest number; the first of equal ones. */
function argument(name: string, better: string): Kernel {
  const variants = new Map<GpuDtype, Reducer>(
    (['float32', 'int32'] as const).map((type) => {
      const C = cTypes[type];
      const macros = {
        ARGUMENT: '',
        IN: C,
        VALUE: 'Best',
        OUT: 'int',
        'LOAD(x, row)': '(Best{x, (int)row})',
        INIT: `(Best{(${C})0, -1})`,
        'BETTER(a, b)': better,
        'COMBINE(a, b)': 'better(a, b)',
        'STORE(value, scale)': 'value.row',
      };
      return [type, {variant: source('reduce', `${name}-${type}`, macros), words: 2}];
    }),
  );
  return kernel<ArgMaxInputs, ArgMaxAttrs>(name, ({x}, {axis}, context) => {
    const given = view(context.gpu, x);
    const input = variants.has(given.dtype) ? given : toType(context, given, 'int32');
    const {shape, axes} = reduced(context, x, axis);
    const [at = 0] = axes;
    const y = result(context.gpu, shape, 'int32');
    const seen = {outer: sizeOf(x.shape.slice(0, at)), length: x.shape[at]!, inner: sizeOf(x.shape.slice(at + 1))};
    reduce(context, variants.get(input.dtype)!, input, seen, y, 1);
    return y.info;
  });
}

const numbers = ['float32', 'int32'] as const;
const sum: Rule = {init: '0', combine: '(a) + (b)'};

/** NaN beats every number in a maximum or minimum. Sums of bools are whole numbers. */
export const reductionKernels: readonly Kernel[] = [
  reduction('Sum', ['int32', 'float32'], () => sum),
  reduction('Mean', ['float32'], () => sum, true),
  reduction('Prod', ['int32', 'float32'], () => ({init: '1', combine: '(a) * (b)'})),
  reduction('Max', [...numbers, 'bool'], (type) => ({
    init: smallest[type],
    combine: '(a) > (b) || (a) != (a) ? (a) : (b)',
  })),
  reduction('Min', [...numbers, 'bool'], (type) => ({
    init: largest[type],
    combine: '(a) < (b) || (a) != (a) ? (a) : (b)',
  })),
  reduction('All', ['bool'], () => ({init: '1', combine: '(u8)((a) && (b))'})),
  reduction('Any', ['bool'], () => ({init: '0', combine: '(u8)((a) || (b))'})),
  argument('ArgMax', 'a > b'),
  argument('ArgMin', 'a < b'),
];
