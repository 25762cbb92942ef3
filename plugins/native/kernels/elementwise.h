// Functions of single numbers. Chunks have a fixed size; the compiler makes vectors of the loops.
#pragma once
#include "pool.h"
#include "vector.h"

namespace GAN_ISA {
namespace {

/** Numbers in a chunk, and those below which no thread is woken. */
constexpr int NUMBERS = 1 << 14;
constexpr int FEW_NUMBERS = 1 << 15;

/** Calls `body(first, end)` for parts of `count` numbers. */
template <class Body>
INLINE void eachPart(Pool& pool, int count, const Body& body) {
  pool.run(divideUp(count, NUMBERS), count < FEW_NUMBERS, [&](int chunk, int) {
    body(chunk * NUMBERS, least((chunk + 1) * NUMBERS, count));
  });
}

/** out[i] = f(i) for a part; the function is copied, so that no store can change what it holds. */
template <class T, class F>
INLINE void eachNumber(T* out, int first, int end, const F given) {
#pragma GCC ivdep
  for (int i = first; i < end; i++) out[i] = given(i);
}

/** out[i] = f(x[i]) */
template <class F>
INLINE void unary(Pool& pool, const float* x, float* out, int count, const F& f) {
  eachPart(pool, count, [=](int first, int end) {
    const float* from = x;
    const F own = f;
    eachNumber(out, first, end, [=](int i) { return own(from[i]); });
  });
}

/** out[i] = f(a[i], b[i]) for a part; a stride of 0 repeats one number, another one walks through an array. */
template <class T, class F>
INLINE void pairs(const float* a, int strideA, const float* b, int strideB, T* out, int first, int end, const F& own) {
  const float oneA = *a, oneB = *b;
  if (strideA && strideB) eachNumber(out, first, end, [=](int i) { return own(a[i], b[i]); });
  else if (strideA) eachNumber(out, first, end, [=](int i) { return own(a[i], oneB); });
  else if (strideB) eachNumber(out, first, end, [=](int i) { return own(oneA, b[i]); });
  else eachNumber(out, first, end, [=](int) { return own(oneA, oneB); });
}

/** The same for all of `count` numbers. */
template <class T, class F>
INLINE void binary(Pool& pool, const float* a, int strideA, const float* b, int strideB, T* out, int count, const F& f) {
  eachPart(pool, count, [=](int first, int end) {
    const F own = f;
    pairs(a, strideA, b, strideB, out, first, end, own);
  });
}

/** An operand that is repeated to [rows, inner]. */
struct Repeated {
  const float* data;
  /** Floats from one of its rows to the next, and the rows of the result after which it goes there. */
  int row;
  int repeat;
  /** Floats along a row: 0 or 1. */
  int column;

