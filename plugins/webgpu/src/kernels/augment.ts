/** What changes images on their way into a critic. A thread collects one number: nothing is added by several. */
import type {TensorInfo} from '@tensorflow/tfjs-core';
import {dispatch, int, threadForEach, workgroupSize, workgroupsFor, type Shader, type Uniforms} from '../dispatch.js';
import type {Context, Kernel} from '../kernel.js';
import type {Shape} from './resample.js';

/** Those of src/backends/fused/affine-sample.ts of gan. */
interface AffineAttrs {
  height: number;
  width: number;
  outHeight: number;
  outWidth: number;
  outside: 'zero' | 'reflect';
}

const integers = (...names: string[]): Shader['uniforms'] => names.map((name): [string, 'i32'] => [name, 'i32']);

/** A shader with a thread for each of `count` numbers of y. */
const perNumber = (name: string, reads: string[], sizes: string[], code: string): Shader => ({
  name,
  element: 'f32',
  reads,
  writes: ['y'],
  uniforms: integers('count', ...sizes),
  code,
});

function run({backend}: Context, shader: Shader, reads: TensorInfo[], shape: number[], sizes: number[]): TensorInfo {
  const y = backend.makeTensorInfo(shape, 'float32');
  const count = shape.reduce((product, n) => product * n, 1);
  const values = [count, ...sizes];
  const uniforms: Uniforms = Object.fromEntries(shader.uniforms.map(([name], i) => [name, int(values[i]!)]));
  dispatch(backend, shader, {reads, writes: [y], uniforms, workgroups: workgroupsFor(count, backend)});
  return y;
}

const common = `
fn placeOf(map: i32, column: i32, row: i32) -> f32 {
  return maps[map] * f32(column) + maps[map + 1] * f32(row) + maps[map + 2];
}
/** Where in the image a pixel is, reflected into it or -1. */
fn pixelAt(pixel: i32, side: i32) -> i32 {
  if (pixel >= 0 && pixel < side) { return pixel; }
  if (uniforms.reflects == 0) { return -1; }
  if (side == 1) { return 0; }
  let period = 2 * (side - 1);
  let rest = pixel % period;
  let inPeriod = select(rest, rest + period, rest < 0);
  return select(period - inPeriod, inPeriod, inPeriod < side);
}
/** The pixel before a place, and how near the place is to the next. */
struct Between { before: i32, share: f32 }
fn between(at: f32) -> Between {
  let limited = clamp(at, -1e8, 1e8);
  let low = floor(limited);
  return Between(i32(low), limited - low);
}
fn shareOf(place: Between, pixel: i32, side: i32) -> f32 {
  return select(0.0, 1.0 - place.share, pixelAt(place.before, side) == pixel) + select(0.0, place.share, pixelAt(place.before + 1, side) == pixel);
}
`;

const affineSizes = ['height', 'width', 'outHeight', 'outWidth', 'channels', 'reflects'];

const sample = perNumber(
  'AffineSample',
  ['x', 'maps'],
  affineSizes,
  `${common}${threadForEach}
  if (i >= u32(uniforms.count)) { return; }
  let channel = i32(i) % uniforms.channels;
  let pixel = i32(i) / uniforms.channels;
  let column = pixel % uniforms.outWidth;
  let row = pixel / uniforms.outWidth % uniforms.outHeight;
  let image = pixel / uniforms.outWidth / uniforms.outHeight;
  let across = between(placeOf(image * 6, column, row));
  let down = between(placeOf(image * 6 + 3, column, row));
  var sum = 0.0;
  for (var a = 0; a < 2; a++) {
    let v = pixelAt(down.before + a, uniforms.height);
    for (var b = 0; b < 2; b++) {
      let h = pixelAt(across.before + b, uniforms.width);
      if (v < 0 || h < 0) { continue; }
      let share = select(1.0 - down.share, down.share, a == 1) * select(1.0 - across.share, across.share, b == 1);
      sum += share * x[((image * uniforms.height + v) * uniforms.width + h) * uniforms.channels + channel];
    }
  }
  y[i] = sum;
}`,
);

/**
 * Each pixel looks for the places that see it: along the output's axis on which columns move faster, near to the pixel
 * or one of its reflections, for each line of the other axis.
 */
const transposed = perNumber(
  'AffineSampleTranspose',
  ['dy', 'maps'],
  affineSizes,
  `${common}${threadForEach}
  if (i >= u32(uniforms.count)) { return; }
  let channel = i32(i) % uniforms.channels;
  let pixel = i32(i) / uniforms.channels;
  let width = uniforms.width;
  let h = pixel % width;
  let v = pixel / width % uniforms.height;
  let image = pixel / width / uniforms.height;
  let map = image * 6;
  let alongRows = abs(maps[map + 1]) > abs(maps[map]);
  let fast = select(maps[map], maps[map + 1], alongRows);
  let slow = select(maps[map + 1], maps[map], alongRows);
  let length = select(uniforms.outWidth, uniforms.outHeight, alongRows);
  let lines = select(uniforms.outHeight, uniforms.outWidth, alongRows);
  let reflects = uniforms.reflects != 0;
  let every = reflects && width == 1;
  let period = select(1, 2 * (width - 1), reflects && !every);
  var sum = 0.0;
  for (var line = 0; line < lines; line++) {
    let start = slow * f32(line) + maps[map + 2];
    let end = start + fast * f32(length - 1);
    let low = between(min(start, end) - 2.0).before;
    let high = between(max(start, end) + 2.0).before;
    let kinds = select(1, 2, reflects && h != 0 && h != width - 1);
    for (var kind = 0; kind < kinds; kind++) {
      var target_ = select(-h, h, kind == 0);
      if (reflects && !every) { target_ += ((low - target_) / period - 1) * period; }
      for (; every || target_ <= high; target_ += period) {
        if (every || target_ >= low) {
          var first = 0;
          var last = length - 1;
          if (fast != 0.0 && !every) {
            let a = (f32(target_) - 1.0 - start) / fast;
            let b = (f32(target_) + 1.0 - start) / fast;
            first = max(between(min(a, b) - 1.0).before, 0);
            last = min(between(max(a, b) + 1.0).before + 1, length - 1);
          }
          for (var k = first; k <= last; k++) {
            let column = select(k, line, alongRows);
            let row = select(line, k, alongRows);
            let across = between(placeOf(map, column, row));
            let near = select(0.0, 1.0 - across.share, across.before == target_) + select(0.0, across.share, across.before + 1 == target_);
            let mine = select(near, 1.0, every);
            if (mine == 0.0) { continue; }
            let all = mine * shareOf(between(placeOf(map + 3, column, row)), v, uniforms.height);
            if (all != 0.0) { sum += all * dy[((image * uniforms.outHeight + row) * uniforms.outWidth + column) * uniforms.channels + channel]; }
          }
        }
        if (!reflects || every) { break; }
      }
    }
  }
  y[i] = sum;
}`,
);

