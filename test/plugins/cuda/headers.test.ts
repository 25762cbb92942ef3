import {execFileSync} from 'node:child_process';
import {existsSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {expect} from 'chai';
import {algorithmBytes, blas, blasSignatures, heuristicBytes} from '../../../plugins/cuda/src/blas/signatures.js';
import {nvrtcSignatures} from '../../../plugins/cuda/src/compile/signatures.js';
import {dnn, dnnDetails, dnnSignatures, perfBytes} from '../../../plugins/cuda/src/dnn/signatures.js';
import {cuda} from '../../../plugins/cuda/src/driver/codes.js';
import {driverSignatures} from '../../../plugins/cuda/src/driver/signatures.js';
import type {CType, Signatures} from '../../../plugins/cuda/src/native/signatures.js';
import {noCompiler} from './emulator/index.js';

/** Folders with headers of NVIDIA, those that there are. */
const includes = [process.env['CUDA_PATH'] ?? '', '/usr/local/cuda']
  .map((folder) => path.join(folder, 'include'))
  .concat(process.env['GAN_CUDA_INCLUDES']?.split(':') ?? [])
  .filter((folder) => existsSync(folder));

const folderOf = (header: string): string | undefined =>
  [...includes, '/usr/include', '/usr/include/x86_64-linux-gnu'].find((folder) =>
    existsSync(path.join(folder, header)),
  );

const includeFlags = includes.map((include) => `-I${include}`);

/** Of g++, which gives void the size of 1. */
const bytes: Record<CType, number> = {int: 4, uint: 4, u64: 8, pointer: 8, text: 8, void: 1};

/** What a C++ program that includes the header prints. */
function printed(header: string, lines: readonly string[]): string[] {
  const folder = mkdtempSync(path.join(tmpdir(), 'gan-cuda-headers-'));
  try {
    writeFileSync(
      path.join(folder, 'a.cpp'),
      `#include <${header}>
#include <cstddef>
#include <cstdio>
template <class T> struct Sizes;
template <class R, class... P> struct Sizes<R (*)(P...)> {
  static void print(const char *name) {
    std::printf("%s %zu", name, sizeof(R));
    (std::printf(" %zu", sizeof(P)), ...);
    std::printf("\\n");
  }
};
int main() {
${lines.join('\n')}
}
`,
    );
    execFileSync('g++', ['-std=c++17', '-w', ...includeFlags, 'a.cpp', '-o', 'a'], {cwd: folder});
    return execFileSync(path.join(folder, 'a'), {encoding: 'utf8'}).trim().split('\n');
  } finally {
    rmSync(folder, {recursive: true});
  }
}

/** What older versions do not have. */
const newer = [
  'CUDA_ERROR_CONTAINED',
  'CUDA_ERROR_TENSOR_MEMORY_LEAK',
  'CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED',
  'cudnnGetLastErrorString',
];

/** Without what this version of the header does not have, of that which is newer. */
function known<T>(header: string, table: Readonly<Record<string, T>>): Record<string, T> {
  const text = execFileSync('g++', ['-E', ...includeFlags, path.join(folderOf(header)!, header)], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  return Object.fromEntries(Object.entries(table).filter(([name]) => !newer.includes(name) || text.includes(name)));
}

const constants = (values: Readonly<Record<string, number>>) =>
  Object.entries(values).map(([name, value]) => `${name} ${value}`);
const printConstants = (values: Readonly<Record<string, number>>) =>
  Object.keys(values).map((name) => `std::printf("${name} %d\\n", (int)${name});`);
const sizes = (signatures: Signatures) =>
  Object.entries(signatures).map(([name, types]) => [name, ...types.map((type) => bytes[type])].join(' '));
const printSizes = (signatures: Signatures) =>
  Object.keys(signatures).map((name) => `Sizes<decltype(&${name})>::print("${name}");`);

describe("cuda: what is believed of NVIDIA's libraries, against their headers", () => {
  const cases: [
    header: string,
    signatures: Signatures,
    values: Readonly<Record<string, number>>,
    more: [expression: string, value: number][],
  ][] = [
    ['cuda.h', driverSignatures, cuda, []],
    ['nvrtc.h', nvrtcSignatures, {NVRTC_SUCCESS: 0, NVRTC_ERROR_COMPILATION: 6}, []],
    [
      'cublasLt.h',
      blasSignatures,
      blas,
      [
        ['sizeof(cublasLtMatmulHeuristicResult_t)', heuristicBytes],
        ['sizeof(cublasLtMatmulAlgo_t)', algorithmBytes],
        ['offsetof(cublasLtMatmulHeuristicResult_t, workspaceSize)', algorithmBytes],
      ],
    ],
    [
      'cudnn.h',
      {...dnnSignatures, ...dnnDetails},
      dnn,
      [
        ...['Fwd', 'BwdData', 'BwdFilter'].flatMap((kind): [string, number][] => [
          [`sizeof(cudnnConvolution${kind}AlgoPerf_t)`, perfBytes],
          ...Object.entries({algo: 0, status: 4, memory: 16, determinism: 24, mathType: 28}).map(
            ([field, at]): [string, number] => [`offsetof(cudnnConvolution${kind}AlgoPerf_t, ${field})`, at],
          ),
        ]),
      ],
    ],
  ];
  for (const [header, signatures, values, more] of cases) {
    it(header, function () {
      this.timeout(60_000);
      if (noCompiler() !== undefined || !folderOf(header)) {
        this.test!.title += ' (skipped: there is no such header, or no g++)';
        this.skip();
      }
      const [functions, present] = [known(header, signatures), known(header, values)];
      const wanted = [
        ...sizes(functions),
        ...constants(present),
        ...more.map(([expression, value]) => `${expression} ${value}`),
      ];
      const lines = [
        ...printSizes(functions),
        ...printConstants(present),
        ...more.map(([expression]) => `std::printf("%s %zu\\n", "${expression}", (size_t)(${expression}));`),
      ];
      expect(printed(header, lines)).to.deep.equal(wanted);
    });
  }
});
