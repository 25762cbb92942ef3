import {lanesAt, weave} from './pack';
import {Patches} from './patches';

/** Patches as an operand whose lanes are positions and whose depths are (tap down, tap across, channel). */
@unmanaged
export class PatchesByPosition extends Patches {
  /** Address of channel 0 under a tap, or `zeros` outside the image. */
  @inline private pixel(position: i32, tapY: i32, tapX: i32, zeros: usize): usize {
    const row = position / this.width;
    const image = row / this.height;
    const y = this.originY + (row - image * this.height) * this.strideY + tapY * this.stepY;
    const x = this.originX + (position - row * this.width) * this.strideX + tapX * this.stepX;
    if (<u32>y >= <u32>this.imageHeight || <u32>x >= <u32>this.imageWidth) return zeros;
    return this.data + (<usize>(((image * this.imageHeight + y) * this.imageWidth + x) * this.channels) << 2);
  }

  @inline private run(position: i32, exists: bool, tapY: i32, tapX: i32, channel: i32, zeros: usize): usize {
    const pixel = exists ? this.pixel(position, tapY, tapX, zeros) : zeros;
    return pixel == zeros ? zeros : pixel + (<usize>channel << 2);
  }

  /** True if the taps of a row at four positions (fewer at the end) are inside the image and adjacent in memory. */
  @inline private inside(position: i32): bool {
    const x = position % this.width;
    return this.stepX == 1 && x + 3 < this.width && this.originX + x * this.strideX >= 0
      && this.originX + (x + 3) * this.strideX + this.tapsX <= this.imageWidth;
  }

  pack(to: usize, panelDepths: i32, lane: i32, lanes: i32, depth: i32, depths: i32, width: i32, zeros: usize): void {
    const step = <usize>width << 2;
    const padded = (lanes + width - 1) / width * width;
    const tapRow = this.tapsX * this.channels;
    for (let l = 0; l < padded; l += 4) {
      let panel = lanesAt(to, l, panelDepths, width);
      const left = lanes - l;
      const position = lane + l;
      const inside = this.inside(position);
      let tap = depth / this.channels;
      let channel = depth - tap * this.channels;
      for (let d = 0; d < depths; ) {
        const tapY = tap / this.tapsX;
        const tapX = tap - tapY * this.tapsX;
        const count = min(inside ? tapRow - tapX * this.channels - channel : this.channels - channel, depths - d);
        weave(
          panel, step,
          this.run(position, left > 0, tapY, tapX, channel, zeros), this.run(position + 1, left > 1, tapY, tapX,
          channel, zeros),
          this.run(position + 2, left > 2, tapY, tapX, channel, zeros), this.run(position + 3, left > 3, tapY, tapX,
          channel, zeros),
          count, zeros,
        );
        panel += step * count;
        d += count;
        tap = inside ? (tapY + 1) * this.tapsX : tap + 1;
        channel = 0;
      }
    }
  }
}
