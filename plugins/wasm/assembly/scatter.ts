/**
 * Gradient of a convolution's input, which is also a transposed convolution, for few input channels, such as the last layer of
 * a generator: one product without gaps gives what every output position adds under each tap, and each pixel collects its
 * share. One image at a time, so that what lies in between stays in the cache.
 */
import {Conv2D} from './conv2d';
import {Job} from './jobs';
import {PANEL} from './lanes';
import {Matrix} from './matrix';
import {parallel, PACKED_FLOATS, Pool} from './pool';
import {Scratch} from './scratch';
import {multiplyTile} from './tiles';

/** Channels from which a product for each phase is as good. */
const MANY: i32 = 8;

@unmanaged
class Scatter {
  dy: usize;
  dx: usize;
  scratch: usize;
  scratchBytes: usize;
}

@inline
function scatter(pool: Pool): Scatter {
  return changetype<Scatter>(pool.struct(0));
}
@inline
function convolution(pool: Pool): Conv2D {
  return changetype<Conv2D>(pool.struct(1));
}

/** Floats that one position adds, in whole panels. */
@inline
function columnsOf(conv: Conv2D): i32 {
  return (conv.filterHeight * conv.filterWidth * conv.inChannels + PANEL - 1) / PANEL * PANEL;
}

@inline
function imageBytes(conv: Conv2D): usize {
  return (<usize>(conv.outHeight * conv.outWidth * columnsOf(conv)) << 2) + 64;
}

/** Bytes of the buffer that `scatterBackpropInput` needs; 0 where another way is better. */
export function scatterBytes(conv: Conv2D, threads: i32): usize {
  if (conv.inChannels >= MANY || (conv.outHeight * conv.outWidth) % 4 != 0) return 0;
  if (columnsOf(conv) * conv.outChannels > PACKED_FLOATS) return 0;
  return <usize>threads * imageBytes(conv);
}

export function scatterBackpropInput(conv: Conv2D, dy: usize, filter: usize, dx: usize, buffer: usize, pool: Pool): void {
  const s = scatter(pool);
  s.dy = dy;
  s.dx = dx;
  s.scratch = buffer;
  s.scratchBytes = imageBytes(conv);
  memory.copy(pool.struct(1), changetype<usize>(conv), offsetof<Conv2D>());
  const columns = conv.filterHeight * conv.filterWidth * conv.inChannels;
  const matrix = changetype<Matrix>(pool.struct(2));
  matrix.set(filter, conv.outChannels, 1);
  matrix.pack(pool.packed, conv.outChannels, 0, columns, 0, conv.outChannels, PANEL, pool.scratch(0).zeros);
  parallel(pool, Job.Scatter, conv.batch, false);
}

/** One image. */
export function scatterChunk(image: i32, pool: Pool, scratch: Scratch): void {
  const s = scatter(pool);
  const conv = convolution(pool);
  const columns = columnsOf(conv);
  const positions = conv.outHeight * conv.outWidth;
  const added = s.scratch + <usize>scratch.thread * s.scratchBytes;
  const rowBytes = <usize>conv.outChannels << 2;
  const addedBytes = <usize>columns << 2;
  const dy = s.dy + <usize>(image * positions) * rowBytes;
  for (let i = 0; i < positions; i += 4) {
    for (let j = 0; j < columns; j += PANEL) {
      multiplyTile(
        conv.outChannels, dy + <usize>i * rowBytes, rowBytes, 4, pool.packed + (<usize>(j * conv.outChannels) << 2), PANEL << 2,
        added + <usize>i * addedBytes + (<usize>j << 2), addedBytes, false,
      );
    }
  }
  const pixelBytes = <usize>conv.inChannels << 2;
  let dx = s.dx + <usize>(image * conv.inHeight * conv.inWidth) * pixelBytes;
  for (let y = 0; y < conv.inHeight; y++) {
    for (let x = 0; x < conv.inWidth; x++, dx += pixelBytes) collect(conv, y, x, added, addedBytes, dx);
  }
}

/** Adds up what reaches pixel (y, x): position p lies under tap t where p * stride - pad + t is the pixel. */
function collect(conv: Conv2D, y: i32, x: i32, added: usize, addedBytes: usize, dx: usize): void {
  const pixelBytes = <usize>conv.inChannels << 2;
  memory.fill(dx, 0, pixelBytes);
  const tapX = (x + conv.padLeft) % conv.strideX;
  for (let tapY = (y + conv.padTop) % conv.strideY; tapY < conv.filterHeight; tapY += conv.strideY) {
    const down = (y + conv.padTop - tapY) / conv.strideY;
    if (<u32>down >= <u32>conv.outHeight || y + conv.padTop < tapY) continue;
    for (let tap = tapX; tap < conv.filterWidth; tap += conv.strideX) {
      const across = (x + conv.padLeft - tap) / conv.strideX;
      if (<u32>across >= <u32>conv.outWidth || x + conv.padLeft < tap) continue;
      const from = added + <usize>(down * conv.outWidth + across) * addedBytes + <usize>(tapY * conv.filterWidth + tap) * pixelBytes;
      for (let c: usize = 0; c < pixelBytes; c += 4) store<f32>(dx + c, load<f32>(dx + c) + load<f32>(from + c));
    }
  }
}
