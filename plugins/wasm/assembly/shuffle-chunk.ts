/** A row of a small image, and the rows of the large one whose pixels are its channels. */
import {Pool} from './pool';

@unmanaged
export class Shuffle {
  small: usize;
  large: usize;
  /** Of the small image. */
  width: i32;
  /** Of the large image. */
  channels: i32;
  factor: i32;
  /** 1: from the large image to the small one. */
  back: i32;
}

@inline
export function described(pool: Pool): Shuffle {
  return changetype<Shuffle>(pool.struct(0));
}

export function shuffleChunk(chunk: i32, pool: Pool): void {
  const s = described(pool);
  const r = s.factor;
  const pixelBytes = <usize>s.channels << 2;
  const rowBytes = <usize>(s.width * r) * pixelBytes;
  let small = s.small + <usize>(chunk * r) * rowBytes;
  let large = s.large + <usize>(chunk * r) * rowBytes;
  for (let w = 0; w < s.width; w++, small += <usize>(r * r) * pixelBytes, large += <usize>r * pixelBytes) {
    let c: usize = 0;
    if (r == 2) {
      const right = pixelBytes, below = rowBytes;
      if (s.back) for (; c + 16 <= pixelBytes; c += 16) {
        transpose(large + c, large + right + c, large + below + c, large + below + right + c,
          small + 4 * c, small + 4 * c + 16, small + 4 * c + 32, small + 4 * c + 48);
      } else for (; c + 16 <= pixelBytes; c += 16) {
        transpose(small + 4 * c, small + 4 * c + 16, small + 4 * c + 32, small + 4 * c + 48,
          large + c, large + right + c, large + below + c, large + below + right + c);
      }
    }
    for (let i = 0; i < r; i++) {
      for (let j = 0; j < r; j++) {
        const pixel = large + <usize>i * rowBytes + <usize>j * pixelBytes;
        const channel = small + (<usize>(i * r + j) << 2);
        const step = <usize>(r * r);
        for (let at = c; at < pixelBytes; at += 4) {
          if (s.back) store<f32>(channel + at * step, load<f32>(pixel + at));
          else store<f32>(pixel + at, load<f32>(channel + at * step));
        }
      }
    }
  }
}

/** Four vectors become the four of their first, second, third and fourth elements. */
@inline
function transpose(a: usize, b: usize, c: usize, d: usize, p: usize, q: usize, r: usize, s: usize): void {
  const va = v128.load(a), vb = v128.load(b), vc = v128.load(c), vd = v128.load(d);
  const ab01 = v128.shuffle<f32>(va, vb, 0, 4, 1, 5), ab23 = v128.shuffle<f32>(va, vb, 2, 6, 3, 7);
  const cd01 = v128.shuffle<f32>(vc, vd, 0, 4, 1, 5), cd23 = v128.shuffle<f32>(vc, vd, 2, 6, 3, 7);
  v128.store(p, v128.shuffle<i64>(ab01, cd01, 0, 2));
  v128.store(q, v128.shuffle<i64>(ab01, cd01, 1, 3));
  v128.store(r, v128.shuffle<i64>(ab23, cd23, 0, 2));
  v128.store(s, v128.shuffle<i64>(ab23, cd23, 1, 3));
}
