/** Shared by all packers: weaves four lanes at a time into a panel. */

/**
 * Address of the four lanes from `lane` on (a multiple of four) in panels of `width` lanes and `depths` depths each.
 */
@inline
export function lanesAt(to: usize, lane: i32, depths: i32, width: i32): usize {
  const within = lane % width;
  return to + (<usize>((lane - within) * depths + within) << 2);
}

/**
 * to[d][0..3] = lane i at d, for d < count. Each lane is read from its address on; a lane at `zeros` reads four zeros
 * again and again.
 * @param step bytes from one depth of the panel to the next
 */
export function weave(
  to: usize,
  step: usize,
  s0: usize,
  s1: usize,
  s2: usize,
  s3: usize,
  count: i32,
  zeros: usize,
): void {
  const i0: usize = s0 == zeros ? 0 : 4;
  const i1: usize = s1 == zeros ? 0 : 4;
  const i2: usize = s2 == zeros ? 0 : 4;
  const i3: usize = s3 == zeros ? 0 : 4;
  for (; count >= 4; count -= 4) {
    const a = v128.load(s0), b = v128.load(s1), c = v128.load(s2), d = v128.load(s3);
    const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5), cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
    const ab2 = v128.shuffle<f32>(a, b, 2, 6, 3, 7), cd2 = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
    v128.store(to, v128.shuffle<f32>(ab, cd, 0, 1, 4, 5));
    to += step;
    v128.store(to, v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
    to += step;
    v128.store(to, v128.shuffle<f32>(ab2, cd2, 0, 1, 4, 5));
    to += step;
    v128.store(to, v128.shuffle<f32>(ab2, cd2, 2, 3, 6, 7));
    to += step;
    s0 += i0 << 2;
    s1 += i1 << 2;
    s2 += i2 << 2;
    s3 += i3 << 2;
  }
  for (; count > 0; count--, to += step) {
    store<f32>(to, load<f32>(s0));
    store<f32>(to, load<f32>(s1), 4);
    store<f32>(to, load<f32>(s2), 8);
    store<f32>(to, load<f32>(s3), 12);
    s0 += i0;
    s1 += i1;
    s2 += i2;
    s3 += i3;
  }
}
