import type {DataType, TensorInfo} from '@tensorflow/tfjs-core';
import {compileKernels} from './module.js';
import type {Native} from './native.js';
import type {MakeOwnKernels, OwnKernels} from './own-kernels.js';
import type {Settings} from './settings.js';
import type {TfjsWasm} from './tfjs.js';
import {lost, Threads} from './threads.js';

/** Room for the sizes that are handed to a kernel as a structure. */
const structBytes = 256;

/**
 * The heap of tfjs, with a second WebAssembly module at work on it. Memory can grow, and so its views can become stale,
 * whenever something is allocated: views are made anew at each use.
 */
export class Heap {
  readonly #backend: TfjsWasm;
  readonly #native: Native;
  readonly #threads: Threads;
  readonly #struct: number;
  readonly #own: OwnKernels | undefined;
  readonly threadCount: number;
  #buffer = {address: 0, bytes: 0};
  /** Memory in which threads synchronise, and their scratch memory. */
  readonly pool: number;

  private constructor(
    backend: TfjsWasm,
    native: Native,
    pool: number,
    threads: Threads,
    threadCount: number,
    own: OwnKernels | undefined,
  ) {
    this.#backend = backend;
    this.#native = {...native, ...own?.functions};
    this.#own = own;
    this.#threads = threads;
    this.#struct = allocate(backend, structBytes);
    this.pool = pool;
    this.threadCount = threadCount;
  }

  /**
   * Loads the kernels onto the memory of the backend, in that many threads.
   * @param makeOwn makes kernels that take the place of some
   */
  static async share(backend: TfjsWasm, settings: Settings, makeOwn?: MakeOwnKernels): Promise<Heap> {
    const {threads} = settings;
    const module = await compileKernels(settings);
    const {memory} = backend.wasm.asm;
    const instance = await WebAssembly.instantiate(module, {env: {memory, lost}});
    const native = instance.exports as unknown as Native;
    const pool = allocate(backend, native.poolBytes(threads));
    native.startPool(pool, threads);
    const own = makeOwn?.(new Uint8Array(memory.buffer));
    return new Heap(backend, native, pool, new Threads(threads, {module, memory, pool}), threads, own);
  }

  /** The kernels. @throws Error if a thread is gone */
  get native(): Native {
    this.#threads.check();
    return this.#native;
  }

  /** Address of a tensor's first element. */
  address(tensor: TensorInfo): number {
    return this.#backend.dataIdMap.get(tensor.dataId).memoryOffset;
  }

  /** The elements of a tensor of float32; the view becomes stale when something is allocated. */
  values(tensor: TensorInfo): Float32Array {
    const count = tensor.shape.reduce((product, side) => product * side, 1);
    return new Float32Array(this.#backend.wasm.asm.memory.buffer, this.address(tensor), count);
  }

  /** A new tensor, its elements undefined. */
  output(shape: number[], dtype: DataType = 'float32'): TensorInfo {
    return this.#backend.makeOutput(shape, dtype);
  }

  /** True if nothing but this tensor refers to its data. */
  isSole({dataId}: TensorInfo): boolean {
    return this.#backend.refCount(dataId) === 1;
  }

  /** A new tensor with the memory of one that nobody reads any more. */
  successor({dataId, shape, dtype}: TensorInfo): TensorInfo {
    const old = this.#backend.dataIdMap.get(dataId);
    const made = this.#backend.makeOutput(shape, dtype, old.memoryOffset);
    old.memoryOffset = 0; // which is freed without effect
    return made;
  }

  /** The same data under a second tensor; freed when both are disposed of. */
  alias({dataId, shape, dtype}: TensorInfo): TensorInfo {
    this.#backend.incRef(dataId);
    return {dataId, shape, dtype};
  }

  /** Writes 32-bit integers where a kernel finds them; valid until the next call. */
  struct(values: readonly number[]): number {
    new Int32Array(this.#backend.wasm.asm.memory.buffer, this.#struct, structBytes / 4).set(values);
    return this.#struct;
  }

  /** Writes the integers into the memory for one kernel. */
  words(values: readonly number[]): number {
    const address = this.buffer(values.length * 4);
    new Int32Array(this.#backend.wasm.asm.memory.buffer, address, values.length).set(values);
    return address;
  }

  /** Memory for one kernel; valid until the next call. It grows to what the largest kernel needs and is kept. */
  buffer(bytes: number): number {
    if (bytes > this.#buffer.bytes) {
      const old = this.#buffer;
      this.#buffer = {address: 0, bytes: 0};
      if (old.bytes > 0) this.#backend.wasm._free(old.address);
      this.#buffer = {address: allocate(this.#backend, bytes), bytes};
    }
    return this.#buffer.address;
  }

  /** Puts bytes of the host at an address. */
  write(address: number, bytes: Uint8Array): void {
    new Uint8Array(this.#backend.wasm.asm.memory.buffer, address, bytes.length).set(bytes);
  }

  /** Ends the threads. What they worked in goes with the memory of the backend. */
  release(): Promise<void> {
    this.#own?.close();
    return this.#threads.close();
  }
}

/** @throws GanError GAN_BACKEND_MEMORY (memory-limit.ts) */
const allocate = (backend: TfjsWasm, bytes: number): number => backend.wasm._malloc(bytes) >>> 0; // signed above 2 GB
