/**
 * The parts of the two large dependencies that are used. Some are internal to tfjs-backend-webgpu, in version 4.22.
 * They are declared here so that this package compiles without the dependencies.
 */
declare module 'webgpu' {
  /** @param flags of Dawn and of dawn.node: `adapter=NAME`, `backend=vulkan` */
  export function create(flags: readonly string[]): GPU;
  /** The classes and constants of WebGPU that a browser has as globals. */
  export const globals: Record<string, unknown>;
}

declare module '@tensorflow/tfjs-backend-webgpu' {
  import {type DataType, KernelBackend, type TensorInfo} from '@tensorflow/tfjs-core';

  export interface BufferManager {
    acquireBuffer(size: number, usage: number, mappedAtCreation?: boolean, reuse?: boolean): GPUBuffer;
  }

  export class WebGPUBackend extends KernelBackend {
    constructor(device: GPUDevice, adapterInfo: GPUAdapterInfo);
    readonly device: GPUDevice;
    readonly bufferManager: BufferManager;
    readonly commandEncoder: GPUCommandEncoder | null;
    computePassEncoder: GPUComputePassEncoder | null;
    /** Counts up to a submission. */
    dispatchCountInPass: number;
    /** Tensors that the commands not yet submitted use; they are freed after that. */
    readonly commandQueueOwnedIds: WeakSet<object>;
    readonly tensorMap: {get(dataId: object): {values?: ArrayLike<number> | null}; has(dataId: object): boolean};
    ensureCommandEncoderReady(): void;
    endComputePassEncoder(): void;
    submitQueue(): void;
    makeTensorInfo(shape: number[], dtype: DataType): TensorInfo;
    /** Gives a tensor a buffer, and uploads its values if they are still on the host. */
    uploadToGPU(dataId: object): void;
    tensorToBinding(tensor: TensorInfo): GPUBindingResource;
    makeUniforms(values: readonly {type: string; data: readonly number[]}[]): GPUBindingResource;
    read(dataId: object): Promise<Float32Array | Int32Array | Uint8Array>;
    readSync(dataId: object): Float32Array | Int32Array | Uint8Array;
    disposeData(dataId: object, force?: boolean): boolean;
  }
}
