import type {TensorInfo} from '@tensorflow/tfjs-core';
import {dispatch, float, int, threadForEach, workgroupsFor, type Shader, type Uniforms} from '../dispatch.js';
import type {Context, Kernel} from '../kernel.js';

export type Shape = [batch: number, height: number, width: number, channels: number];

/** WGSL: the place of element i in images of that size: lane (a channel or four), column, row, image. */
export const placeIn = (height: string, width: string): string => `${threadForEach}
  if (i >= u32(uniforms.count)) { return; }
  let lane = i32(i) % uniforms.lanes;
  let pixel = i32(i) / uniforms.lanes;
  let column = pixel % uniforms.${width};
  let row = pixel / uniforms.${width} % uniforms.${height};
  let image = pixel / uniforms.${width} / uniforms.${height};`;

/** A shader from images to images: four channels at a time where there are a multiple of four. */
export function imageShader(
  name: string,
  {channels, code, more = []}: {channels: number; code: string; more?: Shader['uniforms']},
): Shader {
  const element = channels % 4 === 0 ? 'vec4f' : 'f32';
  const sizes = ['count', 'lanes', 'height', 'width', 'outHeight', 'outWidth'] as const;
  return {
    name: `${name} ${element}`,
    element,
    writes: ['y'],
    reads: ['x'],
    uniforms: [...sizes.map((size): [string, 'i32'] => [size, 'i32']), ...more],
    code: `alias Lane = ${element};\n${code}`,
  };
}

/** Runs such a shader; a thread for each lane of images of `threads` pixels. */
export function runOnImages(
  {backend}: Context,
  shader: Shader,
  {x, shape, pixels, uniforms = {}}: {x: TensorInfo; shape: Shape; pixels: number; uniforms?: Uniforms},
): TensorInfo {
  const lanes = shader.element === 'vec4f' ? shape[3] / 4 : shape[3];
  const y = backend.makeTensorInfo([...shape], 'float32');
  dispatch(backend, shader, {
    reads: [x],
    writes: [y],
    uniforms: {
      count: int(pixels * lanes),
      lanes: int(lanes),
      height: int(x.shape[1]!),
      width: int(x.shape[2]!),
      outHeight: int(shape[1]),
      outWidth: int(shape[2]),
      ...uniforms,
    },
    workgroups: workgroupsFor(pixels * lanes, backend),
  });
  return y;
}

const ofBlocks: Shader['uniforms'] = [
  ['factor', 'i32'],
  ['scale', 'f32'],
];

/** WGSL: runs `each` for each lane of the block of a small pixel; `at` is its index in the large array. */
const overBlock = (largeHeight: string, largeWidth: string, each: string): string => `
  let first = (image * uniforms.${largeHeight} + row * uniforms.factor) * uniforms.${largeWidth} + column * uniforms.factor;
  for (var a = 0; a < uniforms.factor; a++) {
    for (var b = 0; b < uniforms.factor; b++) {
      let at = (first + a * uniforms.${largeWidth} + b) * uniforms.lanes + lane;
      ${each}
    }
  }`;

const upsampleCode = `${placeIn('height', 'width')}
  let value = x[i] * uniforms.scale;
  ${overBlock('outHeight', 'outWidth', 'y[at] = value;')}
}`;

const blockSumCode = `${placeIn('outHeight', 'outWidth')}
  var sum = Lane(0);
  ${overBlock('height', 'width', 'sum += x[at];')}
  y[i] = sum * uniforms.scale;
}`;

/** Those of src/backends/fused/upsample.ts of gan. */
interface BlockAttrs {
  factor: number;
  scale: number;
}

/** @param side of the result */
const blocks = (name: string, code: string, side: (size: number, factor: number) => number): Kernel => ({
  name,
  compute(inputs, context) {
    const {x} = inputs as {x: TensorInfo};
    const {factor, scale} = context.attrs as unknown as BlockAttrs;
    const [n, h, w, channels] = x.shape as Shape;
    const shape: Shape = [n, side(h, factor), side(w, factor), channels];
    const pixels = n * Math.min(h * w, shape[1] * shape[2]); // of the smaller images
    const uniforms = {factor: int(factor), scale: float(scale)};
    return runOnImages(context, imageShader(name, {channels, code, more: ofBlocks}), {x, shape, pixels, uniforms});
  },
});

/** Those of src/backends/fused/fir.ts of gan. */
interface FirAttrs {
  up: number;
  down: number;
  padding: [top: number, bottom: number, left: number, right: number];
  taps: number[];
}

/** The filter is a part of the shader: a training has few of them. */
const firCode = (taps: readonly number[]): string => `
var<private> taps = array<f32, ${taps.length}>(${taps.map((tap) => `f32(${Math.fround(tap)})`).join(', ')});
/** The first tap that meets a pixel, and the pixel; the next are \`up\` taps and one pixel further. */
fn firstMeeting(out: i32, before: i32) -> vec2i {
  let at = out * uniforms.down - before;
  if (at <= 0) { return vec2i(-at, 0); }
  let pixel = (at + uniforms.up - 1) / uniforms.up;
  return vec2i(pixel * uniforms.up - at, pixel);
}
${placeIn('outHeight', 'outWidth')}
  let down = firstMeeting(row, uniforms.top);
  let across = firstMeeting(column, uniforms.left);
  var sum = Lane(0);
  var fromRow = down.y;
  for (var a = down.x; a < ${taps.length} && fromRow < uniforms.height; a += uniforms.up) {
    var line = Lane(0);
    var fromColumn = across.y;
    for (var b = across.x; b < ${taps.length} && fromColumn < uniforms.width; b += uniforms.up) {
      line += taps[b] * x[((image * uniforms.height + fromRow) * uniforms.width + fromColumn) * uniforms.lanes + lane];
      fromColumn++;
    }
    sum += taps[a] * line;
    fromRow++;
  }
  y[i] = sum;
}`;

const firResample: Kernel = {
  name: 'FirResample',
  compute(inputs, context) {
    const {x} = inputs as {x: TensorInfo};
    const {up, down, padding, taps} = context.attrs as unknown as FirAttrs;
    const [top, bottom, left, right] = padding;
    const [n, h, w, channels] = x.shape as Shape;
    const side = (size: number, zeros: number): number => Math.floor((size * up + zeros - taps.length) / down) + 1;
    const shape: Shape = [n, side(h, top + bottom), side(w, left + right), channels];
    const more = ['up', 'down', 'top', 'left'].map((name): [string, 'i32'] => [name, 'i32']);
    const shader = imageShader(`FirResample [${taps.join()}]`, {channels, code: firCode(taps), more});
    const uniforms = {up: int(up), down: int(down), top: int(top), left: int(left)};
    return runOnImages(context, shader, {x, shape, pixels: n * shape[1] * shape[2], uniforms});
  },
};

/** Resampling of images by whole factors: nearest upsampling, sums of blocks, and filters. */
export const resampleKernels: readonly Kernel[] = [
  blocks('UpsampleNearest', upsampleCode, (size, factor) => size * factor),
  blocks('BlockSum', blockSumCode, (size, factor) => size / factor),
  firResample,
];