  const float* at(int r) const { return data + static_cast<ptrdiff_t>(r / repeat) * row; }
};

/** out[r, i] = f(a[r, i], b[r, i]) */
template <class F>
INLINE void eachRow(Pool& pool, const Repeated& a, const Repeated& b, float* out, int rows, int inner, const F& f) {
  if (rows == 1) return binary(pool, a.data, a.column, b.data, b.column, out, inner, f);
  const int block = most(NUMBERS / inner, 1);
  pool.run(divideUp(rows, block), (int64_t)rows * inner < FEW_NUMBERS, [&](int chunk, int) {
    const F own = f;
    for (int r = chunk * block, end = least(r + block, rows); r < end; r++)
      pairs(a.at(r), a.column, b.at(r), b.column, out + (size_t)r * inner, 0, inner, own);
  });
}

/** The operators have the numbers of assembly/arithmetic-chunk.ts of gan-plugin-wasm: a + b, a - b, a b, a / b. */
void arithmetic(Pool& pool, int operation, const float* a, int aRow, int aRepeat, int aColumn, const float* b, int bRow,
                int bRepeat, int bColumn, float* out, int rows, int inner) {
  const Repeated left{a, aRow, aRepeat, aColumn}, right{b, bRow, bRepeat, bColumn};
  const auto each = [&](const auto& f) { eachRow(pool, left, right, out, rows, inner, f); };
  switch (operation) {
    case 0: return each([](float x, float y) { return x + y; });
    case 1: return each([](float x, float y) { return x - y; });
    case 2: return each([](float x, float y) { return x * y; });
    case 3: return each([](float x, float y) { return x / y; });
  }
}

void leakyRelu(Pool& pool, const float* x, float* out, int count, float alpha) {
  unary(pool, x, out, count, [=](float value) { return value < 0 ? value * alpha : value; });
}
/** dy where x > 0, NaN where x is, alpha dy elsewhere */
void leakyReluGrad(Pool& pool, const float* dy, const float* x, float* out, int count, float alpha) {
  binary(pool, dy, 4, x, 4, out, count, [=](float slope, float value) {
    return value > 0 ? slope : value == value ? slope * alpha : value;
  });
}
void square(Pool& pool, const float* x, float* out, int count) {
  unary(pool, x, out, count, [](float value) { return value * value; });
}
void squareRoot(Pool& pool, const float* x, float* out, int count) {
  unary(pool, x, out, count, [](float value) { return __builtin_sqrtf(value); });
}
void inverseRoot(Pool& pool, const float* x, float* out, int count) {
  unary(pool, x, out, count, [](float value) { return 1 / __builtin_sqrtf(value); });
}

/**
 * Hyperbolic tangent by the rational approximation x * P(x^2) / Q(x^2) on [-7.9, 7.9], beyond which tanh rounds to 1 in
 * float32. Coefficients: Eigen, `generic_fast_tanh_float` (MathFunctionsImpl.h). Relative error below 1e-6.
 */
void hyperbolicTangent(Pool& pool, const float* from, float* out, int count) {
  unary(pool, from, out, count, [](float value) {
    const float limit = 7.90531110763549805f;
    // NaN stays NaN: it is not below, nor above
    float x = value < -limit ? -limit : value;
    x = x > limit ? limit : x;
    const float x2 = x * x;
    float p = madd(-2.76076847742355e-16f, x2, 2.00018790482477e-13f);
    p = madd(p, x2, -8.60467152213735e-11f);
    p = madd(p, x2, 5.12229709037114e-08f);
    p = madd(p, x2, 1.48572235717979e-05f);
    p = madd(p, x2, 6.37261928875436e-04f);
    p = madd(p, x2, 4.89352455891786e-03f);
    float q = madd(1.19825839466702e-06f, x2, 1.18534705686654e-04f);
    q = madd(q, x2, 2.26843463243900e-03f);
    q = madd(q, x2, 4.89352518554385e-03f);
    const float ratio = x * p / q;
    // Where |x| is small, tanh(x) = x to the last bit, and the ratio is off by one.
    return value < 0.0004f && value > -0.0004f ? value : ratio;
  });
}

/** a > b, or >= if `orEqual`; bool (one byte). */
void greater(Pool& pool, const float* a, int strideA, const float* b, int strideB, unsigned char* out, int count,
             bool orEqual) {
  if (orEqual) binary(pool, a, strideA, b, strideB, out, count, [](float x, float y) -> unsigned char { return x >= y; });
  else binary(pool, a, strideA, b, strideB, out, count, [](float x, float y) -> unsigned char { return x > y; });
}

/** The larger or smaller of a and b; NaN wins. */
void extremum(Pool& pool, const float* a, int strideA, const float* b, int strideB, float* out, int count, bool larger) {
  if (larger) {
    binary(pool, a, strideA, b, strideB, out, count, [](float x, float y) { return x > y || x != x ? x : y; });
  } else {
    binary(pool, a, strideA, b, strideB, out, count, [](float x, float y) { return x < y || x != x ? x : y; });
  }
}

/** condition ? a : b; condition is bool (one byte). */
void select(Pool& pool, const unsigned char* condition, const float* a, const float* b, float* out, int count) {
  eachPart(pool, count, [=](int first, int end) {
    const unsigned char* flags = condition;
    const float *yes = a, *no = b;
    eachNumber(out, first, end, [=](int i) {
      const float one = yes[i], other = no[i];
      return flags[i] ? one : other;
    });
  });
}

}  // namespace
}  // namespace GAN_ISA
