// Matrix products and convolutions by their definitions, in place of cuBLAS and cuDNN. All arrays are float32, their factors rounded as
// the precision says; convolutions NHWC.
#include <cstdint>
#include <cstring>

/** Bits of a factor's fraction that count: 23 (float32), 10 (TF32) or 7 (bfloat16). */
static thread_local int fractionBits = 23;
extern "C" void emulator_round_factors(int bits) { fractionBits = bits; }
/** To the nearest, of two the even one; as the tensor cores get their factors. */
static float rounded(float value) {
  if (fractionBits >= 23 || value != value) return value;
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  const int cut = 23 - fractionBits;
  bits = (bits + (1u << (cut - 1)) - 1 + ((bits >> cut) & 1)) >> cut << cut;
  std::memcpy(&value, &bits, 4);
  return value;
}

static float *at(uint64_t address) { return reinterpret_cast<float *>(address); }

/** c [m, n] = a [m, k] b [k, n]; a transposed factor lies as [k, m] or [n, k]. */
extern "C" void emulator_matmul(uint64_t aAddress, int transposeA, uint64_t bAddress, int transposeB, uint64_t cAddress, int m, int n, int k) {
  const float *a = at(aAddress), *b = at(bAddress);
  float *c = at(cAddress);
  for (int i = 0; i < m; i++)
    for (int j = 0; j < n; j++) {
      float sum = 0;
      for (int p = 0; p < k; p++) sum += rounded(transposeA ? a[p * m + i] : a[i * k + p]) * rounded(transposeB ? b[j * k + p] : b[p * n + j]);
      c[i * n + j] = sum;
    }
}

struct Conv {
  int batch, inHeight, inWidth, inChannels, outHeight, outWidth, outChannels, filterHeight, filterWidth, strideHeight, strideWidth, dilationHeight, dilationWidth, top, left, groups;
};

static int ins(const Conv &c) { return c.inChannels / c.groups; }
/** The first input that an output channel sees. */
static int firstInput(const Conv &c, int o) { return o / (c.outChannels / c.groups) * ins(c); }

/** Calls f with every pair of an output pixel and an input pixel that meet, and the tap of the filter through which they do. */
template <class F> static void eachMeeting(const Conv &c, F f) {
  for (int n = 0; n < c.batch; n++)
    for (int oy = 0; oy < c.outHeight; oy++)
      for (int ox = 0; ox < c.outWidth; ox++)
        for (int fy = 0; fy < c.filterHeight; fy++) {
          const int y = oy * c.strideHeight + fy * c.dilationHeight - c.top;
          if (y < 0 || y >= c.inHeight) continue;
          for (int fx = 0; fx < c.filterWidth; fx++) {
            const int x = ox * c.strideWidth + fx * c.dilationWidth - c.left;
            if (x < 0 || x >= c.inWidth) continue;
            f(((size_t)(n * c.outHeight + oy) * c.outWidth + ox) * c.outChannels, ((size_t)(n * c.inHeight + y) * c.inWidth + x) * c.inChannels, (size_t)(fy * c.filterWidth + fx) * ins(c) * c.outChannels);
          }
        }
}
static size_t outputs(const Conv &c) { return (size_t)c.batch * c.outHeight * c.outWidth * c.outChannels; }
static size_t inputs(const Conv &c) { return (size_t)c.batch * c.inHeight * c.inWidth * c.inChannels; }

extern "C" void emulator_conv_forward(const int *sizes, uint64_t xAddress, uint64_t filterAddress, uint64_t yAddress) {
  Conv c;
  std::memcpy(&c, sizes, sizeof(c));
  const float *x = at(xAddress), *filter = at(filterAddress);
  float *y = at(yAddress);
  std::memset(y, 0, outputs(c) * 4);
  eachMeeting(c, [&](size_t out, size_t in, size_t tap) {
    for (int i = 0; i < ins(c); i++)
      for (int o = 0; o < c.outChannels; o++) y[out + o] += rounded(x[in + firstInput(c, o) + i]) * rounded(filter[tap + (size_t)i * c.outChannels + o]);
  });
}
extern "C" void emulator_conv_data(const int *sizes, uint64_t dyAddress, uint64_t filterAddress, uint64_t dxAddress) {
  Conv c;
  std::memcpy(&c, sizes, sizeof(c));
  const float *dy = at(dyAddress), *filter = at(filterAddress);
  float *dx = at(dxAddress);
  std::memset(dx, 0, inputs(c) * 4);
  eachMeeting(c, [&](size_t out, size_t in, size_t tap) {
    const int outs = c.outChannels / c.groups;
    for (int i = 0; i < c.inChannels; i++) {
      float sum = 0;
      for (int o = i / ins(c) * outs; o < (i / ins(c) + 1) * outs; o++) sum += rounded(dy[out + o]) * rounded(filter[tap + (size_t)(i % ins(c)) * c.outChannels + o]);
      dx[in + i] += sum;
    }
  });
}
extern "C" void emulator_conv_filter(const int *sizes, uint64_t xAddress, uint64_t dyAddress, uint64_t dFilterAddress) {
  Conv c;
  std::memcpy(&c, sizes, sizeof(c));
  const float *x = at(xAddress), *dy = at(dyAddress);
  float *dFilter = at(dFilterAddress);
  std::memset(dFilter, 0, (size_t)c.filterHeight * c.filterWidth * ins(c) * c.outChannels * 4);
  eachMeeting(c, [&](size_t out, size_t in, size_t tap) {
    for (int i = 0; i < ins(c); i++)
      for (int o = 0; o < c.outChannels; o++) dFilter[tap + (size_t)i * c.outChannels + o] += rounded(x[in + firstInput(c, o) + i]) * rounded(dy[out + o]);
  });
}
