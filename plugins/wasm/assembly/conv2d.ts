import {FilterTaps} from './filter-taps';
import {gemm, operandA, operandB, result} from './gemm';
import {Job} from './jobs';
import {Matrix} from './matrix';
import {Patches} from './patches';
import {PatchesByPosition} from './patches-by-position';
import {Pool} from './pool';
import {Window} from './window';

/** A window whose taps are multiplied by a filter [height, width, inChannels, outChannels] and added up. */
@unmanaged
export class Conv2D extends Window {
  get positions(): i32 {
    return this.batch * this.outHeight * this.outWidth;
  }

  get patchSize(): i32 {
    return this.filterHeight * this.filterWidth * this.inChannels;
  }

  /** Describes the patches under the filter, one per output position. */
  patches(patches: Patches, x: usize): void {
    patches.data = x;
    patches.imageHeight = this.inHeight;
    patches.imageWidth = this.inWidth;
    patches.channels = this.inChannels;
    patches.height = this.outHeight;
    patches.width = this.outWidth;
    patches.strideY = this.strideY;
    patches.strideX = this.strideX;
    patches.originY = -this.padTop;
    patches.originX = -this.padLeft;
    patches.tapsX = this.filterWidth;
    patches.stepY = this.dilationY;
    patches.stepX = this.dilationX;
  }
}

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
 * Gradient of the input, which is also the forward pass of a transposed convolution. Pixels whose distance is a multiple
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
