// The kernels for the instruction set that this file is compiled for; build.mjs compiles it once for each, with GAN_ISA as
// the name of its namespace.
#include "kernels.h"

#include "batch-norm.h"
#include "conv2d.h"
#include "depthwise.h"
#include "elementwise.h"
#include "grouped.h"
#include "minimal.h"
#include "resample.h"
#include "scatter.h"
#include "sum.h"
#include "update.h"

namespace GAN_ISA {
namespace {

void conv2d(Pool& pool, const Window* window, const float* x, const float* filter, float* y) {
  if (!minimalForward(pool, *window, x, filter, y)) directForward(pool, *window, x, filter, y);
}

void conv2dBackpropFilter(Pool& pool, const Window* window, const float* x, const float* dy, float* dFilter) {
  if (!minimalFilter(pool, *window, x, dy, dFilter)) directFilter(pool, *window, x, dy, dFilter);
}

void conv2dBackpropInput(Pool& pool, const Window* window, const float* dy, const float* filter, float* dx) {
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
    conv2d,      conv2dBackpropFilter, conv2dBackpropInput, matmul,        batchNorm,     batchNormGrad, updateParameters,
    depthwiseConv, depthwiseFilter,    groupedConv,         groupedInput,  groupedFilter, resample,      sum,
    leakyRelu,   squareRoot,           inverseRoot,         hyperbolicTangent, greater,   extremum,      select,
};

}  // namespace GAN_ISA
