import {lanesAt, weave} from './pack';

/**
 * Every strideY-th and strideX-th tap of a convolution filter [height, width, inChannels, outChannels], as a matrix
 * whose lanes are input channels and whose depths are (tap down, tap across, output channel).
 */
@unmanaged
export class FilterTaps {
  data: usize;
  width: i32;
  inChannels: i32;
  outChannels: i32;
  /** First tap and distance of taps. */
  originY: i32;
  originX: i32;
  strideY: i32;
  strideX: i32;
  /** Taps across that are taken. */
  tapsX: i32;

  @inline private run(tapY: i32, tapX: i32, lane: i32, exists: bool, channel: i32, zeros: usize): usize {
    if (!exists) return zeros;
    const tap = (this.originY + tapY * this.strideY) * this.width + this.originX + tapX * this.strideX;
    return this.data + (<usize>((tap * this.inChannels + lane) * this.outChannels + channel) << 2);
  }

  pack(to: usize, panelDepths: i32, lane: i32, lanes: i32, depth: i32, depths: i32, width: i32, zeros: usize): void {
    const step = <usize>width << 2;
    const padded = (lanes + width - 1) / width * width;
    for (let l = 0; l < padded; l += 4) {
      let panel = lanesAt(to, l, panelDepths, width);
      const left = lanes - l;
      const input = lane + l;
      let tap = depth / this.outChannels;
      let channel = depth - tap * this.outChannels;
      for (let d = 0; d < depths; tap++, channel = 0) {
        const count = min(this.outChannels - channel, depths - d);
        const tapY = tap / this.tapsX;
        const tapX = tap - tapY * this.tapsX;
        weave(
          panel, step,
          this.run(tapY, tapX, input, left > 0, channel, zeros), this.run(tapY, tapX, input + 1, left > 1, channel,
          zeros),
          this.run(tapY, tapX, input + 2, left > 2, channel, zeros), this.run(tapY, tapX, input + 3, left > 3,
          channel, zeros),
          count, zeros,
        );
        panel += step * count;
        d += count;
      }
    }
  }
}
