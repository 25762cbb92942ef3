// The kernels with factors of bfloat16 for the instruction set that this file is compiled for; build-kernels.mjs compiles it
// once for each, with GAN_ISA as the name of its namespace. GAN_BASE is that of the kernels in float32, which do what is not
// worth the rounding. It has no table of kernels: filling one would run code of this instruction set when the addon is loaded.
#include "kernels.h"

#include "half-conv.h"

#if !defined(GAN_BASE)
#define GAN_BASE avx512
#endif

namespace GAN_BASE {
extern const Kernels kernels;
}

namespace GAN_ISA {
namespace {

void conv2d(Pool& pool, const Window* w, const float* x, const float* filter, float* y) {
  if (!halfForward(pool, {*w, 1}, x, filter, y)) GAN_BASE::kernels.conv2d(pool, w, x, filter, y);
}

void conv2dBackpropFilter(Pool& pool, const Window* w, const float* x, const float* dy, float* dFilter) {
  if (!halfFilter(pool, {*w, 1}, x, dy, dFilter)) GAN_BASE::kernels.conv2dBackpropFilter(pool, w, x, dy, dFilter);
}

void conv2dBackpropInput(Pool& pool, const Window* w, const float* dy, const float* filter, float* dx) {
  if (!halfInput(pool, {*w, 1}, dy, filter, dx)) GAN_BASE::kernels.conv2dBackpropInput(pool, w, dy, filter, dx);
}

void groupedConv(Pool& pool, const GroupedWindow* w, const float* x, const float* filter, float* y) {
  if (!halfForward(pool, {*w, w->groups}, x, filter, y)) GAN_BASE::kernels.groupedConv(pool, w, x, filter, y);
}

void groupedFilter(Pool& pool, const GroupedWindow* w, const float* x, const float* dy, float* dFilter) {
  if (!halfFilter(pool, {*w, w->groups}, x, dy, dFilter)) GAN_BASE::kernels.groupedFilter(pool, w, x, dy, dFilter);
}

void groupedInput(Pool& pool, const GroupedWindow* w, const float* dy, const float* filter, float* dx) {
  if (!halfInput(pool, {*w, w->groups}, dy, filter, dx)) GAN_BASE::kernels.groupedInput(pool, w, dy, filter, dx);
}

void matmul(Pool& pool, const float* a, bool transposeA, const float* b, bool transposeB, float* out, int m, int n,
            int k) {
  if (!halfProduct(pool, a, transposeA, b, transposeB, out, m, n, k))
    GAN_BASE::kernels.matmul(pool, a, transposeA, b, transposeB, out, m, n, k);
}

}  // namespace

/** Replaces the products of `kernels` by these. */
void useHalves(Kernels& kernels) {
  kernels.conv2d = conv2d;
  kernels.conv2dBackpropFilter = conv2dBackpropFilter;
  kernels.conv2dBackpropInput = conv2dBackpropInput;
  kernels.groupedConv = groupedConv;
  kernels.groupedFilter = groupedFilter;
  kernels.groupedInput = groupedInput;
  kernels.matmul = matmul;
}

}  // namespace GAN_ISA
