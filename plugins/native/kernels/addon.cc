// The kernels as an addon of Node: `open(heap, threads, isa, bf16)` gives the functions that src/native.ts of
// gan-plugin-wasm describes, for the widest instruction set of this processor up to `isa`, and `close()`.
#include <node_api.h>

#include <csignal>
#include <cstring>
#include <memory>
#include <new>
#include <system_error>
#include <tuple>
#include <utility>

#include "kernels.h"
#include "processor.h"
#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#else
#include <unistd.h>
#endif
#define GAN_DECLARE(NAME)                                                                                              \
  namespace NAME {                                                                                                     \
  extern const Kernels kernels;                                                                                        \
  }
#define GAN_DECLARE_HALVES(NAME)                                                                                       \
  namespace NAME {                                                                                                     \
  void useHalves(Kernels&);                                                                                            \
  }

#if defined(__x86_64__)
#if defined(GAN_AMX)
GAN_DECLARE_HALVES(amx)
#endif
#if defined(GAN_AVX512BF16)
GAN_DECLARE_HALVES(avx512bf16)
#endif
GAN_DECLARE(avx512)
GAN_DECLARE(avx2)
#endif
GAN_DECLARE(portable)

namespace {

struct InstructionSet {
  const char* name;
  /** Those in float32. */
  const Kernels* kernels;
  bool (*supported)();
  /** Puts products with factors of bfloat16 in their place; null: it has none. */
  void (*useHalves)(Kernels&);
};

/** The widest first. */
const InstructionSet sets[] = {
#if defined(__x86_64__)
#if defined(GAN_AMX)
    {"amx", &avx512::kernels, [] { return Processor().amx && allowsTiles(); }, amx::useHalves},
#endif
#if defined(GAN_AVX512BF16)
    {"avx512bf16", &avx512::kernels, [] { return Processor().avx512bf16; }, avx512bf16::useHalves},
#endif
    {"avx512", &avx512::kernels, [] { return Processor().avx512; }, nullptr},
    {"avx2", &avx2::kernels, [] { return Processor().avx2; }, nullptr},
#endif
    {"portable", &portable::kernels, [] { return true; }, nullptr},
};

/** An open device. */
struct Device {
  std::unique_ptr<Pool> pool;
  Kernels kernels;
};

/** The kernel that runs, for what is written when it crashes. */
const char* volatile running = nullptr;

/** Names the kernel that runs, in one piece, as several threads may crash at once. */
void tellCrash() {
  const char* name = running;
  if (!name) return;
  char text[160];
  size_t length = 0;
  for (const char* part : {"gan-plugin-native: the kernel ", name, " crashed; GAN_NATIVE=off trains without it\n"})
    for (; *part && length < sizeof(text); part++) text[length++] = *part;
  // Nobody can be told that nothing could be written.
#if defined(_WIN32)
  DWORD written;
  WriteFile(GetStdHandle(STD_ERROR_HANDLE), text, static_cast<DWORD>(length), &written, nullptr);
#else
  const ssize_t written = write(STDERR_FILENO, text, length);
#endif
  (void)written;
}

#if defined(_WIN32)
LPTOP_LEVEL_EXCEPTION_FILTER earlier;

/** For what nobody has handled; then does what was done before. */
LONG WINAPI crashed(EXCEPTION_POINTERS* what) {
  tellCrash();
  return earlier ? earlier(what) : EXCEPTION_CONTINUE_SEARCH;
}

void nameCrashes() {
  static const bool once = [] {
    earlier = SetUnhandledExceptionFilter(crashed);
    return true;
  }();
  (void)once;
}
#else
const int fatal[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE};
struct sigaction earlier[sizeof(fatal) / sizeof(*fatal)];

/** Lets the signal then do what it did before. */
void crashed(int signal, siginfo_t* info, void* context) {
  tellCrash();
  for (size_t i = 0; i < sizeof(fatal) / sizeof(*fatal); i++) {
    if (fatal[i] != signal) continue;
    if (earlier[i].sa_flags & SA_SIGINFO) return earlier[i].sa_sigaction(signal, info, context);
    sigaction(signal, &earlier[i], nullptr);
  }
}

void nameCrashes() {
  static const bool once = [] {
    struct sigaction action {};
    action.sa_sigaction = crashed;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    for (size_t i = 0; i < sizeof(fatal) / sizeof(*fatal); i++) sigaction(fatal[i], &action, &earlier[i]);
    return true;
  }();
  (void)once;
}
#endif

napi_value undefined(napi_env env) {
  napi_value value;
  napi_get_undefined(env, &value);
  return value;
}

napi_value fail(napi_env env, const char* message) {
  napi_throw_error(env, nullptr, message);
  return nullptr;
}

/** An argument as the kernel takes it; addresses are numbers of bytes on the heap. */
template <class T>
T argument(napi_env env, napi_value value, char* heap) {
  if constexpr (std::is_pointer_v<T>) {
    uint32_t address = 0;
    napi_get_value_uint32(env, value, &address);
    return reinterpret_cast<T>(heap + address);
  } else if constexpr (std::is_same_v<T, bool>) {
    bool flag = false;
    napi_get_value_bool(env, value, &flag);
    return flag;
  } else if constexpr (std::is_same_v<T, int>) {
    int number = 0;
    napi_get_value_int32(env, value, &number);
    return number;
  } else {
    double number = 0;
    napi_get_value_double(env, value, &number);
    return static_cast<T>(number);
  }
}

template <class... Arguments, size_t... I>
void call(napi_env env, const napi_value* values, Pool& pool, void (*kernel)(Pool&, Arguments...),
          std::index_sequence<I...>) {
  kernel(pool, argument<Arguments>(env, values[I], pool.heap)...);
}

template <class... Arguments>
constexpr size_t countOf(void (*Kernels::*)(Pool&, Arguments...)) {
  return sizeof...(Arguments);
}

/** Calls a kernel of the table with what JavaScript gives; what is given beyond its arguments is left alone. */
template <auto MEMBER>
napi_value run(napi_env env, const char* name, napi_callback_info info) {
  constexpr size_t count = countOf(MEMBER);
  napi_value values[count];
  size_t given = count;
  void* data;
  if (napi_get_cb_info(env, info, &given, values, nullptr, &data) != napi_ok || given < count)
    return fail(env, "a kernel was called with too few arguments");
  Device& device = *static_cast<Device*>(data);
  if (!device.pool) return fail(env, "the native device is closed");
  running = name;
  try {
    call(env, values, *device.pool, device.kernels.*MEMBER, std::make_index_sequence<count>());
  } catch (const std::bad_alloc&) {
    running = nullptr;
    napi_throw_error(env, "ENOMEM", name);
    return nullptr;
  }
  running = nullptr;
  return undefined(env);
}

napi_value closeDevice(napi_env env, napi_callback_info info) {
  void* data;
  napi_get_cb_info(env, info, nullptr, nullptr, nullptr, &data);
  static_cast<Device*>(data)->pool.reset();
  return undefined(env);
}

/** Threads end before the environment does; what they read belongs to it. */
void stop(void* device) { static_cast<Device*>(device)->pool.reset(); }

/** True if `set` is one of those called `widest`, or less wide. */
bool isAtMost(const InstructionSet& set, const char* widest) {
  const char* const names[] = {"amx", "avx512bf16", "avx512", "avx2", "portable"};
  for (const char* name : names) {
    if (!strcmp(name, widest)) return true;
    if (!strcmp(name, set.name)) return false;
  }
  return false;
}

/**
 * The widest instruction set of this processor, of those that are not wider than the one named.
 * @param halves for products with factors of bfloat16
 * @returns null if there is none
 */
const InstructionSet* choose(const char* widest, bool halves) {
  for (const InstructionSet& set : sets)
    if ((!*widest || isAtMost(set, widest)) && (set.useHalves != nullptr) == halves && set.supported()) return &set;
  return nullptr;
}

/** A text, or an empty one. */
void textOf(napi_env env, napi_value value, char (&text)[16]) {
  size_t length = 0;
  if (napi_get_value_string_utf8(env, value, text, sizeof(text), &length) != napi_ok) text[0] = '\0';
}

/** False for what is no flag. */
bool flagOf(napi_env env, napi_value value) {
  bool flag = false;
  napi_get_value_bool(env, value, &flag);
  return flag;
}

/** isa(widest, bf16): the instruction set that `open` would take; undefined if there is none. */
napi_value isaName(napi_env env, napi_callback_info info) {
  napi_value values[2], name;
  size_t given = 2;
  napi_get_cb_info(env, info, &given, values, nullptr, nullptr);
  char widest[16];
  textOf(env, values[0], widest);
  const InstructionSet* set = choose(widest, flagOf(env, values[1]));
  if (!set) return undefined(env);
  napi_create_string_utf8(env, set->name, NAPI_AUTO_LENGTH, &name);
  return name;
}

/** open(heap: Uint8Array, threads, widest, bf16): the kernels. */
napi_value openDevice(napi_env env, napi_callback_info info) {
  napi_value values[4], object, function;
  size_t given = 4;
  napi_get_cb_info(env, info, &given, values, nullptr, nullptr);
  void* heap = nullptr;
  int threads = 0;
  char widest[16];
  if (napi_get_typedarray_info(env, values[0], nullptr, nullptr, &heap, nullptr, nullptr) != napi_ok || !heap)
    return fail(env, "open: wanted the bytes of the heap");
  if (napi_get_value_int32(env, values[1], &threads) != napi_ok || threads < 1)
    return fail(env, "open: wanted a number of threads");
  textOf(env, values[2], widest);
  const bool halves = flagOf(env, values[3]);
  const InstructionSet* set = choose(widest, halves);
  if (!set) return fail(env, "open: no such instruction set here");
  auto device = std::make_unique<Device>();
  device->kernels = *set->kernels;
  if (halves) set->useHalves(device->kernels);
  try {
    device->pool = std::make_unique<Pool>(static_cast<char*>(heap), threads);
  } catch (const std::system_error&) {
    return fail(env, "no more threads can be started; try --threads 1");
  }
  nameCrashes();
  napi_create_object(env, &object);
  const auto add = [&](const char* name, napi_callback callback) {
    napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, device.get(), &function);
    napi_set_named_property(env, object, name, function);
  };
#define GAN_KERNEL(NAME, ...) \
  add(#NAME, [](napi_env env_, napi_callback_info info_) { return run<&Kernels::NAME>(env_, #NAME, info_); });
  GAN_KERNELS(GAN_KERNEL)
#undef GAN_KERNEL
  add("close", closeDevice);
  napi_add_env_cleanup_hook(env, stop, device.get());
  // The functions keep the object alive as long as one of them can be called.
  device.release();
  return object;
}

napi_value initialize(napi_env env, napi_value exports) {
  napi_value function;
  napi_create_function(env, "open", NAPI_AUTO_LENGTH, openDevice, nullptr, &function);
  napi_set_named_property(env, exports, "open", function);
  napi_create_function(env, "isa", NAPI_AUTO_LENGTH, isaName, nullptr, &function);
  napi_set_named_property(env, exports, "isa", function);
  return exports;
}

}  // namespace

NAPI_MODULE(gan_native, initialize)
