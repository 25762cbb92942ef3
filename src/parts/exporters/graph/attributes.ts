/** Attributes of kernels, in one spelling: tfjs takes numbers for lists, negative axes and paddings by name. */
import type {GraphAttribute, GraphNode, GraphSize} from '../../../plugin/index.js';

export function numbers(value: GraphAttribute): number[] {
  if (typeof value === 'number') return [value];
  if (Array.isArray(value) && value.every((each) => typeof each === 'number')) return value;
  throw new Unsupported('a size depends on the batch, but the format needs a number');
}

export const number = (value: GraphAttribute): number => numbers(value)[0]!;

/** Two numbers, one for each spatial axis. */
export function pair(value: GraphAttribute = 1): [number, number] {
  const [first, second = first] = numbers(value);
  return [first!, second!];
}

/** Axes from 0; all when there is no list. */
export const axes = (value: GraphAttribute, rank: number): number[] =>
  (value === undefined || value === null ? Array.from({length: rank}, (_, axis) => axis) : numbers(value)).map(
    (axis) => (axis + rank) % rank,
  );

export const axis = (value: GraphAttribute, rank: number): number => axes(value, rank)[0]!;

export const sizes = (value: GraphAttribute): GraphSize[] =>
  (Array.isArray(value) ? value : [value]).map((each) => {
    if (isSize(each)) return each;
    throw new Unsupported('a size is not a number');
  });

const isSize = (value: GraphAttribute): value is GraphSize =>
  typeof value === 'number' ||
  (typeof value === 'object' && value !== null && 'batch' in value && typeof value.batch === 'number');

/** Padding before and after, for one axis or all. */
export const pairs = (value: GraphAttribute): [number, number][] =>
  (value as GraphAttribute[]).map((each) => pair(each));

/** Zeros around the rows and the columns of an image, as tfjs computes them. */
export interface Padding {
  rows: [number, number];
  columns: [number, number];
}

/**
 * @param input sides of the input of the convolution (of the result, when it is transposed)
 * @param kernel sides of the window, dilated
 */
export function padding(
  {attrs}: GraphNode,
  input: readonly [number, number],
  kernel: readonly [number, number],
): Padding {
  const {pad, dataFormat = 'NHWC', dimRoundingMode = 'floor'} = attrs;
  if (dataFormat !== 'NHWC') throw new Unsupported('images with the channels first');
  if (dimRoundingMode !== 'floor') throw new Unsupported('sizes that are not rounded down');
  if (pad === 'valid') return {rows: [0, 0], columns: [0, 0]};
  if (pad === 'same') {
    const strides = pair(attrs['strides']);
    const [rows, columns] = [0, 1].map((i): [number, number] => {
      const total = Math.max(0, (Math.ceil(input[i]! / strides[i]!) - 1) * strides[i]! + kernel[i]! - input[i]!);
      return [Math.floor(total / 2), total - Math.floor(total / 2)];
    });
    return {rows: rows!, columns: columns!};
  }
  if (typeof pad === 'number') return {rows: [pad, pad], columns: [pad, pad]};
  const [, rows, columns] = pairs(pad);
  return {rows: rows!, columns: columns!};
}

/** A node that a format cannot have. */
export class Unsupported extends Error {}
