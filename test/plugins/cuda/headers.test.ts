import {execFileSync, spawnSync} from 'node:child_process';
import {existsSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {expect} from 'chai';
import {algorithmBytes, blas, blasSignatures, heuristicBytes} from '../../../plugins/cuda/src/blas/signatures.js';
import {nvrtcSignatures} from '../../../plugins/cuda/src/compile/signatures.js';
import {dnn, dnnDetails, dnnSignatures, perfBytes} from '../../../plugins/cuda/src/dnn/signatures.js';
import {cuda} from '../../../plugins/cuda/src/driver/codes.js';
import {driverSignatures} from '../../../plugins/cuda/src/driver/signatures.js';
import {nccl, ncclSignatures} from '../../../plugins/cuda/src/nccl/signatures.js';
import type {CType, Signatures} from '../../../plugins/cuda/src/native/signatures.js';
import {noCompiler} from './emulator/index.js';
import {handlesIn, prototypesOf, type HeaderName, type Prototype} from './prototypes/read.js';

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
const bytes: Record<CType, number> = {int: 4, uint: 4, u64: 8, pointer: 8, text: 8, id: 128, void: 1};

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

/** Whether headers and prototypes declare the same types, by a compiler; its words where they do not. */
function differences(header: HeaderName, prototypes: readonly Prototype[]): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'gan-cuda-prototypes-'));
  try {
    const lines = prototypes.map(({name, result, parameters}) => {
      const types = parameters.map(({type}) => type).join(', ');
      return `static_assert(std::is_same_v<decltype(&::${name}), ${result} (*)(${types})>, "${name}");`;
    });
    writeFileSync(path.join(folder, 'a.cpp'), `#include <${header}>\n#include <type_traits>\n${lines.join('\n')}\n`);
    const {stderr} = spawnSync('g++', ['-std=c++17', '-w', '-fsyntax-only', ...includeFlags, 'a.cpp'], {
      cwd: folder,
      encoding: 'utf8',
    });
    return stderr;
  } finally {
    rmSync(folder, {recursive: true});
  }
}

/** Types of the bindings that take a type of C. */
function takenAs(type: string, header: HeaderName): CType[] {
  const plain = type.replaceAll('const ', '').replace(/ const$/, '');
  if (plain === 'void') return ['void'];
  if (plain === 'ncclUniqueId') return ['id'];
  if (plain === 'char *') return ['text', 'pointer'];
  if (plain.endsWith('*')) return ['pointer', 'u64'];
  if (/^(size_t|u?int64_t|unsigned long long|CUdeviceptr|cuuint64_t)$/.test(plain)) return ['u64'];
  return plain === 'unsigned int' ? ['uint'] : handlesIn(header).has(plain) ? ['u64'] : ['int'];
}

describe("cuda: what is believed of NVIDIA's libraries, against their headers", () => {
  const cases: [
    header: HeaderName,
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
    ['nccl.h', ncclSignatures, nccl, [['sizeof(ncclUniqueId)', nccl.NCCL_UNIQUE_ID_BYTES]]],
  ];
  for (const [header, signatures, values, more] of cases) {
    const prototypes = prototypesOf(header);
    it(`${header}: the bindings are those of the prototypes`, () => {
      expect(Object.keys(signatures).sort()).to.deep.equal(prototypes.map(({name}) => name).sort());
      for (const {name, result, parameters} of prototypes) {
        const types = signatures[name]!;
        expect(types.length, name).to.equal(parameters.length + 1);
        [result, ...parameters.map(({type}) => type)].forEach((type, i) =>
          expect(takenAs(type, header), `${name}, ${i}: ${type}`).to.include(types[i]),
        );
      }
    });

    it(`${header}: the prototypes are NVIDIA's, and two arguments that change places are noticed`, function () {
      this.timeout(60_000);
      if (noCompiler() !== undefined || !folderOf(header)) {
        this.test!.title += ' (skipped: there is no such header, or no g++)';
        this.skip();
      }
      const there = known(header, signatures);
      const present = prototypes.filter(({name}) => name in there);
      expect(differences(header, present)).to.equal('');
      const swapped = present.map((prototype) => {
        const [first, ...rest] = prototype.parameters;
        const other = rest.find(({type}) => type !== first!.type);
        if (!other) return prototype;
        const parameters = prototype.parameters.map((one) => (one === first ? other : one === other ? first! : one));
        return {...prototype, parameters};
      });
      const noticed = [...differences(header, swapped).matchAll(/static assertion failed: (\w+)/g)].map(
        ([, name]) => name,
      );
      expect(noticed).to.deep.equal(swapped.filter((one, i) => one !== present[i]).map(({name}) => name));
    });

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
