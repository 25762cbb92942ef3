import {Conv2D} from './convolution';
import {FilterTaps} from './filter-taps';
import {operandA, operandB, result} from './gemm-chunks';
import {gemm} from './gemm';
import {Job} from './job';
import {Matrix} from './matrix';
import {PatchesByPosition} from './patches-by-position';
import {Patches} from './patches';
import {Pool} from './pool';

/** y[position, outChannel] = patches(x)[position, tap] * filter[tap, outChannel]. */
export function conv2d(conv: Conv2D, x: usize, filter: usize, y: usize, pool: Pool): void {
  conv.patches(operandA<Patches>(pool), x);
  operandB<Matrix>(pool).set(filter, 1, conv.outChannels);
  result(pool).setMatrix(y, conv.outChannels << 2);
  gemm(pool, Job.MultiplyPositions, Job.PackMatrix, conv.positions, conv.outChannels, conv.patchSize);
}

/** dFilter[tap, outChannel] = patches(x)^T [tap, position] * dy[position, outChannel]. */
export function conv2dBackpropFilter(conv: Conv2D, x: usize, dy: usize, dFilter: usize, pool: Pool): void {
  conv.patches(operandA<Patches>(pool), x);
  operandB<Matrix>(pool).set(dy, 1, conv.outChannels);
  result(pool).setMatrix(dFilter, conv.outChannels << 2);
  gemm(pool, Job.MultiplyTaps, Job.PackMatrix, conv.patchSize, conv.outChannels, conv.positions);
}

/**
 * Gradient of the input, which is also the forward pass of a transposed convolution. Pixels whose distance is a
 * multiple
 * of the stride meet the same taps, so each of the strideY * strideX phases is a product without gaps:
 * dx[pixel of the phase, inChannel] = patches(dy)[pixel, (tap, outChannel)] * filter[(tap, outChannel), inChannel].
 * Dilation 1 only, as in tfjs.
 */
export function conv2dBackpropInput(conv: Conv2D, dy: usize, filter: usize, dx: usize, pool: Pool): void {
  for (let y = 0; y < min(conv.strideY, conv.inHeight); y++) {
    for (let x = 0; x < min(conv.strideX, conv.inWidth); x++) phase(conv, y, x, dy, filter, dx, pool);
  }
}

/** The pixels (y + i * strideY, x + j * strideX). */
function phase(conv: Conv2D, y: i32, x: i32, dy: usize, filter: usize, dx: usize, pool: Pool): void {
  // Pixel y meets tap t at the output row (y + padTop - t) / strideY, hence the taps tapY, tapY + strideY, ...
  const tapY = (y + conv.padTop) % conv.strideY;
  const tapX = (x + conv.padLeft) % conv.strideX;
  const tapsY = countFrom(tapY, conv.filterHeight, conv.strideY);
  const tapsX = countFrom(tapX, conv.filterWidth, conv.strideX);
  const height = countFrom(y, conv.inHeight, conv.strideY);
  const width = countFrom(x, conv.inWidth, conv.strideX);

  const patches = operandA<PatchesByPosition>(pool);
  patches.data = dy;
  patches.imageHeight = conv.outHeight;
  patches.imageWidth = conv.outWidth;
  patches.channels = conv.outChannels;
  patches.height = height;
  patches.width = width;
  patches.strideY = 1;
  patches.strideX = 1;
  patches.originY = (y + conv.padTop) / conv.strideY;
  patches.originX = (x + conv.padLeft) / conv.strideX;
  patches.tapsX = tapsX;
  patches.stepY = -1;
  patches.stepX = -1;

  const taps = operandB<FilterTaps>(pool);
  taps.data = filter;
  taps.width = conv.filterWidth;
  taps.inChannels = conv.inChannels;
  taps.outChannels = conv.outChannels;
  taps.originY = tapY;
  taps.originX = tapX;
  taps.strideY = conv.strideY;
  taps.strideX = conv.strideX;
  taps.tapsX = tapsX;

  const pixelBytes = conv.inChannels << 2;
  const rowBytes = conv.inWidth * pixelBytes;
  result(pool).setGrid(
    dx + y * rowBytes + x * pixelBytes, height, width,
    conv.inHeight * rowBytes, conv.strideY * rowBytes, conv.strideX * pixelBytes,
  );
  gemm(
    pool, Job.MultiplyPositions, Job.PackTaps,
    conv.batch * height * width, conv.inChannels, tapsY * tapsX * conv.outChannels,
  );
}

/** How many of first, first + stride, ... are below `end`. */
@inline
function countFrom(first: i32, end: i32, stride: i32): i32 {
  return first < end ? (end - first + stride - 1) / stride : 0;
}
