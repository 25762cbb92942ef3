import {long, longs, pointer} from './args.js';
import {forEach, shapeArg, teamArg, teamFor, threads} from './geometry.js';
import {kernel, result, scratch, sizeOf, view, type Kernel} from './kernel.js';
import {source} from './source.js';

const affine = source('affine-sample');
const colors = source('color-map');
const cuts = source('cut-out');

type Shape = readonly [batch: number, height: number, width: number, channels: number];

/** Those of src/backends/fused/affine-sample.ts of gan. */
interface AffineAttrs {
  height: number;
  width: number;
  outHeight: number;
  outWidth: number;
  outside: 'zero' | 'reflect';
}

/** @param sides height and width of the result */
const affineKernel = (
  name: string,
  input: 'x' | 'dy',
  entry: string,
  sides: (attrs: AffineAttrs) => readonly [number, number],
): Kernel =>
  kernel<Record<'x' | 'dy' | 'maps', unknown>, AffineAttrs>(name, (inputs, attrs, {gpu}) => {
    const [from, maps] = [view(gpu, inputs[input]), view(gpu, inputs.maps)];
    const [n, , , channels] = from.shape as Shape;
    const to = result(gpu, [n, ...sides(attrs), channels], 'float32');
    const {height, width, outHeight, outWidth, outside} = attrs;
    forEach(gpu, affine, entry, sizeOf(to.shape), [
      ...[from, maps, to].map(pointer),
      longs(n, height, width, outHeight, outWidth, channels, Number(outside === 'reflect')),
    ]);
    return to.info;
  });

/** See src/backends/fused/color-map.ts of gan. */
const colorMap = kernel<Record<'x' | 'matrices' | 'shifts' | 'means', unknown>>('ColorMap', (inputs, _attrs, {gpu}) => {
  const [x, matrices, shifts, means] = (['x', 'matrices', 'shifts', 'means'] as const).map((name) =>
    view(gpu, inputs[name]),
  );
  const [n, height, width, channels] = x!.shape as Shape;
  const y = result(gpu, x!.shape, 'float32');
  const mean = scratch(gpu, [n], 'float32');
  const shape = {outer: n, length: height * width * channels, inner: 1};
  const team = teamFor(shape, gpu.card, false);
  gpu.launch({
    source: colors,
    entry: 'imageMeans',
    grid: team.grid,
    block: [threads, 1, 1],
    args: [pointer(x!), pointer(mean), shapeArg(shape), teamArg(team)],
  });
  forEach(gpu, colors, 'colorMap', sizeOf(y.shape), [
    ...[x!, matrices!, shifts!, means!, mean, y].map(pointer),
    ...[n, height * width, channels].map(long),
  ]);
  return y.info;
});

/** See src/backends/fused/cut-out.ts of gan. */
const cutOut = kernel<Record<'x' | 'boxes', unknown>>('CutOut', (inputs, _attrs, {gpu}) => {
  const [x, boxes] = [view(gpu, inputs.x), view(gpu, inputs.boxes)];
  const y = result(gpu, x.shape, 'float32');
  forEach(gpu, cuts, 'cutOut', sizeOf(y.shape), [...[x, boxes, y].map(pointer), ...x.shape.map(long)]);
  return y.info;
});

/** What changes images on their way into a critic. */
export const augmentKernels: readonly Kernel[] = [
  affineKernel('AffineSample', 'x', 'sample', ({outHeight, outWidth}) => [outHeight, outWidth]),
  affineKernel('AffineSampleTranspose', 'dy', 'transposed', ({height, width}) => [height, width]),
  colorMap,
  cutOut,
];
