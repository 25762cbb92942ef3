/** The table's number for each byte: that of byte v in channel c is at [v * channels + c]. */
export function bytesToFloat(bytes: usize, table: usize, out: usize, pixels: i32, channels: i32): void {
  if (channels == 3) return colours(bytes, table, out, pixels);
  for (; pixels > 0; pixels--) {
    for (let c = 0; c < channels; c++, bytes++, out += 4) {
      store<f32>(out, load<f32>(table + (<usize>((<i32>load<u8>(bytes)) * channels + c) << 2)));
    }
  }
}

function colours(bytes: usize, table: usize, out: usize, pixels: i32): void {
  for (; pixels > 0; pixels--, bytes += 3, out += 12) {
    store<f32>(out, load<f32>(table + 12 * <usize>load<u8>(bytes)));
    store<f32>(out, load<f32>(table + 12 * <usize>load<u8>(bytes, 1), 4), 4);
    store<f32>(out, load<f32>(table + 12 * <usize>load<u8>(bytes, 2), 8), 8);
  }
}
