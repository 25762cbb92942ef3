/** One image of a scattered convolution gradient. */
import {Conv2D} from './convolution';
import {PANEL} from './lanes';
import {Pool} from './pool';
import {Scratch} from './scratch';
import {multiplyTile} from './tiles';

@unmanaged
class Scatter {
  dy: usize;
  dx: usize;
  scratch: usize;
  scratchBytes: usize;
}

@inline
export function scatter(pool: Pool): Scatter {
  return changetype<Scatter>(pool.struct(0));
}

@inline
function convolution(pool: Pool): Conv2D {
  return changetype<Conv2D>(pool.struct(1));
}

/** Floats that one position adds, in whole panels. */
@inline
export function columnsOf(conv: Conv2D): i32 {
  return (conv.filterHeight * conv.filterWidth * conv.inChannels + PANEL - 1) / PANEL * PANEL;
}

@inline
export function imageBytes(conv: Conv2D): usize {
  return (<usize>(conv.outHeight * conv.outWidth * columnsOf(conv)) << 2) + 64;
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
        conv.outChannels, dy + <usize>i * rowBytes, rowBytes, 4, pool.packed + (<usize>(j * conv.outChannels) << 2),
        PANEL << 2,
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
      const from = added + <usize>(down * conv.outWidth + across) * addedBytes + <usize>(tapY * conv.filterWidth
        + tap) * pixelBytes;
      for (let c: usize = 0; c < pixelBytes; c += 4) store<f32>(dx + c, load<f32>(dx + c) + load<f32>(from + c));
    }
  }
}
