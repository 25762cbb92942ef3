/**
 * Shared libraries with the functions of CUDA's, made from prototypes as NVIDIA's headers have them (prototypes/), that
 * accept what is right and compute nothing: what is tried with them is the way through koffi, the search, and scripts.
 * A handle of another kind than the function takes, or one that was destroyed, ends the process, and so do addresses
 * that are not allocated: arguments that change places are noticed. Memory of the "card" is memory of the process, and
 * copies are made; kernels, products and convolutions leave their results as they are.
 */
import {execFileSync} from 'node:child_process';
import {mkdirSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {handlesIn, prototypesOf, typesIn, type HeaderName, type Prototype} from './prototypes/read.js';

/** What all of them share. */
const common = `#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
typedef struct { char kind[48]; } Tag;
static void *make(const char *kind) {
  Tag *tag = malloc(sizeof(Tag));
  strcpy(tag->kind, kind);
  return tag;
}
static void wrong(const char *function, const char *what) {
  fprintf(stderr, "stub: %s: wrong %s\\n", function, what);
  abort();
}
static void check(const void *handle, const char *kind, const char *function, const char *name) {
  if (!handle || strcmp(((const Tag *)handle)->kind, kind)) wrong(function, name);
}
static void end(void *handle) { strcpy(((Tag *)handle)->kind, "destroyed"); }
typedef struct { uint64_t address, bytes; } Range;
static struct { Range *list; int count; } device, host;
#define add(ranges, at, size) (ranges.list = realloc(ranges.list, ++ranges.count * sizeof(Range)), ranges.list[ranges.count - 1] = (Range){(uint64_t)(at), size})
static int within(const Range *list, int count, uint64_t at, uint64_t bytes) {
  for (int i = 0; i < count; i++) if (at >= list[i].address && at + bytes <= list[i].address + list[i].bytes) return 1;
  return 0;
}
/** What the driver shows, as the process sees it when it asks. */
static const char *visible(void) { return getenv("CUDA_VISIBLE_DEVICES"); }
#define inside(ranges, at, size) if (!within(ranges.list, ranges.count, (uint64_t)(at), size)) wrong(__func__, #at)
#define drop(ranges, at) for (int i = 0;; i++) { if (i == ranges.count) wrong(__func__, #at); if (ranges.list[i].address == (uint64_t)(at)) { ranges.list[i] = ranges.list[--ranges.count]; break; } }
`;

/** One algorithm: number 1, deterministic, no workspace. */
const found = '*count = 1; memset(results, 0, sizeof(*results)); results->algo = 1; results->determinism = 1;';

/** Bodies of what does something, by the names of the parameters. */
const bodies: Record<string, string> = {
  cuDriverGetVersion: '*version = 13000;',
  cuGetErrorString: '*text = "an error of the stub";',
  cuDeviceGetCount: '*count = !visible() || *visible() != 0 && strcmp(visible(), "-1") != 0;',
  cuDeviceGet: '*device = ordinal;',
  cuDeviceGetName:
    'strncpy(name, visible() && !strncmp(visible(), "MIG-", 4) ? "Stub H100 MIG 1g" : "Stub H100", length);',
  cuDeviceTotalMem_v2: '*bytes = 80ull << 30;',
  cuDeviceGetAttribute: '*value = attribute == 8 ? 49152 : attribute == 16 ? 132 : attribute == 75 ? 9 : 0;',
  cuDeviceGetUuid_v2: 'memset(uuid, 0xab, 16);',
  cuMemGetInfo_v2: '*free = *total = 80ull << 30;',
  cuMemAlloc_v2: '*address = (CUdeviceptr)calloc(1, bytes); add(device, *address, bytes);',
  cuMemFree_v2: 'drop(device, address); free((void *)address);',
  cuMemHostAlloc: '*address = calloc(1, bytes); add(host, *address, bytes);',
  cuMemFreeHost: 'drop(host, address); free(address);',
  cuMemcpyHtoDAsync_v2: 'inside(device, to, bytes); inside(host, from, bytes); memcpy((void *)to, from, bytes);',
  cuMemcpyDtoHAsync_v2: 'inside(host, to, bytes); inside(device, from, bytes); memcpy(to, (void *)from, bytes);',
  cuMemcpyDtoDAsync_v2:
    'inside(device, to, bytes); inside(device, from, bytes); memcpy((void *)to, (void *)from, bytes);',
  cuMemsetD32Async:
    'inside(device, address, 4 * count); for (size_t i = 0; i < count; i++) ((unsigned *)address)[i] = pattern;',
  cuEventElapsedTime: '*milliseconds = 0.5f;',
  nvrtcVersion: '*major = 13; *minor = 0;',
  nvrtcGetNumSupportedArchs: '*count = 1;',
  nvrtcGetSupportedArchs: '*architectures = 90;',
  nvrtcDestroyProgram: 'check(*program, "_nvrtcProgram", __func__, "program"); end(*program);',
  nvrtcGetCUBINSize: '*bytes = 8;',
  nvrtcGetCUBIN: 'memset(code, 1, 8);',
  cublasLtMatmulAlgoGetHeuristic: '*count = 1;',
  cudnnGetVersion: 'return 92400;',
  cudnnGetCudartVersion: 'return 13030;',
  cublasLtGetStatusString: 'return "a status";',
  cudnnGetErrorString: 'return "a status";',
  nvrtcGetErrorString: 'return "a status";',
};

/** Definition of a function: its handles are checked, made or ended. */
function definition({name, result, parameters}: Prototype, kinds: ReadonlyMap<string, string>): string {
  const ends = /Destroy|Unload/.test(name);
  const handles = parameters.flatMap(({type, name: parameter}) => {
    const made = /^(\w+) \*$/.exec(type)?.[1];
    if (made !== undefined && kinds.has(made)) return ends ? [] : [`*${parameter} = make("${kinds.get(made)}");`];
    const kind = kinds.get(type.replace(/^const /, ''));
    if (kind === undefined) return [];
    return [`check(${parameter}, "${kind}", __func__, "${parameter}");${ends ? ` end(${parameter});` : ''}`];
  });
  const own = bodies[name] ?? (/^cudnn(Find|Get)Convolution/.test(name) ? found : '');
  const list = parameters.map(({type, name: parameter}) => `${type} ${parameter}`).join(', ') || 'void';
  return `${result} ${name}(${list}) { ${[...handles, own].join(' ')}${result === 'void' ? '' : ' return 0;'} }`;
}

const files: Record<string, HeaderName> = {
  'libcuda.so.1': 'cuda.h',
  'libnvrtc.so.13': 'nvrtc.h',
  'libcublasLt.so.13': 'cublasLt.h',
  'libcudnn.so.9': 'cudnn.h',
};

/** Compiles them into a folder, for GAN_CUDA_LIBS. */
export function compileStubs(folder: string): void {
  mkdirSync(folder, {recursive: true});
  for (const [file, header] of Object.entries(files)) {
    const source = path.join(folder, `${file}.c`);
    const functions = prototypesOf(header).map((prototype) => definition(prototype, handlesIn(header)));
    writeFileSync(source, [common, typesIn(header), ...functions, ''].join('\n'));
    execFileSync('gcc', ['-w', '-shared', '-fPIC', source, '-o', path.join(folder, file)]);
  }
}
