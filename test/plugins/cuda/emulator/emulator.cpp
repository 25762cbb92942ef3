// Runs kernels: every block of a grid, one after the other; the threads of a block as fibers where they wait for each other.
#include "shim.h"
#include <csetjmp>
#include <cstdlib>
#include <map>
#include <string>
#include <ucontext.h>
#include <vector>

Extent3 threadIdx, blockIdx, blockDim, gridDim;

static std::string fault;

// ---- memory: what lies around an allocation is watched, what lies in it is NaN until it is written ----

static const size_t zone = 256;
static std::map<unsigned char *, size_t> allocations;

static bool untouched(const unsigned char *from) {
  for (size_t i = 0; i < zone; i++)
    if (from[i] != 0xff) return false;
  return true;
}
static const char *touched(const char *by) {
  for (auto &[address, bytes] : allocations) {
    if (untouched(address - zone) && untouched(address + bytes)) continue;
    fault = std::string(by) + " wrote outside of an array of " + std::to_string(bytes) + " bytes";
    std::memset(address - zone, 0xff, zone);
    std::memset(address + bytes, 0xff, zone);
    return fault.c_str();
  }
  return nullptr;
}

extern "C" uint64_t emulator_allocate(uint64_t bytes) {
  auto *start = bytes > (1ull << 32) ? nullptr : static_cast<unsigned char *>(std::aligned_alloc(256, (bytes + 2 * zone + 255) / 256 * 256));
  if (!start) return 0; // no test needs more than 4 GiB
  auto *address = start + zone;
  std::memset(address - zone, 0xff, bytes + 2 * zone);
  allocations[address] = bytes;
  return reinterpret_cast<uint64_t>(address);
}
extern "C" void emulator_free(uint64_t address) {
  auto *start = reinterpret_cast<unsigned char *>(address);
  if (!allocations.erase(start)) std::abort();
  std::free(start - zone);
}
extern "C" void emulator_write(uint64_t to, const void *from, uint64_t bytes) { std::memcpy(reinterpret_cast<void *>(to), from, bytes); }
extern "C" void emulator_read(uint64_t from, void *to, uint64_t bytes) { std::memcpy(to, reinterpret_cast<void *>(from), bytes); }
extern "C" void emulator_copy(uint64_t from, uint64_t to, uint64_t bytes) { std::memcpy(reinterpret_cast<void *>(to), reinterpret_cast<void *>(from), bytes); }
extern "C" uint64_t emulator_allocations() { return allocations.size(); }

// ---- threads ----

struct Fiber {
  ucontext_t context;
  jmp_buf resume;
  Extent3 index;
  bool started = false, done = false;
};
static std::vector<Fiber *> fibers;
static Fiber *running;
static jmp_buf scheduler;
static const KernelEntry *kernel;
static const unsigned char *const *arguments;

static void leave() {
  if (!_setjmp(running->resume)) _longjmp(scheduler, 1);
}
void __syncthreads() { leave(); }

// A fiber serves one thread after the other, so that it is made once.
static void serve() {
  for (;;) {
    kernel->call(arguments);
    running->done = true;
    leave();
  }
}
static void enter(Fiber *fiber) {
  running = fiber;
  threadIdx = fiber->index;
  if (_setjmp(scheduler)) return;
  if (fiber->started) _longjmp(fiber->resume, 1);
  fiber->started = true;
  setcontext(&fiber->context);
}
static Fiber *makeFiber() {
  static const size_t stackBytes = 64 << 10;
  auto *fiber = new Fiber();
  getcontext(&fiber->context);
  fiber->context.uc_stack.ss_sp = std::malloc(stackBytes);
  fiber->context.uc_stack.ss_size = stackBytes;
  fiber->context.uc_link = nullptr;
  makecontext(&fiber->context, serve, 0);
  return fiber;
}

// The i-th of n in an order: forwards, backwards, or mixed up.
enum Order { forwards, backwards, mixed };
static size_t inOrder(size_t i, size_t n, int order) {
  if (order == forwards) return i;
  if (order == backwards) return n - 1 - i;
  size_t step = n / 2 + 1;
  auto divides = [](size_t a, size_t b) { while (b) { size_t rest = a % b; a = b; b = rest; } return a; };
  while (divides(step, n) != 1) step++;
  return (i * step + n / 3) % n;
}
static Extent3 indexIn(size_t i, Extent3 size) {
  return {unsigned(i % size.x), unsigned(i / size.x % size.y), unsigned(i / size.x / size.y)};
}

