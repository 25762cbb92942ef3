/**
 * out[ids[i, j], j, :] = sum of x[i, j, :], for x [outer, middle, inner], int32 ids [outer, middle] and out
 * [segments, middle, inner]. Rows whose id is not a segment are left out.
 */
export function segmentSum(x: usize, ids: usize, out: usize, outer: i32, middle: i32, inner: i32, segments: i32): void {
  memory.fill(out, 0, <usize>(segments * middle * inner) << 2);
  for (let i = 0; i < outer; i++) {
    for (let j = 0; j < middle; j++, ids += 4) {
      const id = load<i32>(ids);
      if (<u32>id >= <u32>segments) {
        x += <usize>inner << 2;
        continue;
      }
      let to = out + (<usize>((id * middle + j) * inner) << 2);
      for (let k = 0; k < inner; k++, x += 4, to += 4) store<f32>(to, load<f32>(to) + load<f32>(x));
    }
  }
}
