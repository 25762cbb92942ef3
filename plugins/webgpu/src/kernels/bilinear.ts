import type {TensorInfo} from '@tensorflow/tfjs-core';
import type {Context, Kernel} from '../kernel.js';
import {imageShader, placeIn, runOnImages, type Shape} from './resample.js';

/**
 * WGSL: the two pixels that a pixel of the result lies between, and how near it is to the second. It lies at (to + 1/2)
 * inSize / outSize - 1/2; in whole numbers, no digit is lost far from the first pixel.
 */
const between = `
struct Between { low: i32, high: i32, share: f32 }
fn between(to: i32, inSize: i32, outSize: i32) -> Between {
  let at = max((2 * to + 1) * inSize - outSize, 0);
  let low = at / (2 * outSize);
  return Between(low, min(low + 1, inSize - 1), f32(at % (2 * outSize)) / f32(2 * outSize));
}`;

const resizeCode = `${between}
fn pixelAt(image: i32, row: i32, column: i32, lane: i32) -> Lane {
  return x[((image * uniforms.height + row) * uniforms.width + column) * uniforms.lanes + lane];
}
${placeIn('outHeight', 'outWidth')}
  let down = between(row, uniforms.height, uniforms.outHeight);
  let across = between(column, uniforms.width, uniforms.outWidth);
  let top = mix(pixelAt(image, down.low, across.low, lane), pixelAt(image, down.low, across.high, lane), across.share);
  let bottom = mix(pixelAt(image, down.high, across.low, lane), pixelAt(image, down.high, across.high, lane), across.share);
  y[i] = mix(top, bottom, down.share);
}`;

/** Here x are the images that were resized to, and y those that were resized from. */
const transposeCode = `${between}
/** How much of a pixel there is in another of the resized images. */
fn weight(at: i32, to: i32, inSize: i32, outSize: i32) -> f32 {
  let b = between(to, inSize, outSize);
  return select(0.0, 1.0 - b.share, b.low == at) + select(0.0, b.share, b.high == at);
}
/** The resized pixels that a pixel may be in: those whose place is less than 1 away from it. */
fn seenBy(at: i32, inSize: i32, outSize: i32) -> vec2i {
  let begin = (2 * at - 1) * outSize - inSize;
  let end = (2 * at + 3) * outSize - inSize + 2 * inSize - 1;
  return vec2i(select(begin / (2 * inSize) + 1, 0, begin < 0), min(max(end, 0) / (2 * inSize), outSize));
}
${placeIn('outHeight', 'outWidth')}
  let rows = seenBy(row, uniforms.outHeight, uniforms.height);
  let columns = seenBy(column, uniforms.outWidth, uniforms.width);
  var sum = Lane(0);
  for (var a = rows.x; a < rows.y; a++) {
    var line = Lane(0);
    for (var b = columns.x; b < columns.y; b++) {
      line += weight(column, b, uniforms.outWidth, uniforms.width) * x[((image * uniforms.height + a) * uniforms.width + b) * uniforms.lanes + lane];
    }
    sum += weight(row, a, uniforms.outHeight, uniforms.height) * line;
  }
  y[i] = sum;
}`;

/** Products of sides that the shaders' whole numbers hold, four times. */
const most = 2 ** 29;

function resize(context: Context, name: string, code: string, x: TensorInfo): TensorInfo {
  const {height, width} = context.attrs as unknown as Record<'height' | 'width', number>;
  const [n, h, w, channels] = x.shape as Shape;
  if (h * height > most || w * width > most)
    throw new Error(`webgpu: cannot resize images of ${h} x ${w} to ${height} x ${width}: their sides are too long`);
  const shader = imageShader(name, {channels, code});
  return runOnImages(context, shader, {x, shape: [n, height, width, channels], pixels: n * height * width});
}

/**
 * Bilinear resizing with half-pixel centres, and its transpose (see src/backends/fused/bilinear.ts of gan). The
 * gradient of tfjs knows no half-pixel centres.
 */
export const bilinearKernels: readonly Kernel[] = [
  {
    name: 'BilinearResize',
    compute: (inputs, context) => resize(context, 'BilinearResize', resizeCode, (inputs as {x: TensorInfo}).x),
  },
  {
    name: 'BilinearResizeTranspose',
    compute: (inputs, context) =>
      resize(context, 'BilinearResizeTranspose', transposeCode, (inputs as {dy: TensorInfo}).dy),
  },
];