static const char *runBlock(size_t threads, int order) {
  if (!kernel->waits) {
    for (size_t i = 0; i < threads; i++) {
      threadIdx = indexIn(inOrder(i, threads, order), blockDim);
      kernel->call(arguments);
    }
    return nullptr;
  }
  while (fibers.size() < threads) fibers.push_back(makeFiber());
  for (size_t i = 0; i < threads; i++) {
    fibers[i]->index = indexIn(i, blockDim);
    fibers[i]->done = false;
  }
  for (size_t left = threads; left > 0;) {
    size_t ended = 0;
    for (size_t i = 0; i < threads; i++) {
      Fiber *fiber = fibers[inOrder(i, threads, order)];
      enter(fiber);
      if (fiber->done) ended++;
    }
    if (ended != 0 && ended != left) {
      fibers.clear(); // those that wait do so for ever
      return (fault = std::string(kernel->name) + ": " + std::to_string(ended) + " of " + std::to_string(left) + " threads of a block ended while the others wait").c_str();
    }
    left -= ended;
  }
  return nullptr;
}

// ---- launches ----

extern const KernelEntry *const tables[];
static const KernelEntry *find(const char *source, const char *name) {
  for (auto *const *table = tables; *table; table++)
    for (const KernelEntry *entry = *table; entry->source; entry++)
      if (!std::strcmp(entry->source, source) && !std::strcmp(entry->name, name)) return entry;
  return nullptr;
}

/**
 * Null, or what is wrong. `kinds` has a letter for each argument: pointer, float, integer, struct; their bytes lie in `bytes` at `offsets`.
 */
extern "C" const char *emulator_launch(
  const char *source, const char *name, const unsigned *dims, const char *kinds, const unsigned char *bytes, const unsigned *offsets, int order
) {
  kernel = find(source, name);
  if (!kernel) return (fault = std::string("no kernel ") + name + " in the source " + source).c_str();
  if (std::strcmp(kernel->kinds, kinds)) return (fault = std::string(source) + " " + name + ": the arguments are of the kinds " + kinds + ", the parameters " + kernel->kinds).c_str();
  const unsigned char *pointers[32];
  for (size_t i = 0; kinds[i]; i++) {
    unsigned size = offsets[i + 1] - offsets[i];
    if (size != kernel->sizes[i]) return (fault = std::string(source) + " " + name + ": argument " + std::to_string(i) + " has " + std::to_string(size) + " bytes, the parameter " + std::to_string(kernel->sizes[i])).c_str();
    pointers[i] = bytes + offsets[i];
  }
  arguments = pointers;
  gridDim = {dims[0], dims[1], dims[2]};
  blockDim = {dims[3], dims[4], dims[5]};
  // the limits of every card since compute capability 3.5
  size_t threads = size_t(blockDim.x) * blockDim.y * blockDim.z;
  if (threads > 1024 || blockDim.z > 64 || gridDim.x > 2147483647u || gridDim.y > 65535 || gridDim.z > 65535) return (fault = std::string(source) + " " + name + ": no card takes such a grid").c_str();
  size_t blocks = size_t(gridDim.x) * gridDim.y * gridDim.z;
  for (size_t i = 0; i < blocks; i++) {
    blockIdx = indexIn(inOrder(i, blocks, order), gridDim);
    if (const char *what = runBlock(threads, order)) return what;
  }
  return touched(name);
}

/** The kinds and sizes of a kernel's parameters, as `emulator_launch` wants the arguments; returns how many, or -1 where there is no such kernel. */
extern "C" int emulator_parameters(const char *source, const char *name, char *kinds, unsigned *sizes) {
  const KernelEntry *entry = find(source, name);
  if (!entry) return -1;
  int count = 0;
  for (; entry->kinds[count]; count++) {
    kinds[count] = entry->kinds[count];
    sizes[count] = entry->sizes[count];
  }
  return count;
}
