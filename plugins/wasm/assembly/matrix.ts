import {lanesAt, weave} from './pack';

/** A dense matrix as an operand; one of its two strides is 1. */
@unmanaged
export class Matrix {
  data: usize;
  /** Floats from one lane, or one depth, to the next. */
  laneStride: i32;
  depthStride: i32;

  set(data: usize, laneStride: i32, depthStride: i32): void {
    this.data = data;
    this.laneStride = laneStride;
    this.depthStride = depthStride;
  }

  @inline private at(lane: i32, depth: i32): usize {
    return this.data + (<usize>(lane * this.laneStride + depth * this.depthStride) << 2);
  }

  pack(to: usize, panelDepths: i32, lane: i32, lanes: i32, depth: i32, depths: i32, width: i32, zeros: usize): void {
    const step = <usize>width << 2;
    const padded = (lanes + width - 1) / width * width;
    for (let l = 0; l < padded; l += 4) {
      const panel = lanesAt(to, l, panelDepths, width);
      const left = lanes - l;
      if (this.laneStride == 1) {
        this.copy(panel, step, this.at(lane + l, depth), depths, left);
      } else {
        weave(
          panel, step,
          left > 0 ? this.at(lane + l, depth) : zeros, left > 1 ? this.at(lane + l + 1, depth) : zeros,
          left > 2 ? this.at(lane + l + 2, depth) : zeros, left > 3 ? this.at(lane + l + 3, depth) : zeros,
          depths, zeros,
        );
      }
    }
  }

  /** Neighbouring lanes lie side by side: whole vectors, or what is left of one. */
  private copy(to: usize, step: usize, from: usize, depths: i32, left: i32): void {
    const next = <usize>this.depthStride << 2;
    for (let d = 0; d < depths; d++, to += step, from += next) {
      if (left >= 4) {
        v128.store(to, v128.load(from));
      } else {
        v128.store(to, f32x4.splat(0));
        for (let i = 0; i < left; i++) store<f32>(to + (<usize>i << 2), load<f32>(from + (<usize>i << 2)));
      }
    }
  }
}
