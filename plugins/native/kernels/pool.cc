// Claims count `remaining` down. A worker that comes late finds nothing left and has touched nothing, or gets a chunk of
// the next job, whose description was complete before `remaining` was set: there is no window in between.
#include "pool.h"

#include <chrono>
#include <cstdlib>
#include <new>
#if defined(__linux__)
#include <sys/mman.h>
#elif defined(_WIN32)
#include <malloc.h>
#endif

namespace {

/** How long a thread looks at a word before it sleeps: the next kernel usually comes sooner, and waking takes as long. */
constexpr auto patience = std::chrono::microseconds(50);

inline void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

void* allocate(size_t alignment, size_t bytes) {
#if defined(_WIN32)
  return _aligned_malloc(bytes, alignment);
#else
  return std::aligned_alloc(alignment, bytes);
#endif
}

void release(void* memory) {
#if defined(_WIN32)
  _aligned_free(memory);
#else
  std::free(memory);
#endif
}

/** Looks until `ready`; false if that takes too long. */
template <class Ready>
bool spin(const Ready& ready) {
  const auto end = std::chrono::steady_clock::now() + patience;
  do {
    for (int i = 0; i < 32; i++) {
      if (ready()) return true;
      pause();
    }
  } while (std::chrono::steady_clock::now() < end);
  return false;
}

}  // namespace

Pool::Pool(char* base, int threads) : heap(base), count(threads) {
  try {
    for (int thread = 1; thread < threads; thread++) workers.emplace_back([this, thread] { work(thread); });
  } catch (...) {
    endWorkers();
    throw;
  }
}

Pool::~Pool() {
  endWorkers();
  release(block);
}

void Pool::endWorkers() {
  {
    std::lock_guard<std::mutex> lock(mutex);
    ended = true;
    generation.fetch_add(1);
  }
  wake.notify_all();
  for (auto& worker : workers) worker.join();
}

float* Pool::memory(size_t floats) {
  if (floats > blockFloats) {
    release(block);
    blockFloats = 0;
    const size_t page = size_t{1} << 21;
    const size_t bytes = (floats * sizeof(float) + page - 1) / page * page;
    block = static_cast<float*>(allocate(page, bytes));
    if (!block) throw std::bad_alloc();
#if defined(__linux__)
    madvise(block, bytes, MADV_HUGEPAGE);
#endif
    blockFloats = bytes / sizeof(float);
  }
  return block;
}

void Pool::perform(int chunks, bool small, Chunk next, const void* self) {
  if (small || chunks == 1 || count == 1) {
    for (int i = 0; i < chunks; i++) next(self, i, 0);
    return;
  }
  chunk = next;
  body = self;
  total = chunks;
  pending.store(chunks);
  remaining.store(chunks);
  generation.fetch_add(1);
  if (sleepers.load() > 0) {
    // A worker about to sleep holds the lock until it does.
    std::lock_guard<std::mutex> lock(mutex);
    wake.notify_all();
  }
  takeChunks(0);
  awaitWorkers();
}

void Pool::work(int thread) {
  for (;;) {
    const unsigned seen = generation.load();
    takeChunks(thread);
    if (spin([&] { return generation.load() != seen; })) continue;
    std::unique_lock<std::mutex> lock(mutex);
    sleepers.fetch_add(1);
    // A thread that saw the last generation while it spun must not wait for another.
    wake.wait(lock, [&] { return ended || generation.load() != seen; });
    sleepers.fetch_sub(1);
    if (ended) return;
  }
}

void Pool::takeChunks(int thread) {
  for (;;) {
    const int left = remaining.fetch_sub(1);
    if (left <= 0) return;
    chunk(body, total - left, thread);
    if (pending.fetch_sub(1) == 1 && hostWaits.load()) {
      std::lock_guard<std::mutex> lock(mutex);
      done.notify_one();
    }
  }
}

void Pool::awaitWorkers() {
  const auto ready = [this] { return pending.load() == 0; };
  if (spin(ready)) return;
  std::unique_lock<std::mutex> lock(mutex);
  hostWaits.store(true);
  done.wait(lock, ready);
  hostWaits.store(false);
}