/** @param sides height and width of the result */
const affine = (
  name: string,
  input: 'x' | 'dy',
  shader: Shader,
  sides: (attrs: AffineAttrs) => readonly [number, number],
): Kernel => ({
  name,
  compute(inputs, context) {
    const {[input]: from, maps} = inputs as Record<'x' | 'dy' | 'maps', TensorInfo>;
    const attrs = context.attrs as unknown as AffineAttrs;
    const {height, width, outHeight, outWidth, outside} = attrs;
    const [n, , , channels] = from.shape as Shape;
    const sizes = [height, width, outHeight, outWidth, channels, Number(outside === 'reflect')];
    return run(context, shader, [from, maps], [n, ...sides(attrs), channels], sizes);
  },
});

/** A workgroup for each image; `count` is the number of images. */
const imageMeans = perNumber(
  'ColorMap means',
  ['x'],
  ['length'],
  `
var<workgroup> sums: array<f32, ${workgroupSize}>;
@compute @workgroup_size(${workgroupSize})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let image = i32(group.y * groups.x + group.x);
  var sum = 0.0;
  if (image < uniforms.count) {
    for (var k = i32(local); k < uniforms.length; k += ${workgroupSize}) { sum += x[image * uniforms.length + k]; }
  }
  sums[local] = sum;
  for (var half = ${workgroupSize / 2}u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (local < half) { sums[local] += sums[local + half]; }
  }
  if (local == 0u && image < uniforms.count) { y[image] = sums[0] / f32(uniforms.length); }
}`,
);

const mapped = perNumber(
  'ColorMap',
  ['x', 'matrices', 'shifts', 'means', 'mean'],
  ['pixels', 'channels'],
  `${threadForEach}
  if (i >= u32(uniforms.count)) { return; }
  let channels = uniforms.channels;
  let k = i32(i) % channels;
  let pixel = i32(i) / channels;
  let image = pixel / uniforms.pixels;
  var sum = 0.0;
  for (var l = 0; l < channels; l++) { sum += x[pixel * channels + l] * matrices[(image * channels + l) * channels + k]; }
  y[i] = sum + (shifts[image * channels + k] + mean[image] * means[image]);
}`,
);

/** See src/backends/fused/color-map.ts of gan. */
const colorMap: Kernel = {
  name: 'ColorMap',
  compute(inputs, context) {
    const {x, matrices, shifts, means} = inputs as Record<'x' | 'matrices' | 'shifts' | 'means', TensorInfo>;
    const [n, height, width, channels] = x.shape as Shape;
    const {backend} = context;
    const mean = backend.makeTensorInfo([n], 'float32');
    dispatch(backend, imageMeans, {
      reads: [x],
      writes: [mean],
      uniforms: {count: int(n), length: int(height * width * channels)},
      workgroups: workgroupsFor(n * workgroupSize, backend),
    });
    const y = run(context, mapped, [x, matrices, shifts, means, mean], x.shape, [height * width, channels]);
    backend.disposeData(mean.dataId);
    return y;
  },
};

const cut = perNumber(
  'CutOut',
  ['x', 'boxes'],
  ['height', 'width', 'channels'],
  `${threadForEach}
  if (i >= u32(uniforms.count)) { return; }
  let pixel = i32(i) / uniforms.channels;
  let column = f32(pixel % uniforms.width);
  let row = f32(pixel / uniforms.width % uniforms.height);
  let box = pixel / uniforms.width / uniforms.height * 4;
  let inside = row >= boxes[box] && row < boxes[box + 2] && column >= boxes[box + 1] && column < boxes[box + 3];
  y[i] = select(x[i], 0.0, inside);
}`,
);

/** See src/backends/fused/cut-out.ts of gan. */
const cutOut: Kernel = {
  name: 'CutOut',
  compute(inputs, context) {
    const {x, boxes} = inputs as Record<'x' | 'boxes', TensorInfo>;
    return run(context, cut, [x, boxes], x.shape, x.shape.slice(1));
  },
};

export const augmentKernels: readonly Kernel[] = [
  affine('AffineSample', 'x', sample, ({outHeight, outWidth}) => [outHeight, outWidth]),
  affine('AffineSampleTranspose', 'dy', transposed, ({height, width}) => [height, width]),
  colorMap,
  cutOut,
];
