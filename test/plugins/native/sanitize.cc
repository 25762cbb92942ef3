// Calls every kernel of one instruction set (GAN_ISA) with random sizes, on tensors that end where their memory ends, in
// three threads: for AddressSanitizer, UndefinedBehaviorSanitizer and ThreadSanitizer, and for processors that are emulated.
// Some numbers of convolutions, products, sums and functions are compared with their definitions in double precision; all
// numbers of all kernels are compared elsewhere (kernels.test.ts). With GAN_HALVES, products of bfloat16 of that
// instruction set follow.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <vector>

#include "kernels.h"

namespace GAN_ISA {
extern const Kernels kernels;
}
#if defined(GAN_HALVES)
namespace GAN_HALVES {
void useHalves(Kernels&);
}
#endif

namespace {

std::mt19937 random_(20240229);
int size(int most) { return std::uniform_int_distribution<int>(1, most)(random_); }
template <class T>
T one(std::initializer_list<T> values) { return values.begin()[size(static_cast<int>(values.size())) - 1]; }
int channels() { return one({3, 16, 24, 32, 64, size(40)}); }

/** A tensor whose last number is the last of its memory. What it begins with is bfloat16, too. */
struct Tensor {
  size_t count;
  std::unique_ptr<float[]> data;
  explicit Tensor(size_t count_) : count(count_), data(new float[count_]) { begin(); }
  void begin() {
    for (size_t i = 0; i < count; i++) data[i] = static_cast<float>(static_cast<int>(i % 17) - 8) / 8;
  }
  operator float*() const { return data.get(); }
};

/** Ends the program where a number is not what its definition gives; `scale` is the sum of what was added, unsigned. */
void expectNear(const char* what, double got, double wanted, double scale) {
  if (std::fabs(got - wanted) <= 1e-4 * std::fabs(wanted) + 1e-5 * scale + 1e-6) return;
  std::fprintf(stderr, "%s: %g, wanted %g\n", what, got, wanted);
  std::exit(1);
}

/** A sum in double precision. */
struct Sum {
  double value = 0;
  double scale = 0;
  void add(double term) {
    value += term;
    scale += std::fabs(term);
  }
};

/** Compares some outputs of a convolution and of its gradients with their definitions. */
struct Convolution {
  const GroupedWindow& w;
  int inWide = w.inChannels / w.groups;
  int outWide = w.outChannels / w.groups;

  int pick(int below) const { return size(below) - 1; }
  size_t pixel(int image, int y, int x, int c) const {
    return ((static_cast<size_t>(image) * w.inHeight + y) * w.inWidth + x) * w.inChannels + c;
  }
  size_t position(int image, int y, int x, int c) const {
    return ((static_cast<size_t>(image) * w.outHeight + y) * w.outWidth + x) * w.outChannels + c;
  }
  /** The tap from a channel of the group to an output channel. */
  size_t tap(int down, int across, int in, int out) const {
    return ((static_cast<size_t>(down) * w.filterWidth + across) * inWide + in) * w.outChannels + out;
  }
  /** The pixel under a tap at a position; false if it lies outside. */
  bool under(int y, int x, int down, int across, int& inY, int& inX) const {
    inY = y * w.strideY - w.padTop + down * w.dilationY;
    inX = x * w.strideX - w.padLeft + across * w.dilationX;
    return inY >= 0 && inX >= 0 && inY < w.inHeight && inX < w.inWidth;
  }

