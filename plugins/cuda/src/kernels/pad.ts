import type {MirrorPadAttrs, MirrorPadInputs, PadV2Attrs, PadV2Inputs, TensorInfo} from '@tensorflow/tfjs-core';
import type {KernelArg, KernelSource} from '../gpu.js';
import {int, longs, pointer} from './args.js';
import {forEach} from './geometry.js';
import {kernel, result, sizeOf, view, type Context, type Kernel, type View} from './kernel.js';
import {movers} from './select.js';
import {maxRank, padded, stridesOf} from './walk.js';

/** An axis that is not padded goes together with the one after it, whose places follow it without a gap. */
function joinUnpadded(
  shape: readonly number[],
  paddings: readonly (readonly [number, number])[],
): {sizes: number[]; pads: (readonly [number, number])[]} {
  const joined: {sizes: number[]; pads: (readonly [number, number])[]} = {sizes: [], pads: []};
  shape.forEach((n, axis) => {
    const [before, after] = paddings[axis]!;
    const last = joined.pads.at(-1);
    if (before === 0 && after === 0 && last?.[0] === 0 && last[1] === 0) joined.sizes[joined.sizes.length - 1]! *= n;
    else {
      joined.sizes.push(n);
      joined.pads.push([before, after]);
    }
  });
  if (joined.sizes.length > maxRank)
    throw new Error(
      `cuda: padding of ${joined.sizes.length} axes is not supported; at most ${maxRank} remain after joining`,
    );
  return joined.sizes.length > 0 ? joined : {sizes: [1], pads: [[0, 0]]};
}

function pad(
  {gpu}: Context,
  x: TensorInfo,
  paddings: readonly (readonly [number, number])[],
  variantOf: (x: View) => KernelSource,
  value: KernelArg,
): TensorInfo {
  const from = view(gpu, x);
  const y = result(
    gpu,
    x.shape.map((n, axis) => paddings[axis]![0] + n + paddings[axis]![1]),
    from.dtype,
  );
  const {sizes, pads} = joinUnpadded(x.shape, paddings);
  const wide = sizes.map((n, axis) => pads[axis]![0] + n + pads[axis]![1]);
  const fields = [
    padded(wide, 1),
    padded(sizes, 1),
    padded(stridesOf(sizes), 0),
    padded(
      pads.map(([before]) => before),
      0,
    ),
  ];
  forEach(gpu, variantOf(from), 'pad', sizeOf(wide), [
    pointer(from),
    pointer(y),
    value,
    longs(sizeOf(wide), sizes.length, ...fields.flat()),
  ]);
  return y.info;
}

const constant = movers('pad', {'INSIDE(at, size)': '((at) >= 0 && (at) < (size) ? (at) : -1)'}, 'constant-');
/** The border itself is not repeated. */
const reflect = movers(
  'pad',
  {'INSIDE(at, size)': '((at) < 0 ? -(at) : (at) >= (size) ? 2 * (size) - 2 - (at) : (at))'},
  'reflect-',
);
const symmetric = movers(
  'pad',
  {'INSIDE(at, size)': '((at) < 0 ? -(at) - 1 : (at) >= (size) ? 2 * (size) - 1 - (at) : (at))'},
  'symmetric-',
);

export const padKernels: readonly Kernel[] = [
  kernel<PadV2Inputs, PadV2Attrs>('PadV2', ({x}, {paddings, constantValue}, context) =>
    pad(context, x, paddings, constant, pattern(constantValue, view(context.gpu, x))),
  ),
  kernel<MirrorPadInputs, MirrorPadAttrs>('MirrorPad', ({x}, {paddings, mode}, context) =>
    pad(context, x, paddings, mode === 'reflect' ? reflect : symmetric, pattern(0, view(context.gpu, x))),
  ),
];

/** A number as the kernels that only move bits take it: u32 or u8. */
export function pattern(value: number, {dtype}: Pick<View, 'dtype'>): KernelArg {
  if (dtype === 'bool') return {type: 'struct', bytes: Uint8Array.of(value ? 1 : 0)};
  return int(dtype === 'int32' ? value | 0 : new Int32Array(Float32Array.of(value).buffer)[0]!);
}
