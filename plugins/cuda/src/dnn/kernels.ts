import type {Data, Element, Gpu, KernelSource, Turned} from '../gpu.js';
import {forEach} from '../kernels/geometry.js';
import {source} from '../kernels/source.js';

const variant = (from: Element, to: Element): KernelSource => source('dnn', `${from} to ${to}`, {FROM: from, TO: to});

/** Keyed by source and destination. */
const variants = {
  float: {float: variant('float', 'float'), bf16: variant('float', 'bf16')},
  bf16: {float: variant('bf16', 'float'), bf16: variant('bf16', 'bf16')},
} as const;

/** The most blocks that a grid may have in y and z. */
const mostBlocks = 65_535;

/** to [batch, columns, rows] = from [batch, rows, columns]. */
export function transpose(gpu: Gpu, from: Data, to: Data, rows: number, columns: number, batch = 1): void {
  gpu.launch({
    source: variants[from.type][to.type],
    entry: 'turn',
    block: [32, 8, 1],
    grid: [Math.ceil(columns / 32), Math.min(Math.ceil(rows / 32), mostBlocks), Math.min(batch, mostBlocks)],
    args: [
      {type: 'pointer', value: from.address},
      {type: 'pointer', value: to.address},
      {type: 'u32', value: rows},
      {type: 'u32', value: columns},
      {type: 'u32', value: batch},
    ],
  });
}

/** to = from, element by element. */
export function convert(gpu: Gpu, from: Data, to: Data, count: number): void {
  forEach(
    gpu,
    variants[from.type][to.type],
    'convert',
    count,
    [
      {type: 'pointer', value: from.address},
      {type: 'pointer', value: to.address},
      {type: 'u64', value: BigInt(count)},
    ],
    4,
  );
}

/**
 * Copies `count` numbers that lie in one order to where they lie in another.
 * @param own the order of those of `from`, where it is not that of tfjs
 * @param wanted that of those of `to`, likewise; where there are both, they are the same
 */
export function rearrange(
  gpu: Gpu,
  from: Data,
  own: Turned | undefined,
  to: Data,
  wanted: Turned | undefined,
  count: number,
): void {
  if (own && !wanted) transpose(gpu, from, to, own.columns, own.rows);
  else if (wanted && !own) transpose(gpu, from, to, wanted.rows, wanted.columns);
  else convert(gpu, from, to, count);
}

/** Images [n, height, width, c]. */
export interface Images {
  n: number;
  height: number;
  width: number;
  c: number;
}

/** Pads images (positive offsets) or cuts their middle out (negative ones). */
export function shift(
  gpu: Gpu,
  from: Data,
  fromSize: Images,
  to: Data,
  toSize: Images,
  top: number,
  left: number,
): void {
  const {n, height, width, c} = toSize;
  forEach(gpu, variants[from.type][to.type], 'shift', n * height * width * c, [
    {type: 'pointer', value: from.address},
    {type: 'pointer', value: to.address},
    ...[n, fromSize.height, fromSize.width, height, width, c].map((value) => ({type: 'u32' as const, value})),
    {type: 'i32', value: top},
    {type: 'i32', value: left},
  ]);
}
