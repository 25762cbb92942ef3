/** Images with a box set to 0 (src/backends/fused/cut-out.ts of gan). */
export function cutOut(x: usize, boxes: usize, out: usize, images: i32, height: i32, width: i32, channels: i32): void {
  const pixelBytes = <usize>channels << 2;
  const rowBytes = <usize>width * pixelBytes;
  const imageBytes = <usize>height * rowBytes;
  memory.copy(out, x, <usize>images * imageBytes);
  for (let image = 0; image < images; image++, boxes += 16, out += imageBytes) {
    const top = clamp(load<f32>(boxes), height);
    const left = clamp(load<f32>(boxes, 4), width);
    const bottom = clamp(load<f32>(boxes, 8), height);
    const right = clamp(load<f32>(boxes, 12), width);
    if (right <= left) continue;
    for (let y = top; y < bottom; y++) {
      memory.fill(out + <usize>y * rowBytes + <usize>left * pixelBytes, 0, <usize>(right - left) * pixelBytes);
    }
  }
}

@inline
function clamp(at: f32, side: i32): i32 {
  return i32(Mathf.min(Mathf.max(at, 0), f32(side)));
}
