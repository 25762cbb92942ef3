import {lanesAt} from './pack';
import {Patches} from './patches';

/** Patches as an operand whose lanes are (tap down, tap across, channel) and whose depths are positions. */
@unmanaged
export class PatchesByTap extends Patches {
  pack(to: usize, panelDepths: i32, lane: i32, lanes: i32, depth: i32, depths: i32, width: i32, zeros: usize): void {
    const step = <usize>width << 2;
    const padded = (lanes + width - 1) / width * width;
    for (let l = 0; l < padded; l += 4) {
      const panel = lanesAt(to, l, panelDepths, width);
      const channel = (lane + l) % this.channels;
      if (channel + 4 <= this.channels && l + 4 <= lanes) {
        this.gather<v128>(panel, step, lane + l, depth, depths);
      } else {
        for (let i = 0; i < 4; i++) {
          const column = panel + (<usize>i << 2);
          if (l + i < lanes) this.gather<f32>(column, step, lane + l + i, depth, depths);
          else for (let d = 0; d < depths; d++) store<f32>(column + step * d, 0);
        }
      }
    }
  }

  /** One column of the matrix (or four neighbouring channels, `T` = v128) at `depths` positions from `depth` on. */
  private gather<T>(to: usize, step: usize, lane: i32, depth: i32, depths: i32): void {
    const tap = lane / this.channels;
    const tapY = tap / this.tapsX;
    const offsetX = this.originX + (tap - tapY * this.tapsX) * this.stepX;
    // Positions across whose pixel lies inside the image: from <= x < until.
    const from = min(max(ceilDiv(-offsetX, this.strideX), 0), this.width);
    const until = max(min(ceilDiv(this.imageWidth - offsetX, this.strideX), this.width), from);
    const pixelBytes = this.strideX * this.channels << 2;

    const row = depth / this.width;
    let x = depth - row * this.width;
    let image = row / this.height;
    let positionY = row - image * this.height;
    while (depths > 0) {
      const end = min(this.width, x + depths);
      depths -= end - x;
      const y = this.originY + positionY * this.strideY + tapY * this.stepY;
      if (<u32>y < <u32>this.imageHeight) {
        for (const stop = min(from, end); x < stop; x++, to += step) store<T>(to, zero<T>());
        const pixel = (image * this.imageHeight + y) * this.imageWidth + offsetX + x * this.strideX;
        let source = this.data + (<usize>(pixel * this.channels + lane - tap * this.channels) << 2);
        for (const stop = min(until, end); x < stop; x++, to += step, source += pixelBytes)
          store<T>(to, load<T>(source));
      }
      for (; x < end; x++, to += step) store<T>(to, zero<T>());
      x = 0;
      if (++positionY == this.height) {
        positionY = 0;
        image++;
      }
    }
  }
}

@inline
function zero<T>(): T {
  if (sizeof<T>() == 16) return changetype<T>(f32x4.splat(0));
  return <T>0;
}

/** a / b rounded up, for any a and b > 0. */
@inline
function ceilDiv(a: i32, b: i32): i32 {
  return a > 0 ? (a + b - 1) / b : -(-a / b);
}
