/** Numbers for bytes by a table: y [..., channels] = table[byte, channel]. */
#include "common.cuh"

KERNEL void bytesToFloat(const u8 *bytes, const float *table, float *y, i64 count, i64 channels) {
  i64 done = 0;
  if (aligned(bytes) && aligned(y)) {
    for (i64 i = firstIndex(); i < count / 4; i += indexStep()) {
      const Four<u8> in = ((const Four<u8> *)bytes)[i];
      const i64 first = count < SMALL ? (u32)(i * 4) % (u32)channels : i * 4 % channels;
      Four<float> out;
      for (int k = 0; k < 4; k++) out.v[k] = table[in.v[k] * channels + (first + k) % channels];
      ((Four<float> *)y)[i] = out;
    }
    done = count / 4 * 4;
  }
  for (i64 i = done + firstIndex(); i < count; i += indexStep()) y[i] = table[bytes[i] * channels + i % channels];
}
