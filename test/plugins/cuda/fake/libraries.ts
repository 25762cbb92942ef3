/** NVRTC, cuBLASLt and cuDNN of the fake. Descriptors are objects by handle; what is not destroyed is counted. */
import type {BlasFunctions} from '../../../../plugins/cuda/src/blas/signatures.js';
import type {NvrtcFunctions} from '../../../../plugins/cuda/src/compile/signatures.js';
import type {DnnFunctions} from '../../../../plugins/cuda/src/dnn/signatures.js';
import {expect, put, type FakeCuda} from './cuda.js';

/** Things by handle. */
class Handles<T extends object> {
  readonly #things = new Map<bigint, T>();
  #next: bigint;

  constructor(first: bigint) {
    this.#next = first;
  }

  get size(): number {
    return this.#things.size;
  }

  make(at: unknown, thing: T): number {
    this.#things.set(this.#next, thing);
    return put(at, this.#next++);
  }

  get(handle: bigint): T {
    const thing = this.#things.get(handle);
    if (!thing) throw new Error(`fake cuda: nothing has the handle ${handle}`);
    return thing;
  }

  destroy = (handle: bigint): number => expect(this.#things.delete(handle), 'a handle that is alive');
}

const bytesOf = (memory: unknown): Uint8Array => {
  const view = memory as ArrayBufferView;
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
};
const textsAt = (fake: FakeCuda, table: BigUint64Array): string[] =>
  [...table].map((address) => {
    const bytes: number[] = [];
    const one = new Uint8Array(1);
    for (let at = address; ; at++) {
      fake.library.read(at, one);
      if (one[0] === 0) return Buffer.from(bytes).toString();
      bytes.push(one[0]!);
    }
  });

interface Program {
  name: string;
  text: string;
  result?: Uint8Array;
}

/** A compiler whose machine code is the name of the source. Sources with `#error` do not compile. */
export function fakeNvrtc(
  fake: FakeCuda,
  {version = [13, 0] as readonly [number, number], architectures = [75, 80, 86, 89, 90, 100, 120]} = {},
) {
  const programs = new Handles<Program>(0x20000n);
  const compiled: {name: string; options: string[]}[] = [];
  const resultOf = (handle: bigint): Uint8Array => programs.get(handle).result ?? new Uint8Array();
  const log = Buffer.from('line 1: #error\0');
  const functions: NvrtcFunctions = {
    nvrtcVersion: (major, minor) => put(major, version[0]) || put(minor, version[1]),
    nvrtcGetErrorString: (code) => `nvrtc error ${code}`,
    nvrtcGetNumSupportedArchs: (at) => put(at, architectures.length),
    nvrtcGetSupportedArchs: (at) => {
      (at as Int32Array).set(architectures);
      return 0;
    },
    nvrtcCreateProgram: (at, text, name, headers, a, b) =>
      expect(headers === 0 && a === null && b === null, 'no headers') || programs.make(at, {text, name}),
    nvrtcCompileProgram: (handle, count, table) => {
      const program = programs.get(handle);
      const options = textsAt(fake, (table as BigUint64Array).subarray(0, count));
      compiled.push({name: program.name, options});
      if (program.text.includes('#error')) return 6;
      program.result = Buffer.from(JSON.stringify({name: sourceNames.get(program.text) ?? program.name, options}));
      return 0;
    },
    nvrtcDestroyProgram: (at) => programs.destroy((at as BigUint64Array)[0]!),
    nvrtcGetProgramLogSize: (_, at) => put(at, log.length),
    nvrtcGetProgramLog: (_, at) => (bytesOf(at).set(log), 0),
    nvrtcGetCUBINSize: (handle, at) => put(at, resultOf(handle).length),
    nvrtcGetCUBIN: (handle, at) => (bytesOf(at).set(resultOf(handle)), 0),
    nvrtcGetPTXSize: (handle, at) => put(at, resultOf(handle).length),
    nvrtcGetPTX: (handle, at) => (bytesOf(at).set(resultOf(handle)), 0),
  };
  return {functions, compiled, alive: () => programs.size};
}

/** Names of the emulator's sources by their texts. */
export const sourceNames = new Map<string, string>();

interface Layout {
  rows: number;
  columns: number;
  ld: number;
  batch: number;
  stride: number;
}

/** cuBLASLt: float32, by columns, as its documentation defines it. */
export function fakeBlas(fake: FakeCuda) {
  const handles = new Handles<object>(0x30000n);
  const operations = new Handles<{compute: number; transposed: [boolean, boolean]}>(0x31000n);
  const layouts = new Handles<Layout>(0x32000n);
  const preferences = new Handles<{attributes: Map<number, number>}>(0x33000n);
  const products: {compute: number; m: number; n: number; k: number; batch: number; workspaceBytes: number}[] = [];
  const workspaceBytes = 1000;
  const value = (memory: unknown, bytes: bigint): number => {
    const view = bytesOf(memory);
    expect(view.length === Number(bytes), 'the size of an attribute');
    const data = new DataView(view.buffer, view.byteOffset);
    return bytes === 8n ? Number(data.getBigInt64(0, true)) : data.getInt32(0, true);
  };
  const functions: BlasFunctions = {
    cublasLtGetStatusString: (code) => `cublas status ${code}`,
    cublasLtGetVersion: () => 130000,
    cublasLtCreate: (at) => handles.make(at, {}),
    cublasLtDestroy: handles.destroy,
    cublasLtMatmulDescCreate: (at, compute, scale) =>
      expect(scale === 0, 'factors in float32') || operations.make(at, {compute, transposed: [false, false]}),
    cublasLtMatmulDescSetAttribute: (handle, attribute, memory, bytes) => {
      operations.get(handle).transposed[{3: 0, 4: 1}[attribute] as 0 | 1] = value(memory, bytes) === 1;
      return 0;
    },
    cublasLtMatmulDescDestroy: operations.destroy,
    cublasLtMatrixLayoutCreate: (at, type, rows, columns, ld) =>
      expect(type === 0 && ld >= rows, 'a dense float32 matrix') ||
      layouts.make(at, {rows: Number(rows), columns: Number(columns), ld: Number(ld), batch: 1, stride: 0}),
    cublasLtMatrixLayoutSetAttribute: (handle, attribute, memory, bytes) => {
      layouts.get(handle)[({5: 'batch', 6: 'stride'} as const)[attribute as 5 | 6]] = value(memory, bytes);
      return 0;
    },
    cublasLtMatrixLayoutDestroy: layouts.destroy,
    cublasLtMatmulPreferenceCreate: (at) => preferences.make(at, {attributes: new Map()}),
    cublasLtMatmulPreferenceSetAttribute: (handle, attribute, memory, bytes) => {
      preferences.get(handle).attributes.set(attribute, value(memory, bytes));
      return 0;
    },
    cublasLtMatmulPreferenceDestroy: preferences.destroy,
    cublasLtMatmulAlgoGetHeuristic: (_handle, operation, a, b, c, d, preference, requested, results, count) => {
      [a, b, c, d].forEach((layout) => layouts.get(layout));
      operations.get(operation);
      expect(requested === 1 && bytesOf(results).length === 96, 'room for one algorithm');
      expect(preferences.get(preference).attributes.get(1)! >= workspaceBytes, 'a workspace');
      new DataView(bytesOf(results).buffer).setBigUint64(64, BigInt(workspaceBytes), true);
      bytesOf(results).fill(0xa1, 0, 64);
      return put(count, 1);
    },
    cublasLtMatmul: (
      handle,
      operation,
      alpha,
      a,
      aLayout,
      b,
      bLayout,
      beta,
      c,
      cLayout,
      d,
      dLayout,
      algorithm,
      workspace,
      bytes,
      stream,
    ) => {
      handles.get(handle);
      const {
        compute,
        transposed: [turnA, turnB],
      } = operations.get(operation);
      const [la, lb, ld] = [layouts.get(aLayout), layouts.get(bLayout), layouts.get(dLayout)];
      expect((alpha as Float32Array)[0] === 1 && (beta as Float32Array)[0] === 0, 'alpha 1 and beta 0');
      expect(
        c === d && cLayout === dLayout && bytesOf(algorithm).every((byte) => byte === 0xa1),
        'c = d, and the algorithm of the heuristic',
      );
      const [m, k] = turnA ? [la.columns, la.rows] : [la.rows, la.columns];
      const [kb, n] = turnB ? [lb.columns, lb.rows] : [lb.rows, lb.columns];
      expect(
        k === kb && ld.rows === m && ld.columns === n && [la, lb].every(({batch}) => batch === ld.batch),
        'layouts that fit',
      );
      fake.device.check(workspace, bytes, 'workspace');
      const size = (layout: Layout) => BigInt(4 * ((layout.batch - 1) * layout.stride + layout.rows * layout.columns));
      (
        [
          [a, la],
          [b, lb],
          [d, ld],
        ] as const
      ).forEach(([address, layout]) => fake.device.check(address, size(layout), 'a matrix'));
      products.push({compute, m: n, n: m, k, batch: ld.batch, workspaceBytes: Number(bytes)});
      // By columns d = op(a) op(b) is by rows d' = op(b)' op(a)', and a matrix by columns is its transpose by rows.
      return fake.streams.hand(stream, 'cublasLtMatmul', () => {
        // CUBLAS_COMPUTE_32F, with FAST_16BF, with FAST_TF32
        fake.library.roundFactors({68: 23, 75: 7, 77: 10}[compute]!);
        for (let i = 0; i < ld.batch; i++) {
          const at = (address: bigint, {stride}: Layout) => address + BigInt(4 * stride * i);
          fake.library.matmul(at(b, lb), turnB, at(a, la), turnA, at(d, ld), n, m, k);
        }
        fake.library.roundFactors(23);
      });
    },
  };
  return {functions, products, alive: () => handles.size + operations.size + layouts.size + preferences.size};
}

interface Shape {
  /** 0: channels before rows and columns (NCHW), 1: after them (NHWC). */
  format: number;
  type: number;
  n: number;
  c: number;
  h: number;
  w: number;
}
type Kind = 'forward' | 'data' | 'filter';

/**
 * What cuDNN has for a shape: an algorithm that will do, one for NCHW alone (for NHWC it has none that is
 * deterministic, or refuses it), none that is deterministic, an empty list, or a refusal.
 */
export type Offer =
  | 'one that will do'
  | 'one that splits sums'
  | 'one for NCHW alone'
  | 'one for NCHW, as NHWC is a bad parameter'
  | 'none that is deterministic'
  | 'an empty list'
  | 'nothing';

/** cuDNN: NHWC, filters as [out, height, width, in], or NCHW; float32, or bfloat16 with sums in float32. */
export function fakeDnn(
  fake: FakeCuda,
  {
    version = 91_300,
    cudart = 13_000,
    offer = 'one that will do',
  }: {version?: number; cudart?: number; offer?: Offer} = {},
) {
  const handles = new Handles<{stream: bigint}>(0x40000n);
  const tensors = new Handles<Partial<Shape>>(0x41000n);
  const filters = new Handles<Partial<Shape>>(0x42000n);
  const convolutions = new Handles<{
    pad?: [number, number];
    stride?: [number, number];
    dilation?: [number, number];
    groups?: number;
    math?: number;
  }>(0x43000n);
  const runs: {
    kind: Kind;
    algorithm: number;
    math: number | undefined;
    type: number;
    groups: number;
    format: number;
    /** To what is there. */
    adds: boolean;
    /** Part of a recording. */
    recorded: boolean;
  }[] = [];
  let measured = 0;
  let guessed = 0;
  const workspaceBytes = 4096;

  /** x, filter and y of the operands in their order. */
  const roles = (kind: Kind, first: bigint, second: bigint, result: bigint): [bigint, bigint, bigint] =>
    kind === 'forward' ? [first, second, result] : kind === 'data' ? [result, first, second] : [first, result, second];
  const shapes = (kind: Kind, first: bigint, second: bigint, conv: bigint, result: bigint) => {
    const [x, filter, y] = roles(kind, first, second, result);
    const [X, F, Y, C] = [
      tensors.get(x) as Shape,
      filters.get(filter) as Shape,
      tensors.get(y) as Shape,
      convolutions.get(conv),
    ];
    const out = (size: number, tap: number, i: 0 | 1) =>
      Math.floor((size + 2 * C.pad![i] - C.dilation![i] * (tap - 1) - 1) / C.stride![i]) + 1;
    expect(
      X.c === F.c * C.groups! &&
        F.n % C.groups! === 0 &&
        Y.c === F.n &&
        X.n === Y.n &&
        Y.h === out(X.h, F.h, 0) &&
        Y.w === out(X.w, F.w, 1) &&
        X.type === F.type &&
        F.type === Y.type &&
        [X, F, Y].every(({format}) => format === X.format),
      'shapes that fit',
    );
    return {X, F, Y, C};
  };
  const size = ({type, n, c, h, w}: Shape): number => n * c * h * w * (type === 9 ? 2 : 4);
  const checkPlaces = (kind: Kind, places: readonly [bigint, bigint, bigint, bigint, bigint, bigint, bigint]) => {
    const [first, firstAt, second, secondAt, conv, result, resultAt] = places;
    const found = shapes(kind, first, second, conv, result);
    const sizes = roles(kind, first, second, result).map((_, i) => size([found.X, found.F, found.Y][i]!));
    roles(kind, firstAt, secondAt, resultAt).forEach((address, i) =>
      fake.device.check(address, BigInt(sizes[i]!), ['x', 'filter', 'y'][i]!),
    );
    return found;
  };
  /**
   * The fastest is not deterministic, the next has another math type, the third wants too much, the fourth is what is
   * wanted.
   */
  const results = (memory: unknown, requested: number, count: unknown, math: number, format: number): number => {
    const view = new DataView(bytesOf(memory).buffer);
    expect(bytesOf(memory).length === 48 * requested && requested >= 4, 'room for all algorithms');
    if (offer === 'nothing') return 3000; // CUDNN_STATUS_NOT_SUPPORTED
    if (offer === 'one for NCHW, as NHWC is a bad parameter' && format === 1) return 2000; // CUDNN_STATUS_BAD_PARAM
    if (offer === 'an empty list') return put(count, 0);
    const none = offer === 'none that is deterministic' || (offer === 'one for NCHW alone' && format === 1);
    [
      [0, 0, math],
      [1, 1, 2],
      [2, 1, math, 2 ** 31],
      [3, 1, math],
    ].forEach(([algorithm, deterministic, type, memory2 = workspaceBytes], i) => {
      view.setInt32(48 * i, algorithm!, true);
      view.setInt32(48 * i + 4, 0, true);
      view.setFloat32(48 * i + 8, i, true);
      view.setBigUint64(48 * i + 16, BigInt(memory2), true);
      view.setInt32(48 * i + 24, none ? 0 : deterministic!, true);
      view.setInt32(48 * i + 28, type!, true);
    });
    return put(count, 4);
  };
  const search =
    (kind: Kind): DnnFunctions['cudnnFindConvolutionForwardAlgorithmEx'] =>
    (_handle, first, firstAt, second, secondAt, conv, result, resultAt, requested, count, memory, workspace, bytes) => {
      const {X} = checkPlaces(kind, [first, firstAt, second, secondAt, conv, result, resultAt]);
      fake.device.check(workspace, bytes, 'workspace');
      expect(!fake.streams.capturing, 'no measurement while a step is recorded');
      measured++;
      return results(memory, requested, count, convolutions.get(conv).math!, X.format);
    };
  const guess =
    (kind: Kind): DnnFunctions['cudnnGetConvolutionForwardAlgorithm_v7'] =>
    (_handle, first, second, conv, result, requested, count, memory) => {
      const {X} = shapes(kind, first, second, conv, result);
      guessed++;
      return results(memory, requested, count, convolutions.get(conv).math!, X.format);
    };
  const compute =
    (kind: Kind): DnnFunctions['cudnnConvolutionForward'] =>
    (handle, alpha, first, firstAt, second, secondAt, conv, algorithm, workspace, bytes, beta, result, resultAt) => {
      const {X, F, Y, C} = checkPlaces(kind, [first, firstAt, second, secondAt, conv, result, resultAt]);
      expect(
        (alpha as Float32Array)[0] === 1 &&
          [0, kind === 'filter' ? 1 : 0].includes((beta as Float32Array)[0]!) &&
          algorithm === 3 &&
          Number(bytes) === workspaceBytes,
        'the algorithm that was found',
      );
      fake.device.check(workspace, bytes, 'workspace');
      const adds = (beta as Float32Array)[0] === 1;
      const recorded = fake.streams.capturing;
      runs.push({kind, algorithm, math: C.math, type: X.type, groups: C.groups!, format: X.format, adds, recorded});
      const sizes = [X.n, X.h, X.w, X.c, Y.h, Y.w, Y.c, F.h, F.w, ...C.stride!, ...C.dilation!, ...C.pad!, C.groups!];
      return fake.streams.hand(handles.get(handle).stream, 'cudnnConvolution', () => {
        const [x, filter, y] = roles(kind, firstAt, secondAt, resultAt);
        const old = (beta as Float32Array)[0] === 1 ? [resultAt].map((at) => numbersAt(fake, at, size(F) / 4)) : [];
        convolveAs(fake, kind, sizes, X.type, X.type === 0 && C.math !== 3, [x, X], [filter, F], [y, Y]);
        for (const numbers of old) {
          const made = numbersAt(fake, resultAt, size(F) / 4);
          const sums = made.map((value, i) => {
            if (offer !== 'one that splits sums') return numbers[i]! + value;
            return Math.fround(numbers[i]! + Math.fround(value / 3)) + Math.fround(value - Math.fround(value / 3));
          });
          fake.library.write(resultAt, new Uint8Array(sums.buffer));
        }
      });
    };
  const functions: DnnFunctions = {
    cudnnGetVersion: () => version,
    cudnnGetCudartVersion: () => cudart,
    cudnnGetErrorString: (code) => `cudnn status ${code}`,
    cudnnCreate: (at) => handles.make(at, {stream: 0n}),
    cudnnDestroy: handles.destroy,
    cudnnSetStream: (handle, stream) => {
      handles.get(handle).stream = stream;
      return 0;
    },
    cudnnCreateTensorDescriptor: (at) => tensors.make(at, {}),
    cudnnSetTensor4dDescriptor: (handle, format, type, n, c, h, w) => {
      Object.assign(tensors.get(handle), {format, type, n, c, h, w});
      return expect(format === 0 || format === 1, 'NHWC or NCHW');
    },
    cudnnDestroyTensorDescriptor: tensors.destroy,
    cudnnCreateFilterDescriptor: (at) => filters.make(at, {}),
    cudnnSetFilter4dDescriptor: (handle, type, format, n, c, h, w) => {
      Object.assign(filters.get(handle), {format, type, n, c, h, w});
      return expect(format === 0 || format === 1, 'NHWC or NCHW');
    },
    cudnnDestroyFilterDescriptor: filters.destroy,
    cudnnCreateConvolutionDescriptor: (at) => convolutions.make(at, {}),
    cudnnSetConvolution2dDescriptor: (handle, padH, padW, strideH, strideW, dilationH, dilationW, mode, type) => {
      Object.assign(convolutions.get(handle), {
        pad: [padH, padW],
        stride: [strideH, strideW],
        dilation: [dilationH, dilationW],
      });
      return expect(mode === 1 && type === 0, 'a cross-correlation with sums in float32');
    },
    cudnnSetConvolutionGroupCount: (handle, groups) => {
      convolutions.get(handle).groups = groups;
      return expect(groups >= 1, 'a number of groups');
    },
    cudnnSetConvolutionMathType: (handle, math) => {
      convolutions.get(handle).math = math;
      return 0;
    },
    cudnnDestroyConvolutionDescriptor: convolutions.destroy,
    cudnnFindConvolutionForwardAlgorithmEx: search('forward'),
    cudnnFindConvolutionBackwardDataAlgorithmEx: search('data'),
    cudnnFindConvolutionBackwardFilterAlgorithmEx: search('filter'),
    cudnnGetConvolutionForwardAlgorithm_v7: guess('forward'),
    cudnnGetConvolutionBackwardDataAlgorithm_v7: guess('data'),
    cudnnGetConvolutionBackwardFilterAlgorithm_v7: guess('filter'),
    cudnnConvolutionForward: compute('forward'),
    cudnnConvolutionBackwardData: compute('data'),
    cudnnConvolutionBackwardFilter: compute('filter'),
  };
  return {
    functions,
    runs,
    counts: () => ({measured, guessed}),
    alive: () => handles.size + tensors.size + filters.size + convolutions.size,
  };
}

/**
 * Computes with the emulator's convolution, which takes float32 and filters as [height, width, in, out].
 * @param tensorCores float32 is rounded to TF32: cuDNN does that but for the math type CUDNN_FMA_MATH
 */
function convolveAs(
  {library}: FakeCuda,
  kind: Kind,
  sizes: readonly number[],
  type: number,
  tensorCores: boolean,
  ...operands: [bigint, Shape][]
): void {
  const isFilter = (i: number) => i === 1;
  const read = (i: number): Float32Array => {
    const [address, shape] = operands[i]!;
    const raw = new Uint8Array(size(shape) * (type === 9 ? 2 : 4));
    library.read(address, raw);
    const stored = type === 9 ? Float32Array.from(new Uint16Array(raw.buffer), widen) : new Float32Array(raw.buffer);
    const values = shape.format === 1 ? stored : eachTurned(stored, shape.n, shape.c, shape.h * shape.w);
    return isFilter(i) ? turned(values, shape.n, size(shape) / shape.n) : values;
  };
  const write = (i: number, values: Float32Array): void => {
    const [address, shape] = operands[i]!;
    const last = isFilter(i) ? turned(values, size(shape) / shape.n, shape.n) : values;
    const own = shape.format === 1 ? last : eachTurned(last, shape.n, shape.h * shape.w, shape.c);
    library.write(
      address,
      type === 9 ? new Uint8Array(Uint16Array.from(own, narrow).buffer) : new Uint8Array(own.buffer),
    );
  };
  const result = {forward: 2, data: 0, filter: 1}[kind];
  const [first, second] = {forward: [0, 1], data: [2, 1], filter: [0, 2]}[kind] as [number, number];
  const places = [first, second, result].map((i) => library.allocate(4 * size(operands[i]![1])));
  library.write(places[0]!, new Uint8Array(read(first).buffer));
  library.write(places[1]!, new Uint8Array(read(second).buffer));
  library.roundFactors(tensorCores ? 10 : 23);
  library.convolve(kind, sizes, places[0]!, places[1]!, places[2]!);
  library.roundFactors(23);
  const out = new Float32Array(size(operands[result]![1]));
  library.read(places[2]!, new Uint8Array(out.buffer));
  write(result, out);
  places.forEach(library.free);
}

const size = ({n, c, h, w}: Shape): number => n * c * h * w;

/** Float32 of the device. */
function numbersAt({library}: FakeCuda, address: bigint, count: number): Float32Array {
  const numbers = new Float32Array(count);
  library.read(address, new Uint8Array(numbers.buffer));
  return numbers;
}

/** [columns, rows] of [rows, columns]. */
function turned(values: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(values.length);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) out[c * rows + r] = values[r * columns + c]!;
  return out;
}

/** The same for each of many matrices. */
const eachTurned = (values: Float32Array, count: number, rows: number, columns: number): Float32Array => {
  const out = new Float32Array(values.length);
  for (let i = 0, each = rows * columns; i < count; i++)
    out.set(turned(values.subarray(i * each, (i + 1) * each), rows, columns), i * each);
  return out;
};

const bits = new Uint32Array(1);
const float = new Float32Array(bits.buffer);
const widen = (half: number): number => {
  bits[0] = half << 16;
  return float[0]!;
};
/** Of the two bfloat16 around a number the nearer, by trying both. Beside infinity there is one only. */
const narrow = (value: number): number => {
  if (Number.isNaN(value)) return 0x7fff;
  float[0] = value;
  const low = bits[0]! >>> 16;
  if (!Number.isFinite(value)) return low;
  const [down, up] = [widen(low), widen(low + 1)];
  const [a, b] = [Math.abs(value - down), Math.abs(up - value)];
  return a < b || (a === b && low % 2 === 0) ? low : low + 1;
};