  void forward(const float* x, const float* filter, const float* y) const {
    for (int i = 0; i < 40; i++) {
      const int image = pick(w.batch), row = pick(w.outHeight), column = pick(w.outWidth), out = pick(w.outChannels);
      Sum sum;
      for (int down = 0, inY, inX; down < w.filterHeight; down++)
        for (int across = 0; across < w.filterWidth; across++)
          if (under(row, column, down, across, inY, inX))
            for (int c = 0; c < inWide; c++)
              sum.add(x[pixel(image, inY, inX, out / outWide * inWide + c)] * filter[tap(down, across, c, out)]);
      expectNear("convolution", y[position(image, row, column, out)], sum.value, sum.scale);
    }
  }
  void filter(const float* x, const float* dy, const float* dFilter) const {
    for (int i = 0; i < 20; i++) {
      const int down = pick(w.filterHeight), across = pick(w.filterWidth), c = pick(inWide), out = pick(w.outChannels);
      Sum sum;
      for (int image = 0; image < w.batch; image++)
        for (int row = 0, inY, inX; row < w.outHeight; row++)
          for (int column = 0; column < w.outWidth; column++)
            if (under(row, column, down, across, inY, inX))
              sum.add(x[pixel(image, inY, inX, out / outWide * inWide + c)] * dy[position(image, row, column, out)]);
      expectNear("gradient of a filter", dFilter[tap(down, across, c, out)], sum.value, sum.scale);
    }
  }
  void input(const float* dy, const float* filter, const float* dx) const {
    for (int i = 0; i < 20; i++) {
      const int image = pick(w.batch), y = pick(w.inHeight), x = pick(w.inWidth), c = pick(w.inChannels);
      Sum sum;
      for (int row = 0, inY, inX; row < w.outHeight; row++)
        for (int column = 0; column < w.outWidth; column++)
          for (int down = 0; down < w.filterHeight; down++)
            for (int across = 0; across < w.filterWidth; across++)
              if (under(row, column, down, across, inY, inX) && inY == y && inX == x)
                for (int out = c / inWide * outWide; out < (c / inWide + 1) * outWide; out++)
                  sum.add(dy[position(image, row, column, out)] * filter[tap(down, across, c % inWide, out)]);
      expectNear("gradient of an input", dx[pixel(image, y, x, c)], sum.value, sum.scale);
    }
  }
};

void convolutions(Pool& pool, const Kernels& k) {
  const int filter = size(5), stride = one({1, 2, filter >= 4 ? 2 : 1, size(3)}), pad = one({0, 1});
  const int down = filter + size(14), across = filter + size(14);
  GroupedWindow w;
  static_cast<Window&>(w) = {size(4),
                             down,
                             across,
                             channels(),
                             (down + 2 * pad - filter) / stride + 1,
                             (across + 2 * pad - filter) / stride + 1,
                             channels(),
                             filter,
                             filter,
                             stride,
                             stride,
                             1,
                             1,
                             pad,
                             pad};
  w.groups = 1;
  const Convolution definition{w};
  Tensor x(static_cast<size_t>(w.batch) * w.inHeight * w.inWidth * w.inChannels);
  Tensor y(static_cast<size_t>(w.batch) * w.outHeight * w.outWidth * w.outChannels);
  Tensor f(static_cast<size_t>(filter) * filter * w.inChannels * w.outChannels);
  k.conv2d(pool, &w, x, f, y);
  definition.forward(x, f, y);
  y.begin();
  k.conv2dBackpropFilter(pool, &w, x, y, f);
  definition.filter(x, y, f);
  f.begin();
  k.conv2dBackpropInput(pool, &w, y, f, x);
  definition.input(y, f, x);
}

void groups(Pool& pool, const Kernels& k) {
  const int count = one({1, 2, 3, 16, 20}), inWide = one({1, 4, 16, 21}), outWide = one({1, 4, 16, 40});
  const int filter = size(4), stride = size(2), dilation = size(2), pad = one({0, 1, 2});
  const int down = 9, across = 11, reach = dilation * (filter - 1) + 1;
  GroupedWindow w;
  static_cast<Window&>(w) = {size(3),
                             down,
                             across,
                             count * inWide,
                             (down + 2 * pad - reach) / stride + 1,
                             (across + 2 * pad - reach) / stride + 1,
                             count * outWide,
                             filter,
                             filter,
                             stride,
                             stride,
                             dilation,
                             dilation,
                             pad,
                             pad};
  w.groups = count;
  Tensor x(static_cast<size_t>(w.batch) * down * across * w.inChannels);
  Tensor y(static_cast<size_t>(w.batch) * w.outHeight * w.outWidth * w.outChannels);
  Tensor f(static_cast<size_t>(filter) * filter * inWide * w.outChannels);
  const Convolution definition{w};
  k.groupedConv(pool, &w, x, f, y);
  definition.forward(x, f, y);
  y.begin();
  k.groupedFilter(pool, &w, x, y, f);
  definition.filter(x, y, f);
  f.begin();
  k.groupedInput(pool, &w, y, f, x);
  definition.input(y, f, x);
  if (inWide > 1 || outWide > 1) return;
  k.depthwiseConv(pool, &w, x, f, y, false);
  definition.forward(x, f, y);
  k.depthwiseConv(pool, &w, y, f, x, true);
  definition.input(y, f, x);
  k.depthwiseFilter(pool, &w, x, y, f);
  definition.filter(x, y, f);
}

void others(Pool& pool, const Kernels& k) {
  const int m = size(140), n = size(140), depth = size(300);
  Tensor a(static_cast<size_t>(m) * depth), b(static_cast<size_t>(depth) * n), c(static_cast<size_t>(m) * n);
  for (int flags = 0; flags < 4; flags++) {
    const bool turnA = flags & 1, turnB = flags & 2;
    k.matmul(pool, a, turnA, b, turnB, c, m, n, depth);
    for (int i = 0; i < 20; i++) {
      const int row = size(m) - 1, column = size(n) - 1;
      Sum sum;
      for (int d = 0; d < depth; d++)
        sum.add(a[turnA ? d * m + row : row * depth + d] * b[turnB ? column * depth + d : d * n + column]);
      expectNear("product", c[row * n + column], sum.value, sum.scale);
    }
  }

  const int rows = 1 + size(3000), width = 4 * size(20);
  Tensor x(static_cast<size_t>(rows) * width), y(static_cast<size_t>(rows) * width), dx(static_cast<size_t>(rows) * width);
  Tensor weight(width), bias(width), mean(width), variance(width), dWeight(width), dBias(width);
  k.batchNorm(pool, x, weight, bias, y, mean, variance, rows, width, 1e-5f, 0.2f);
  k.batchNormGrad(pool, x, weight, bias, y, mean, variance, dx, dWeight, dBias, rows, width, 1e-5f, 0.2f);

  const int pixelCount = size(900), depths = channels(), factor = size(3), side = size(9);
  Tensor pixel(static_cast<size_t>(pixelCount) * depths), slope(pixel.count), normal(pixel.count);
  k.pixelNorm(pool, pixel, normal, pixelCount, depths, 1e-8f);
  for (int i = 0; i < 20; i++) {
    const int row = size(pixelCount) - 1, c = size(depths) - 1;
    const float* from = pixel + static_cast<size_t>(row) * depths;
    double squares = 0;
    for (int d = 0; d < depths; d++) squares += from[d] * from[d];
    expectNear("pixel norm", normal[row * depths + c], from[c] / std::sqrt(squares / depths + 1e-8), 0);
  }
  k.pixelNormGrad(pool, pixel, slope, normal, pixelCount, depths, 1e-8f);
  Tensor packed(static_cast<size_t>(side) * side * depths * factor * factor), spread(packed.count);
  for (size_t i = 0; i < packed.count; i++) packed[i] = static_cast<float>(i);
  k.shuffle(pool, packed, spread, 1, side, side, depths, factor, false);
  for (int i = 0; i < 20; i++) {
    const int y = size(side * factor) - 1, across = size(side * factor) - 1, c = size(depths) - 1;
    const int place = (y % factor * factor) + across % factor, from = y / factor * side + across / factor;
    expectNear("shuffle", spread[(y * side * factor + across) * depths + c],
               packed[(from * depths + c) * factor * factor + place], 0);
  }
  k.shuffle(pool, spread, packed, 1, side, side, depths, factor, true);
  for (size_t i = 0; i < packed.count; i++) expectNear("shuffle back", packed[i], static_cast<double>(static_cast<float>(i)), 0);

  const int outer = size(9), reduced = size(40'000), inner = one({1, 1, size(20)});
  Tensor summed(static_cast<size_t>(outer) * reduced * inner), sums(static_cast<size_t>(outer) * inner);
  k.sum(pool, summed, sums, outer, reduced, inner, 0.5f);
  Sum whole;
  for (int i = 0; i < reduced; i++) whole.add(0.5 * summed[static_cast<size_t>(i) * inner]);
  expectNear("sum", sums[0], whole.value, whole.scale);

  const int count = size(70'000);
  Tensor p(count), q(count), r(count), single(1);
  std::unique_ptr<unsigned char[]> flags(new unsigned char[count]);
  k.leakyRelu(pool, p, r, count, 0.2f);
  k.leakyReluGrad(pool, p, q, r, count, 0.2f);
  k.square(pool, p, r, count);
  k.sqrt(pool, p, r, count);
  k.rsqrt(pool, p, r, count);
  k.tanh(pool, p, r, count);
  for (int i = 0; i < count; i++) expectNear("tanh", r[i], std::tanh(p[i]), 0);
  k.greater(pool, p, 4, q, 4, flags.get(), count, false);
  k.greater(pool, single, 0, q, 4, flags.get(), count, true);
  k.extremum(pool, p, 4, single, 0, r, count, true);
  k.extremum(pool, p, 4, q, 4, r, count, false);
  k.select(pool, flags.get(), p, q, r, count);

  // [images, pixels, channels] with numbers for each channel, each image, each pixel, and for all; then two whole tensors.
  const int images = size(5), pixels = size(200), wide = channels(), lines = images * pixels;
  Tensor tensor(static_cast<size_t>(lines) * wide), mixed(static_cast<size_t>(lines) * wide);
  const auto expectMixed = [&](int operation, size_t i, float other) {
    const double value = tensor[i];
    const double wanted = operation == 0   ? value + other
                          : operation == 1 ? value - other
                          : operation == 2 ? value * other
                                           : value / other;
    if (other != 0) expectNear("arithmetic", mixed[i], wanted, 0);
  };
  for (int operation = 0; operation < 4; operation++) {
    const size_t last = static_cast<size_t>(lines) * wide - 1;
    Tensor ofChannel(wide), ofImage(static_cast<size_t>(images) * wide), ofPixel(lines);
    k.arithmetic(pool, operation, tensor, wide, 1, 1, ofChannel, 0, 1, 1, mixed, lines, wide);
    expectMixed(operation, last, ofChannel[wide - 1]);
    k.arithmetic(pool, operation, tensor, wide, 1, 1, ofImage, wide, pixels, 1, mixed, lines, wide);
    expectMixed(operation, last, ofImage[static_cast<size_t>(images) * wide - 1]);
    k.arithmetic(pool, operation, tensor, wide, 1, 1, ofPixel, 1, 1, 0, mixed, lines, wide);
    expectMixed(operation, last, ofPixel[lines - 1]);
    k.arithmetic(pool, operation, tensor, 0, 1, 1, single, 0, 1, 0, mixed, 1, lines * wide);
    expectMixed(operation, last, single[0]);
    k.arithmetic(pool, operation, tensor, 0, 1, 1, tensor, 0, 1, 1, mixed, 1, lines * wide);
    expectMixed(operation, last, tensor[last]);
  }

  // Twice as many lines and columns, each a mix of two.
  const int height = size(9), across = size(9), planes = channels(), batch = size(3);
  const auto table = [](int lines) {
    std::vector<int> words;
    for (int i = 0; i <= 2 * lines; i++) words.push_back(2 * i);
    const float half = 0.5f;
    for (int i = 0; i < 2 * lines; i++) {
      for (int from : {i / 2, (i / 2 + 1) % lines}) {
        words.push_back(from);
        words.push_back(0);
        __builtin_memcpy(&words.back(), &half, sizeof(half));
      }
    }
    return words;
  };
  const auto rowTable = table(height), columnTable = table(across);
  Tensor small(static_cast<size_t>(batch) * height * across * planes), large(static_cast<size_t>(4) * batch * height * across * planes);
  k.resample(pool, small, large, batch, height, across, 2 * height, 2 * across, planes, rowTable.data(), columnTable.data());
}

void updates(const Kernels& k) {
  // Addresses are those of a heap; 0 stands for none.
  const int count = size(40'000);
  std::unique_ptr<float[]> heap(new float[64 + 7 * static_cast<size_t>(count)]());
  Pool pool(reinterpret_cast<char*>(heap.get()), 3);
  const auto at = [&](int i) { return static_cast<uint32_t>(4 * (64 + static_cast<size_t>(i) * count)); };
  for (int averages = 0; averages < 4; averages++) {
    const bool first = averages & 1, second = averages & 2;
    Update update{at(0), at(1), first ? at(2) : 0, second ? at(3) : 0, at(4), first ? at(5) : 0, second ? at(6) : 0, 4, count, 0};
    k.updateParameters(pool, &update, 1);
  }
}

}  // namespace

int main(int, char** arguments) {
  std::vector<Kernels> tables{GAN_ISA::kernels};
#if defined(GAN_HALVES)
  tables.push_back(tables[0]);
  GAN_HALVES::useHalves(tables[1]);
#endif
  Pool pool(nullptr, 3);
  const int rounds = std::atoi(arguments[1]);
  for (int i = 0; i < rounds; i++) {
    for (const Kernels& k : tables) {
      convolutions(pool, k);
      groups(pool, k);
      others(pool, k);
      updates(k);
    }
  }
  std::printf("rounds: %d\n", rounds);
}
