import type {TensorInfo} from '@tensorflow/tfjs-core';
import type {Heap} from '../heap.js';
import {kernel} from '../kernel.js';

/** What a line of the result takes from a line of x. */
interface Tap {
  from: number;
  weight: number;
}
/** The taps of each line of the result. */
type Lines = readonly Tap[][];

/** Images whose rows and columns are mixes of those of x (assembly/resample.ts). */
function resample(heap: Heap, x: TensorInfo, rows: Lines, columns: Lines): TensorInfo {
  const [batch = 1, height = 1, width = 1, channels = 1] = x.shape;
  const y = heap.output([batch, rows.length, columns.length, channels]);
  const tables = [table(rows), table(columns)];
  const [rowBytes, columnBytes] = tables.map(({length}) => length) as [number, number];
  const start = heap.buffer(rowBytes + columnBytes + heap.threadCount * width * channels * 4);
  tables.forEach((bytes, i) => heap.write(start + i * rowBytes, bytes));
  heap.native.resample(
    heap.address(x),
    heap.address(y),
    batch,
    height,
    width,
    rows.length,
    columns.length,
    channels,
    start,
    start + rowBytes,
    start + rowBytes + columnBytes,
    heap.pool,
  );
  return y;
}

/** Where the taps of each line begin, and where the last ones end; then all taps. */
function table(lines: Lines): Uint8Array {
  const taps = lines.flat();
  const words = new Int32Array(lines.length + 1 + 2 * taps.length);
  const weights = new Float32Array(words.buffer);
  lines.forEach((line, i) => (words[i + 1] = words[i]! + line.length));
  taps.forEach(({from, weight}, i) => {
    words[lines.length + 1 + 2 * i] = from;
    weights[lines.length + 2 + 2 * i] = weight;
  });
  return new Uint8Array(words.buffer);
}

/** The lines of the transpose: `size` lines are what the result has then. */
function transposed(lines: Lines, size: number): Lines {
  const turned: Tap[][] = Array.from({length: size}, () => []);
  lines.forEach((line, to) => line.forEach(({from, weight}) => turned[from]!.push({from: to, weight})));
  return turned;
}

const linesOf = (count: number, taps: (line: number) => Tap[]): Lines => Array.from({length: count}, (_, i) => taps(i));

interface BlockAttrs {
  factor: number;
  scale: number;
}

const upsampleNearest = kernel<{x: unknown}, BlockAttrs>('UpsampleNearest', ({x}, {factor, scale}, {heap}) => {
  const repeated = (size: number, weight: number): Lines =>
    linesOf(size * factor, (i) => [{from: Math.floor(i / factor), weight}]);
  return resample(heap, x, repeated(x.shape[1]!, 1), repeated(x.shape[2]!, scale));
});

const blockSum = kernel<{x: unknown}, BlockAttrs>('BlockSum', ({x}, {factor, scale}, {heap}) => {
  const summed = (size: number, weight: number): Lines =>
    linesOf(size / factor, (i) => Array.from({length: factor}, (_, k) => ({from: i * factor + k, weight})));
  return resample(heap, x, summed(x.shape[1]!, 1), summed(x.shape[2]!, scale));
});

interface FirAttrs {
  up: number;
  down: number;
  padding: [number, number, number, number];
  taps: number[];
}

/** The lines of src/backends/fused/fir.ts of gan. */
function filtered(size: number, before: number, after: number, {up, down, taps}: FirAttrs): Lines {
  const count = Math.floor((size * up + before + after - taps.length) / down) + 1;
  return linesOf(count, (line) =>
    taps.flatMap((weight, k) => {
      const at = line * down + k - before;
      return at >= 0 && at % up === 0 && at < size * up ? [{from: at / up, weight}] : [];
    }),
  );
}

const firResample = kernel<{x: unknown}, FirAttrs>('FirResample', ({x}, attrs, {heap}) => {
  const [top, bottom, left, right] = attrs.padding;
  return resample(heap, x, filtered(x.shape[1]!, top, bottom, attrs), filtered(x.shape[2]!, left, right, attrs));
});

interface ResizeAttrs {
  height: number;
  width: number;
}

/** The lines of src/backends/fused/bilinear.ts of gan. */
const interpolated = (size: number, count: number): Lines =>
  linesOf(count, (line) => {
    const at = Math.max(((line + 0.5) * size) / count - 0.5, 0);
    const from = Math.min(Math.floor(at), size - 1);
    const share = at - from;
    return share === 0 || from === size - 1
      ? [{from, weight: 1}]
      : [
          {from, weight: 1 - share},
          {from: from + 1, weight: share},
        ];
  });

const bilinearResize = kernel<{x: unknown}, ResizeAttrs>('BilinearResize', ({x}, {height, width}, {heap}) =>
  resample(heap, x, interpolated(x.shape[1]!, height), interpolated(x.shape[2]!, width)),
);

const bilinearResizeTranspose = kernel<{dy: unknown}, ResizeAttrs>(
  'BilinearResizeTranspose',
  ({dy}, {height, width}, {heap}) =>
    resample(
      heap,
      dy,
      transposed(interpolated(height, dy.shape[1]!), height),
      transposed(interpolated(width, dy.shape[2]!), width),
    ),
);

interface BoxFilterAttrs {
  kernelSize: number;
  reversed: boolean;
  scale: number;
  transposed: boolean;
}

/** Filters are images here, each tap a pixel of many channels (see src/backends/fused/box-filter.ts of gan). */
const boxFilter = kernel<{x: unknown}, BoxFilterAttrs>(
  'BoxFilter',
  ({x}, {kernelSize, reversed, scale, transposed: back}, {heap}) => {
    const [side = 1, , a = 1, b = 1] = x.shape;
    const sums = (weight: number): Lines =>
      linesOf(kernelSize + 1, (sum) => {
        const last = reversed ? kernelSize - sum : sum;
        return [last - 1, last].filter((tap) => tap >= 0 && tap < kernelSize).map((from) => ({from, weight}));
      });
    const [rows, columns] = [sums(1), sums(scale)].map((lines) => (back ? transposed(lines, kernelSize) : lines));
    const filter = {...x, shape: [1, side, side, a * b]};
    const {dataId, dtype} = resample(heap, filter, rows!, columns!);
    const to = rows!.length;
    return {dataId, dtype, shape: [to, to, a, b]};
  },
);

/** Images of another size; each is a table of taps for the same kernel. */
export const resampleKernels = [
  upsampleNearest,
  blockSum,
  firResample,
  bilinearResize,
  bilinearResizeTranspose,
  boxFilter,
];
