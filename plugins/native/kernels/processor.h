// What the processor has and the system saves for every thread. The compilers' own `__builtin_cpu_supports` needs a part of
// their library that not all of them bring.
#pragma once
#if defined(__x86_64__)
#include <cpuid.h>

/** Bits of CPUID and XCR0: Intel, "Software Developer's Manual", volume 2A, CPUID; volume 1, 13.3. */
struct Processor {
  bool avx2 = false;
  bool avx512 = false;

  Processor() {
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d)) return;
    const unsigned fma = 1u << 12, osxsave = 1u << 27, avx = 1u << 28;
    if ((c & (fma | osxsave | avx)) != (fma | osxsave | avx)) return;
    unsigned saved, high;
    asm("xgetbv" : "=a"(saved), "=d"(high) : "c"(0));
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return;
    const unsigned wide = 0x6, wider = 0xe6;
    avx2 = (saved & wide) == wide && (b & 1u << 5);
    const unsigned f = 1u << 16, dq = 1u << 17, bw = 1u << 30, vl = 1u << 31;
    avx512 = avx2 && (saved & wider) == wider && (b & (f | dq | bw | vl)) == (f | dq | bw | vl);
  }
};
#endif
