import {SIDE} from './lanes';
import {Minimal} from './minimal';
import {clearSide, copySide, transformData, transformData3} from './transforms';

/**
 * Transforms `channels` channels from `channel` on, of the phase, for the tiles from `tile` on. The i-th tile's numbers
 * for
 * point p go to `to + p * planeBytes + i * rowBytes`, one channel after the other.
 * @param tmp room for 72 times SIDE bytes
 */
export function transformTiles(
  c: Minimal, phase: i32, channel: i32, channels: i32, tile: i32, tiles: i32,
  to: usize, rowBytes: usize, planeBytes: usize, tmp: usize,
): void {
  const n = c.n;
  const step = c.stride;
  const phaseY = phase / step;
  const pixelBytes = <usize>c.channels << 2;
  const columnBytes = <usize>step * pixelBytes;
  const rowOfPixels = <usize>c.imageWidth * pixelBytes;
  const downBytes = <usize>step * rowOfPixels;
  const line = <usize>n * SIDE;
  const gathered = tmp + 36 * SIDE;
  for (let i = 0; i < tiles; i++, to += rowBytes) {
    const perImage = c.tilesDown * c.tilesAcross;
    const image = (tile + i) / perImage;
    const within = (tile + i) - image * perImage;
    const down = within / c.tilesAcross;
    const y = c.originY + phaseY + down * c.m * step;
    const x = c.originX + phase - phaseY * step + (within - down * c.tilesAcross) * c.m * step;
    const inside = y >= 0 && x >= 0 && y + (n - 1) * step < c.imageHeight && x + (n - 1) * step < c.imageWidth;
    const corner = c.image + <usize>((image * c.imageHeight + y) * c.imageWidth + x) * pixelBytes
      + (<usize>channel << 2);
    if (n == 3) {
      transformTile3(c, y, x, inside, corner, <usize>channels << 2, downBytes, columnBytes, gathered, to, planeBytes);
      continue;
    }
    for (let k: usize = 0; k < <usize>channels << 2; k += SIDE) {
      if (inside) {
        transformData(n, n, corner + k, downBytes, columnBytes, tmp, line, SIDE);
      } else {
        gather(c, y, x, corner + k, downBytes, columnBytes, gathered);
        transformData(n, n, gathered, line, SIDE, tmp, line, SIDE);
      }
      transformData(n, n, tmp, SIDE, line, to + k, planeBytes, <usize>n * planeBytes);
    }
  }
}

/** A tile of variant 3: `bytes` of channels. */
function transformTile3(
  c: Minimal, y: i32, x: i32, inside: bool, corner: usize, bytes: usize, downBytes: usize, columnBytes: usize,
  gathered: usize, to: usize, planeBytes: usize,
): void {
  if (inside) {
    for (let k: usize = 0; k < bytes; k += SIDE) {
      transformData3(corner + k, downBytes, columnBytes, to + k, planeBytes);
    }
  } else {
    for (let k: usize = 0; k < bytes; k += SIDE) {
      gather(c, y, x, corner + k, downBytes, columnBytes, gathered);
      transformData3(gathered, 3 * SIDE, SIDE, to + k, planeBytes);
    }
  }
}

/** Copies n x n pixels whose first is (y, x), with zeros outside the image. */
function gather(c: Minimal, y: i32, x: i32, corner: usize, downBytes: usize, columnBytes: usize, to: usize): void {
  for (let i = 0; i < c.n; i++) {
    const rowInside = <u32>(y + i * c.stride) < <u32>c.imageHeight;
    for (let j = 0; j < c.n; j++, to += SIDE) {
      const inside = rowInside && <u32>(x + j * c.stride) < <u32>c.imageWidth;
      if (inside) copySide(corner + <usize>i * downBytes + <usize>j * columnBytes, to);
      else clearSide(to);
    }
  }
}
