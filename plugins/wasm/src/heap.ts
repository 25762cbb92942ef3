import {readFile} from 'node:fs/promises';
import {fileURLToPath} from 'node:url';
import type {DataType, TensorInfo} from '@tensorflow/tfjs-core';
import type {Native} from './native.js';
import type {TfjsWasm} from './tfjs.js';

/** Room for the sizes that are handed to a kernel as a structure. */
const structBytes = 256;

/**
 * The heap of tfjs, with a second WebAssembly module at work on it. Memory can grow, and so its views can become stale,
 * whenever something is allocated: views are made anew at each use.
 */
export class Heap {
  readonly #backend: TfjsWasm;
  readonly #struct: number;
  readonly native: Native;
  /** Scratch memory of the kernels. */
  readonly workspace: number;

  private constructor(backend: TfjsWasm, native: Native) {
    this.#backend = backend;
    this.native = native;
    this.#struct = allocate(backend, structBytes + native.workspaceBytes());
    this.workspace = this.#struct + structBytes;
  }

  /** Loads the kernels onto the memory of the backend. */
  static async share(backend: TfjsWasm): Promise<Heap> {
    const file = new URL('../dist/kernels.wasm', import.meta.url);
    const binary = await readFile(file).catch((cause: unknown) => {
      throw new Error(`${fileURLToPath(file)} cannot be read: reinstall gan-plugin-wasm, or in its sources run npm run build`, {cause});
    });
    const {instance} = await WebAssembly.instantiate(binary, {env: {memory: backend.wasm.asm.memory}});
    return new Heap(backend, instance.exports as unknown as Native);
  }

  /** Address of a tensor's first element. */
  address(tensor: TensorInfo): number {
    return this.#backend.dataIdMap.get(tensor.dataId).memoryOffset;
  }

  /** A new tensor, its elements undefined. */
  output(shape: number[], dtype: DataType = 'float32'): TensorInfo {
    return this.#backend.makeOutput(shape, dtype);
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

  /** Gives the scratch memory back. */
  release(): void {
    this.#backend.wasm._free(this.#struct);
  }
}

function allocate(backend: TfjsWasm, bytes: number): number {
  const address = backend.wasm._malloc(bytes) >>> 0; // signed above 2 GB
  if (address === 0) throw new Error(`no ${bytes} bytes left on the WebAssembly heap (4 GB at most): use smaller batches`);
  return address;
}
