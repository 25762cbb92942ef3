// What the processor has and the system saves for every thread. The compilers' own `__builtin_cpu_supports` needs a part of
// their library that not all of them bring.
#pragma once
#if defined(__x86_64__)
#include <cpuid.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

/** Bits of CPUID and XCR0: Intel, "Software Developer's Manual", volume 2A, CPUID; volume 1, 13.3. */
struct Processor {
  bool avx2 = false;
  bool avx512 = false;
  bool avx512bf16 = false;
  /** The matrix unit, as far as the processor goes: AMX-TILE and AMX-BF16. */
  bool amx = false;

  Processor() {
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d)) return;
    const unsigned fma = 1u << 12, osxsave = 1u << 27, avx = 1u << 28;
    if ((c & (fma | osxsave | avx)) != (fma | osxsave | avx)) return;
    unsigned saved, high;
    asm("xgetbv" : "=a"(saved), "=d"(high) : "c"(0));
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return;
    const unsigned wide = 0x6, wider = 0xe6, tiles = 0x60000;
    avx2 = (saved & wide) == wide && (b & 1u << 5);
    const unsigned f = 1u << 16, dq = 1u << 17, bw = 1u << 30, vl = 1u << 31;
    avx512 = avx2 && (saved & wider) == wider && (b & (f | dq | bw | vl)) == (f | dq | bw | vl);
    const unsigned amxBf16 = 1u << 22, amxTile = 1u << 24;
    const bool hasTiles = (saved & tiles) == tiles && (d & (amxBf16 | amxTile)) == (amxBf16 | amxTile);
    avx512bf16 = avx512 && __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a & 1u << 5);
    amx = avx512bf16 && hasTiles;
  }
};

/** Asks Linux for the tiles, which it gives to processes that ask. False where it does not, and on other systems. */
inline bool allowsTiles() {
#if defined(__linux__)
  constexpr long request = 0x1023, tileData = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  static const bool allowed = syscall(SYS_arch_prctl, request, tileData) == 0;
  return allowed;
#else
  return false;
#endif
}
#endif
