/**
 * Shared libraries with the functions of CUDA's, made from the tables of the bindings, that accept everything and
 * compute nothing: what is tried with them is the way through koffi, the search, and scripts. Memory of the "card" is
 * memory of the process, and copies are made; kernels, products and convolutions leave their results as they are.
 */
import {execFileSync} from 'node:child_process';
import {mkdirSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {blasSignatures} from '../../../plugins/cuda/src/blas/signatures.js';
import {nvrtcSignatures} from '../../../plugins/cuda/src/compile/signatures.js';
import {dnnDetails, dnnSignatures} from '../../../plugins/cuda/src/dnn/signatures.js';
import {driverSignatures} from '../../../plugins/cuda/src/driver/signatures.js';
import type {CType, Signatures} from '../../../plugins/cuda/src/native/signatures.js';

const cTypes: Record<CType, string> = {
  int: 'int',
  uint: 'unsigned',
  u64: 'unsigned long long',
  pointer: 'void *',
  text: 'const char *',
  void: 'void',
};

/** Bodies of what does something; parameters are a, b, c and so on. */
const bodies: Record<string, string> = {
  cuDriverGetVersion: '*(int *)a = 13000;',
  cuGetErrorString: '*(const char **)b = "an error of the stub";',
  cuDeviceGetCount: '*(int *)a = 1;',
  cuDeviceGetName: 'strncpy(a, "Stub H100", b);',
  cuDeviceTotalMem_v2: '*(unsigned long long *)a = 80ull << 30;',
  cuDeviceGetAttribute: '*(int *)a = b == 8 ? 49152 : b == 16 ? 132 : b == 75 ? 9 : 0;',
  cuMemGetInfo_v2: '*(unsigned long long *)a = *(unsigned long long *)b = 80ull << 30;',
  cuMemAlloc_v2: '*(void **)a = calloc(1, b);',
  cuMemFree_v2: 'free((void *)a);',
  cuMemHostAlloc: '*(void **)a = calloc(1, b);',
  cuMemFreeHost: 'free((void *)a);',
  ...Object.fromEntries(
    ['HtoD', 'DtoH', 'DtoD'].map((way) => [`cuMemcpy${way}Async_v2`, 'memcpy((void *)a, (void *)b, c);']),
  ),
  cuMemsetD32Async: 'for (unsigned long long i = 0; i < c; i++) ((unsigned *)a)[i] = b;',
  cuStreamEndCapture: '*(unsigned long long *)b = 1;',
  cuEventElapsedTime: '*(float *)a = 0.5f;',
  nvrtcVersion: '*(int *)a = 13; *(int *)b = 0;',
  nvrtcGetNumSupportedArchs: '*(int *)a = 1;',
  nvrtcGetSupportedArchs: '*(int *)a = 90;',
  nvrtcGetCUBINSize: '*(unsigned long long *)b = 8;',
  nvrtcGetCUBIN: 'memset(b, 1, 8);',
  cublasLtMatmulAlgoGetHeuristic: '*(int *)j = 1;',
  cudnnGetVersion: 'return 92400;',
  cudnnGetCudartVersion: 'return 13030;',
  cublasLtGetStatusString: 'return "a status";',
  cudnnGetErrorString: 'return "a status";',
  nvrtcGetErrorString: 'return "a status";',
};

/** One algorithm: number 1, deterministic, no workspace. */
const found = (count: string, results: string): string =>
  `*(int *)${count} = 1; memset(${results}, 0, 48); ((int *)${results})[0] = 1; ((int *)${results})[6] = 1;`;

function body(name: string, types: readonly CType[]): string {
  if (name in bodies) return bodies[name]!;
  if (name.startsWith('cudnnFind')) return found('j', 'k');
  if (name.startsWith('cudnnGetConvolution')) return found('g', 'h');
  const makes =
    /Create$|Create(Program|TensorDescriptor|FilterDescriptor|ConvolutionDescriptor)$|Retain$|LoadData$|GetFunction$|Instantiate/.test(
      name,
    );
  return makes && types[0] === 'pointer' ? '*(unsigned long long *)a = 1;' : '';
}

const functions = (signatures: Signatures): string =>
  Object.entries(signatures)
    .map(([name, [result, ...types]]) => {
      const parameters = types.map((type, i) => `${cTypes[type]} ${String.fromCharCode(97 + i)}`).join(', ');
      return `${cTypes[result]} ${name}(${parameters}) { ${body(name, types)}${result === 'void' ? '' : ' return 0;'} }`;
    })
    .join('\n');

/** Compiles them into a folder, for GAN_CUDA_LIBS. */
export function compileStubs(folder: string): void {
  mkdirSync(folder, {recursive: true});
  const libraries: Record<string, Signatures> = {
    'libcuda.so.1': driverSignatures,
    'libnvrtc.so.13': nvrtcSignatures,
    'libcublasLt.so.13': blasSignatures,
    'libcudnn.so.9': {...dnnSignatures, ...dnnDetails},
  };
  for (const [file, signatures] of Object.entries(libraries)) {
    const source = path.join(folder, `${file}.c`);
    writeFileSync(source, `#include <stdlib.h>\n#include <string.h>\n${functions(signatures)}\n`);
    execFileSync('gcc', ['-w', '-shared', '-fPIC', source, '-o', path.join(folder, file)]);
  }
}
