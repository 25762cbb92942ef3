/**
 * Repeats a tensor of 4-byte elements along its axes. `axes` holds, for each axis from the outermost on, its size in x
 * and
 * how often it is repeated (int32 both). Returns the bytes written.
 */
export function tile(x: usize, out: usize, axes: usize, rank: i32): usize {
  if (rank == 0) {
    store<u32>(out, load<u32>(x));
    return 4;
  }
  const size = load<i32>(axes);
  let written: usize = 0;
  if (rank == 1) {
    written = <usize>size << 2;
    memory.copy(out, x, written);
  } else {
    const inner = <usize>elements(axes + 8, rank - 1) << 2;
    for (let i = 0; i < size; i++, x += inner) written += tile(x, out + written, axes + 8, rank - 1);
  }
  return repeat(out, written, load<i32>(axes, 4));
}

/** Elements of x in the axes from here on. */
function elements(axes: usize, rank: i32): i32 {
  let count = 1;
  for (; rank > 0; rank--, axes += 8) count *= load<i32>(axes);
  return count;
}

/** Repeats the `bytes` at `start` behind themselves, doubling what is there. Returns the size of all. */
function repeat(start: usize, bytes: usize, times: i32): usize {
  const all = bytes * times;
  if (bytes == 4) {
    const value = load<u32>(start);
    for (let at: usize = 4; at < all; at += 4) store<u32>(start + at, value);
    return all;
  }
  for (let done = bytes; done < all; ) {
    const count = min(done, all - done);
    memory.copy(start + done, start, count);
    done += count;
  }
  return all;
}
