/** A tfjs backend whose device is the emulator: the kernels of plugins/cuda on memory of this process. */
import type {BackendValues, DataType, KernelBackend, TensorInfo} from '@tensorflow/tfjs-core';
import {tf} from 'gankit';
import type {Convolution} from '../../../../plugins/cuda/src/dnn/types.js';
import type {Gpu, GpuDtype, Launch} from '../../../../plugins/cuda/src/gpu.js';
import type {EmulatorLibrary, Order} from './library.js';

interface Data {
  address: bigint;
  bytes: number;
  dtype: DataType;
  references: number;
}
type DataId = TensorInfo['dataId'];

const arrays = {float32: Float32Array, int32: Int32Array, bool: Uint8Array};
const bytesEach = (dtype: DataType): number => (dtype === 'bool' ? 1 : 4);

/** Data of tensors, as tfjs asks for it. */
export class EmulatedMemory {
  readonly #data = new Map<DataId, Data>();
  readonly #library: EmulatorLibrary;

  constructor(library: EmulatorLibrary) {
    this.#library = library;
  }

  of(dataId: DataId): Data {
    const data = this.#data.get(dataId);
    if (!data) throw new Error('emulator: this tensor was disposed of');
    return data;
  }

  make(dataId: DataId, elements: number, dtype: DataType): Data {
    const bytes = elements * bytesEach(dtype);
    const data = {address: bytes > 0 ? this.#library.allocate(bytes) : 0n, bytes, dtype, references: 1};
    this.#data.set(dataId, data);
    return data;
  }

  put(dataId: DataId, values: ArrayLike<number>, shape: readonly number[], dtype: DataType): void {
    const elements = shape.reduce((product, n) => product * n, 1);
    const {address} = this.make(dataId, elements, dtype);
    const host = arrays[dtype as GpuDtype].from(values);
    if (elements > 0) this.#library.write(address, new Uint8Array(host.buffer));
  }

  take(dataId: DataId): Float32Array | Int32Array | Uint8Array {
    const {address, bytes, dtype} = this.of(dataId);
    const host = new Uint8Array(bytes);
    if (bytes > 0) this.#library.read(address, host);
    return new arrays[dtype as GpuDtype](host.buffer);
  }

  /** Returns whether it is gone. */
  release(dataId: DataId, force: boolean): boolean {
    const data = this.#data.get(dataId);
    if (!data) return true;
    data.references--;
    if (data.references > 0 && !force) return false;
    if (data.address !== 0n) this.#library.free(data.address);
    this.#data.delete(dataId);
    return true;
  }

  get size(): number {
    return this.#data.size;
  }
}

/** The class that tfjs registers. */
export function emulatedBackend(memory: EmulatedMemory): KernelBackend {
  return Object.assign(new tf.KernelBackend(), {
    write(values: BackendValues, shape: number[], dtype: DataType) {
      const dataId = {};
      memory.put(dataId, values as Float32Array, shape, dtype);
      return dataId;
    },
    move(dataId: DataId, values: BackendValues, shape: number[], dtype: DataType, references: number) {
      memory.put(dataId, values as Float32Array, shape, dtype);
      memory.of(dataId).references = references;
    },
    read: async (dataId: DataId) => memory.take(dataId),
    readSync: (dataId: DataId) => memory.take(dataId),
    refCount: (dataId: DataId) => memory.of(dataId).references,
    incRef: (dataId: DataId) => void memory.of(dataId).references++,
    decRef: (dataId: DataId) => void memory.of(dataId).references--,
    disposeData: (dataId: DataId, force = false) => memory.release(dataId, force),
    numDataIds: () => memory.size,
    floatPrecision: () => 32 as const,
    epsilon: () => 1e-7,
    memory: () => ({unreliable: false}),
    timerAvailable: () => false,
    dispose: () => undefined,
  });
}

/** What is seen of each launch. */
export type LaunchSeen = Pick<Launch, 'source' | 'entry' | 'grid' | 'block' | 'args'>;

export interface Emulation {
  gpu: Gpu;
  /** May be changed between launches. */
  order: Order;
  /** Takes the variants with 64-bit indices of those kernels that have some. */
  wideIndices: boolean;
  /** Called before each launch. */
  seen?: (launch: LaunchSeen) => void;
}

const unused = (): never => {
  throw new Error('emulator: kernels do not use this');
};

/** The device. Faults come at once, as nothing waits here. */
export function emulate(
  library: EmulatorLibrary,
  memory: EmulatedMemory,
  wide: ReadonlyMap<string, string>,
): Emulation {
  const scratch: bigint[] = [];
  const emulation: Emulation = {order: 'mixed', wideIndices: false, gpu: undefined as unknown as Gpu};
  const take = (bytes: number): bigint => {
    const address = library.allocate(Math.max(bytes, 1));
    scratch.push(address);
    return address;
  };
  const sent = (values: ArrayBufferView): bigint => {
    const address = take(values.byteLength);
    library.write(address, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    return address;
  };
  const addressOf = (tensor: TensorInfo): bigint => memory.of(tensor.dataId).address;
  const convolve =
    (which: 'forward' | 'data' | 'filter') =>
    (conv: Convolution, first: TensorInfo, second: TensorInfo, out: bigint): void => {
      const {
        padInfo: {top, left},
        ...c
      } = conv;
      const sizes = [
        c.batchSize,
        c.inHeight,
        c.inWidth,
        c.inChannels,
        c.outHeight,
        c.outWidth,
        c.outChannels,
        c.filterHeight,
        c.filterWidth,
        c.strideHeight,
        c.strideWidth,
        c.dilationHeight,
        c.dilationWidth,
        top,
        left,
        c.groups,
      ];
      library.convolve(which, sizes, addressOf(first), addressOf(second), out);
    };
  emulation.gpu = {
    operation(_name, _inputs, run) {
      const before = scratch.length;
      try {
        return run();
      } finally {
        for (const address of scratch.splice(before)) library.free(address);
      }
    },
    output(shape, dtype) {
      const dataId = {};
      const {address} = memory.make(
        dataId,
        shape.reduce((product, n) => product * n, 1),
        dtype,
      );
      const info = {dataId, shape, dtype};
      return {info, address};
    },
    alias(tensor, shape = tensor.shape) {
      memory.of(tensor.dataId).references++;
      return {dataId: tensor.dataId, shape, dtype: tensor.dtype};
    },
    address: addressOf,
    elementOf: () => 'float',
    turnedOf: () => undefined,
    overwrite: addressOf,
    send: sent,
    constant: sent, // for the time of one operation will do
    scratch: take,
    launch({source, entry, grid, block, args}) {
      emulation.seen?.({source, entry, grid, block, args});
      if (grid.some((n) => n === 0)) return;
      const variant = emulation.wideIndices ? (wide.get(source.name) ?? source.name) : source.name;
      library.launch(variant, entry, [...grid, ...block], args, emulation.order);
    },
    copy: library.copy,
    fill: unused,
    blas: {
      matmul({m, n, k, batch = 1, a, b, c}) {
        const at = ({address, batchStride}: typeof a, dense: number, i: number): bigint =>
          address + BigInt((batchStride ?? dense) * i * 4);
        for (let i = 0; i < batch; i++)
          library.matmul(
            at(a, m * k, i),
            a.transposed ?? false,
            at(b, k * n, i),
            b.transposed ?? false,
            c + BigInt(m * n * i * 4),
            m,
            n,
            k,
          );
      },
    },
    dnn: {
      elementOf: () => 'float',
      orderOf: () => undefined,
      forward: (conv, x, filter, y) => convolve('forward')(conv, x, filter, y.address),
      dataGradient: (conv, dy, filter, dx) => convolve('data')(conv, dy, filter, dx.address),
      filterGradient: convolve('filter'),
    },
    precision: 'fp32',
    // few, so that small arrays are gone through in steps and cut in pieces
    card: {name: 'emulator', architecture: 90, multiprocessors: 3, sharedBytesPerBlock: 48 << 10},
  };
  return emulation;
}
