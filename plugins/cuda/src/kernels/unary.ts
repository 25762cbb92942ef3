import type {ClipByValueAttrs, LeakyReluAttrs, StepAttrs, UnaryInputs} from '@tensorflow/tfjs-core';
import type {GpuDtype, KernelSource} from '../gpu.js';
import {float, long, pointer} from './args.js';
import {toType} from './cast.js';
import {forEach} from './geometry.js';
import {kernel, result, sizeOf, view, type Context, type Kernel, type View} from './kernel.js';
import {source} from './source.js';

/** Types of C for those of tensors. */
export const cTypes = {float32: 'float', int32: 'int', bool: 'u8'} as const satisfies Record<GpuDtype, string>;

/** y = a variant of kernels/unary.cu of x. */
export function map({gpu}: Context, variant: KernelSource, x: View, y: View, p = 0, q = 0): void {
  const count = sizeOf(x.shape);
  forEach(gpu, variant, 'unary', count, [pointer(x), pointer(y), long(count), float(p), float(q)], 4);
}

interface Unary {
  /** Expression of `x`, `p` and `q`, in C. */
  op: string;
  /** Types that it is computed in; others are cast to the first. Default float32 alone. */
  types?: readonly ('float32' | 'int32')[];
  /** Type of the result, where it is not that of x. */
  to?: GpuDtype;
  /** The attributes that are `p` and `q`. */
  numbers?: (attrs: Record<string, number>) => [p: number, q?: number];
}

function unary(name: string, {op, types = ['float32'], to, numbers = () => [0]}: Unary): Kernel {
  const variants = new Map<GpuDtype, KernelSource>(
    types.map((type) => {
      const macros = {IN: cTypes[type], OUT: cTypes[to ?? type], OP: op};
      return [type, source('unary', types.length > 1 ? `${name}-${type}` : name, macros)];
    }),
  );
  return kernel<UnaryInputs, Record<string, number>>(name, ({x}, attrs, context) => {
    const given = view(context.gpu, x);
    const input = variants.has(given.dtype) ? given : toType(context, given, types[0]!);
    const y = result(context.gpu, x.shape, to ?? input.dtype);
    map(context, variants.get(input.dtype)!, input, y, ...numbers(attrs));
    return y.info;
  });
}

const both = ['float32', 'int32'] as const;
const clip = 'x < (IN)p ? (IN)p : x > (IN)q ? (IN)q : x';

/** The constants of arXiv 1706.02515. */
const [seluScale, seluAlpha] = ['1.0507009873554805f', '1.6732632423543772f'];

/** NaN passes through all of them: a run that diverges has to be seen. */
export const unaryKernels: readonly Kernel[] = [
  unary('Abs', {op: 'x < 0 ? -x : x + (IN)0', types: both}),
  unary('Neg', {op: '-x', types: both}),
  unary('Square', {op: 'x * x', types: both}),
  unary('Sign', {op: 'x > 0 ? (IN)1 : x < 0 ? (IN)-1 : x', types: both}),
  unary('Relu', {op: 'x < 0 ? (IN)0 : x', types: both}),
  unary('Relu6', {op: 'x < 0 ? (IN)0 : x > 6 ? (IN)6 : x', types: both}),
  unary('ClipByValue', {
    op: clip,
    types: both,
    numbers: (attrs) => {
      const {clipValueMin, clipValueMax} = attrs as unknown as ClipByValueAttrs;
      return [clipValueMin, clipValueMax];
    },
  }),
  unary('LeakyRelu', {op: 'x < 0 ? x * p : x', numbers: (attrs) => [(attrs as unknown as LeakyReluAttrs).alpha]}),
  unary('Step', {op: 'x > 0 ? 1.f : x != x ? x : p', numbers: (attrs) => [(attrs as unknown as StepAttrs).alpha]}),
  unary('Elu', {op: 'x >= 0 ? x : expm1f(x)'}),
  unary('Selu', {op: `x >= 0 ? ${seluScale} * x : ${seluScale} * ${seluAlpha} * expm1f(x)`}),
  unary('Softplus', {op: '(x < 0 ? 0.f : x) + log1pf(expf(-fabsf(x)))'}),
  unary('Sigmoid', {op: '1.f / (1.f + expf(-x))'}),
  unary('Tanh', {op: 'tanhf(x)'}),
  unary('Exp', {op: 'expf(x)'}),
  unary('Expm1', {op: 'expm1f(x)'}),
  unary('Log', {op: 'logf(x)'}),
  unary('Log1p', {op: 'log1pf(x)'}),
  unary('Sqrt', {op: 'sqrtf(x)'}),
  unary('Rsqrt', {op: '1.f / sqrtf(x)'}),
  unary('Reciprocal', {op: '1.f / x'}),
  unary('Ceil', {op: 'ceilf(x)'}),
  unary('Floor', {op: 'floorf(x)'}),
  unary('Round', {op: 'rintf(x)'}), // to even
  unary('Erf', {op: 'erff(x)'}),
  unary('Sin', {op: 'sinf(x)'}),
  unary('Cos', {op: 'cosf(x)'}),
  unary('Tan', {op: 'tanf(x)'}),
  unary('Asin', {op: 'asinf(x)'}),
  unary('Acos', {op: 'acosf(x)'}),
  unary('Atan', {op: 'atanf(x)'}),
  unary('Sinh', {op: 'sinhf(x)'}),
  unary('Cosh', {op: 'coshf(x)'}),
  unary('Asinh', {op: 'asinhf(x)'}),
  unary('Acosh', {op: 'acoshf(x)'}),
  unary('Atanh', {op: 'atanhf(x)'}),
  unary('IsNan', {op: 'x != x', to: 'bool'}),
  unary('IsFinite', {op: 'x - x == 0.f', to: 'bool'}),
  unary('IsInf', {op: 'x == x && x - x != 0.f', to: 'bool'}),
  unary('LogicalNot', {op: 'x == 0.f', to: 'bool'}),
];
