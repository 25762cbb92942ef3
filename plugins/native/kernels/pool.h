// Threads that share a job of numbered chunks. What a chunk computes depends on its number only, so results do not
// depend on the number of threads.
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <thread>
#include <vector>

class Pool {
 public:
  /** @param threads in all; the calling one is the first, so 1 starts none. @throws std::system_error */
  Pool(char* heap, int threads);
  ~Pool();
  Pool(const Pool&) = delete;

  /** Address 0 of the heap on which the tensors are. */
  char* const heap;

  int threads() const { return count; }

  /**
   * Runs `body(chunk, thread)` for the chunks 0 to total - 1; returns when all are done.
   * @param small too little work to wake anybody
   */
  template <class Body>
  void run(int total, bool small, const Body& body) {
    perform(total, small, [](const void* self, int chunk, int thread) {
      (*static_cast<const Body*>(self))(chunk, thread);
    }, &body);
  }

  /** Memory of the current kernel, aligned to cache lines; valid until the next call. @throws std::bad_alloc */
  float* memory(size_t floats);

 private:
  using Chunk = void (*)(const void* body, int chunk, int thread);
  void perform(int total, bool small, Chunk chunk, const void* body);
  void work(int thread);
  void takeChunks(int thread);
  void awaitWorkers();
  void endWorkers();

  const int count;
  std::vector<std::thread> workers;
  Chunk chunk = nullptr;
  const void* body = nullptr;
  int total = 0;
  float* block = nullptr;
  size_t blockFloats = 0;
  /** Words that threads contend for have cache lines of their own. */
  alignas(64) std::atomic<unsigned> generation{0};
  alignas(64) std::atomic<int> remaining{0};
  alignas(64) std::atomic<int> pending{0};
  alignas(64) std::atomic<int> sleepers{0};
  std::atomic<bool> hostWaits{false};
  bool ended = false;
  std::mutex mutex;
  std::condition_variable wake;
  std::condition_variable done;
};
