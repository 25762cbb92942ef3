// Runs the launches of a trace (trace.ts) again, with the threads of a block as threads of the system: what a sanitizer of the compiler
// (address, undefined, thread) finds in a kernel ends it. Memory has just the size that was asked for.
#include "shim.h"
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <mutex>
#include <pthread.h>
#include <sstream>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

thread_local Extent3 threadIdx, blockIdx;
Extent3 blockDim, gridDim;

static pthread_barrier_t barrier;
void __syncthreads() { pthread_barrier_wait(&barrier); }

extern const KernelEntry *const tables[];
static const KernelEntry *find(const std::string &source, const std::string &name) {
  for (auto *const *table = tables; *table; table++)
    for (const KernelEntry *entry = *table; entry->source; entry++)
      if (source == entry->source && name == entry->name) return entry;
  std::cerr << "no kernel " << name << " in " << source << "\n";
  std::exit(2);
}

struct Memory {
  unsigned char *data;
  size_t bytes;
};
static std::unordered_map<int, Memory> memory;

static Extent3 indexIn(size_t i, Extent3 size) {
  return {unsigned(i % size.x), unsigned(i / size.x % size.y), unsigned(i / size.x / size.y)};
}

/** Threads of a block that waits run together, one block after the other; others share all that is to be done. */
static void launch(const KernelEntry *kernel, const unsigned char *const *arguments) {
  const size_t threads = size_t(blockDim.x) * blockDim.y * blockDim.z, blocks = size_t(gridDim.x) * gridDim.y * gridDim.z;
  const size_t workers = kernel->waits ? threads : 4;
  pthread_barrier_init(&barrier, nullptr, unsigned(threads));
  pthread_barrier_t next;
  pthread_barrier_init(&next, nullptr, unsigned(workers));
  auto work = [&](size_t worker) {
    if (kernel->waits)
      for (size_t block = 0; block < blocks; block++) {
        blockIdx = indexIn(block, gridDim);
        threadIdx = indexIn(worker, blockDim);
        kernel->call(arguments);
        pthread_barrier_wait(&next); // shared memory is that of one block
      }
    else
      for (size_t i = worker; i < threads * blocks; i += workers) {
        blockIdx = indexIn(i / threads, gridDim);
        threadIdx = indexIn(i % threads, blockDim);
        kernel->call(arguments);
      }
  };
  std::vector<std::thread> all;
  for (size_t worker = 0; worker < workers; worker++) all.emplace_back(work, worker);
  for (auto &one : all) one.join();
  pthread_barrier_destroy(&barrier);
  pthread_barrier_destroy(&next);
}

static std::vector<unsigned char> bytesOf(const std::string &hex) {
  std::vector<unsigned char> bytes(hex.size() / 2);
  for (size_t i = 0; i < bytes.size(); i++) bytes[i] = (unsigned char)std::stoi(hex.substr(2 * i, 2), nullptr, 16);
  return bytes;
}

int main(int, char **argv) {
  std::ifstream trace(argv[1]);
  std::string line;
  size_t launches = 0;
  while (std::getline(trace, line)) {
    std::istringstream in(line);
    std::string what, hex;
    int id;
    in >> what >> id;
    if (what == "allocate") {
      size_t bytes;
      in >> bytes;
      void *data;
      if (posix_memalign(&data, 256, bytes)) return 3;
      std::memset(data, 0xff, bytes);
      memory[id] = {static_cast<unsigned char *>(data), bytes};
    } else if (what == "free") {
      std::free(memory.at(id).data);
      memory.erase(id);
    } else if (what == "write") {
      in >> hex;
      const auto bytes = bytesOf(hex);
      std::memcpy(memory.at(id).data, bytes.data(), bytes.size());
    } else if (what == "launch") { // id is the number of arguments; names have no spaces but in the last field
      std::string entry, source;
      unsigned dims[6];
      in >> entry;
      for (unsigned &dim : dims) in >> dim;
      std::vector<std::vector<unsigned char>> arguments;
      for (int i = 0; i < id; i++) {
        int moves;
        in >> hex >> moves;
        auto bytes = bytesOf(hex == "-" ? "" : hex);
        for (; moves > 0; moves--) { // words that are addresses
          size_t at, offset;
          int target;
          in >> at >> target >> offset;
          const uint64_t address = reinterpret_cast<uint64_t>(memory.at(target).data) + offset;
          std::memcpy(&bytes[at], &address, 8);
        }
        arguments.push_back(bytes);
      }
      std::getline(in >> std::ws, source);
      gridDim = {dims[0], dims[1], dims[2]};
      blockDim = {dims[3], dims[4], dims[5]};
      std::vector<const unsigned char *> pointers;
      for (auto &one : arguments) pointers.push_back(one.data());
      launch(find(source, entry), pointers.data());
      launches++;
    } else return 4;
  }
  std::printf("%zu launches\n", launches);
}
