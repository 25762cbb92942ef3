import type {BinaryInputs, TensorInfo} from '@tensorflow/tfjs-core';
import type {Gpu, GpuDtype, KernelSource, Turned} from '../gpu.js';
import {pointer} from './args.js';
import {toType} from './cast.js';
import {forEach} from './geometry.js';
import {kernel, result, sizeOf, view, type Context, type Kernel, type View} from './kernel.js';
import {source} from './source.js';
import {cTypes} from './unary.js';
import {broadcastStrides, joinAxes, walkArg} from './walk.js';

/** y = a variant of kernels/binary.cu of a and b, which are repeated to y's shape. */
export function combine({gpu}: Context, variant: KernelSource, a: View, b: View, y: View): void {
  const walk = joinAxes({sizes: [...y.shape], strides: [a, b].map(({shape}) => broadcastStrides(shape, y.shape))});
  forEach(gpu, variant, 'binary', sizeOf(y.shape), [pointer(a), pointer(b), pointer(y), walkArg(walk)], 4);
}

interface Binary {
  /** Expression of `a` and `b`, in C. */
  op: string;
  /** Types that it is computed in; others are cast to the first. */
  types: readonly GpuDtype[];
  /** Type of the result, where it is not that of the operands. */
  to?: GpuDtype;
  /** tfjs's names of the operands. */
  inputs?: readonly [string, string];
}

/** The order in which two tensors of one shape lie, or one beside a single number, where it is not that of tfjs. */
function orderOf(gpu: Gpu, tensors: readonly TensorInfo[]): Turned | undefined {
  const [a, b] = tensors as [TensorInfo, TensorInfo];
  if (isNumber(b) && b.shape.length <= a.shape.length) return gpu.turnedOf(a);
  if (isNumber(a) && a.shape.length <= b.shape.length) return gpu.turnedOf(b);
  const [ofA, ofB] = [gpu.turnedOf(a), gpu.turnedOf(b)];
  const alike = ofA && ofA.rows === ofB?.rows && ofA.columns === ofB.columns;
  return alike && a.shape.join() === b.shape.join() ? ofA : undefined;
}

const isNumber = ({shape}: TensorInfo): boolean => sizeOf(shape) === 1;

function binary(name: string, {op, types, to, inputs = ['a', 'b']}: Binary): Kernel {
  const variants = new Map<GpuDtype, KernelSource>(
    types.map((type) => {
      const macros = {IN: cTypes[type], OUT: cTypes[to ?? type], OP: op};
      return [type, source('binary', types.length > 1 ? `${name}-${type}` : name, macros)];
    }),
  );
  return kernel<BinaryInputs>(name, (given, _attrs, context) => {
    const {gpu} = context;
    const tensors = inputs.map((input) => given[input as keyof BinaryInputs]);
    // number by number it does not matter in which order both lie: the gradients of a filter are added as they are. A
    // result of another type than float32 lies in tfjs's order, as all do.
    const turned = (to ?? types[0]) === 'float32' ? orderOf(gpu, tensors) : undefined;
    const [first, second] = tensors.map((tensor) =>
      view(gpu, tensor, 'float', isNumber(tensor) ? undefined : turned),
    ) as [View, View];
    const type = first.dtype === second.dtype && variants.has(first.dtype) ? first.dtype : types[0]!;
    const [a, b] = [toType(context, first, type), toType(context, second, type)];
    const shape = context.tf.backend_util.assertAndGetBroadcastShape([...a.shape], [...b.shape]);
    const y = result(gpu, shape, to ?? type, 'float', turned);
    combine(context, variants.get(type)!, a, b, y);
    return y.info;
  });
}

const both = ['float32', 'int32'] as const;
const compared = {types: both, to: 'bool'} as const;
const logical = {types: ['bool']} as const;

/** Divisions of whole numbers round down, and a remainder has the sign of what is divided by, as in tfjs and Python. */
const floorDiv = 'floorOf(a, b)';
const remainder = 'remainderOf(a, b)';

/** NaN beats every number. */
export const binaryKernels: readonly Kernel[] = [
  binary('Add', {op: 'a + b', types: both}),
  binary('Sub', {op: 'a - b', types: both}),
  binary('Multiply', {op: 'a * b', types: both}),
  binary('RealDiv', {op: 'a / b', types: ['float32']}),
  binary('FloorDiv', {op: floorDiv, types: both, to: 'int32'}),
  binary('Mod', {op: remainder, types: both}),
  binary('Maximum', {op: 'a > b || a != a ? a : b', types: both}),
  binary('Minimum', {op: 'a < b || a != a ? a : b', types: both}),
  binary('SquaredDifference', {op: '(a - b) * (a - b)', types: both}),
  binary('Pow', {op: 'powerOf(a, b)', types: both}),
  binary('Atan2', {op: 'atan2f(a, b)', types: ['float32']}),
  binary('Prelu', {op: 'a < 0 ? a * b : a', types: ['float32'], inputs: ['x', 'alpha']}),
  binary('EluGrad', {op: 'b >= 0 ? a : a * (b + 1.f)', types: ['float32'], inputs: ['dy', 'y']}),
  binary('Equal', {op: 'a == b', ...compared}),
  binary('NotEqual', {op: 'a != b', ...compared}),
  binary('Greater', {op: 'a > b', ...compared}),
  binary('GreaterEqual', {op: 'a >= b', ...compared}),
  binary('Less', {op: 'a < b', ...compared}),
  binary('LessEqual', {op: 'a <= b', ...compared}),
  binary('LogicalAnd', {op: 'a != 0 && b != 0', ...logical}),
  binary('LogicalOr', {op: 'a != 0 || b != 0', ...logical}),
];
