// The kernels for the instruction set that this file is compiled for; build.mjs compiles it once for each, with GAN_ISA as
// the name of its namespace.
#include "kernels.h"

#include "batch-norm.h"
#include "conv2d.h"
#include "depthwise.h"
#include "elementwise.h"
#include "grouped.h"
#include "minimal.h"
#include "pixel-norm.h"
#include "resample.h"
#include "scatter.h"
#include "shuffle.h"
#include "sum.h"
#include "update.h"

#if defined(__AVX512F__)
namespace avx2 {
extern const Kernels kernels;
}
#endif

namespace GAN_ISA {
namespace {

/** The kernels of vectors half as long, where they suit the channels better: eight of them would fill half a vector. */
INLINE const Kernels* narrower(const Window& w) {
#if defined(__AVX512F__)
  const bool few = w.inChannels == 8 || w.outChannels == 8;
  if (few && w.inChannels % 8 == 0 && w.outChannels % 8 == 0) return &avx2::kernels;
#endif
  return nullptr;
}

void conv2d(Pool& pool, const Window* window, const float* x, const float* filter, float* y) {
  if (const Kernels* other = narrower(*window)) return other->conv2d(pool, window, x, filter, y);
  if (!minimalForward(pool, *window, x, filter, y)) directForward(pool, *window, x, filter, y);
}

void conv2dBackpropFilter(Pool& pool, const Window* window, const float* x, const float* dy, float* dFilter) {
  if (const Kernels* other = narrower(*window)) return other->conv2dBackpropFilter(pool, window, x, dy, dFilter);
  if (!minimalFilter(pool, *window, x, dy, dFilter)) directFilter(pool, *window, x, dy, dFilter);
}

void conv2dBackpropInput(Pool& pool, const Window* window, const float* dy, const float* filter, float* dx) {
  if (const Kernels* other = narrower(*window)) return other->conv2dBackpropInput(pool, window, dy, filter, dx);
  if (scatterInput(pool, *window, dy, filter, dx)) return;
  if (!minimalInput(pool, *window, dy, filter, dx)) directInput(pool, *window, dy, filter, dx);
}

void matmul(Pool& pool, const float* a, bool transposeA, const float* b, bool transposeB, float* out, int m, int n,
            int k) {
  product(pool, a, transposeA, b, transposeB, out, m, n, k);
}

}  // namespace

extern const Kernels kernels;
const Kernels kernels = {
    conv2d,        conv2dBackpropFilter, conv2dBackpropInput, matmul,       batchNorm,     batchNormGrad,
    updateParameters, depthwiseConv,     depthwiseFilter,     groupedConv,  groupedInput,  groupedFilter,
    resample,      pixelNorm,            pixelNormGrad,       shuffle,      sum,           arithmetic,
    leakyRelu,     leakyReluGrad,        square,              squareRoot,   inverseRoot,   hyperbolicTangent,
    greater,       extremum,             select,
};

}  // namespace GAN_ISA
