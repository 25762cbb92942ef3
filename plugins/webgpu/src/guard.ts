import type {WebGPUBackend} from '@tensorflow/tfjs-backend-webgpu';
import {firstLine, type Faults} from './faults.js';

/** Makes a backend look for faults whenever it is asked for something. */
export function guard(backend: WebGPUBackend, faults: Faults): void {
  guardReads(backend, faults);
  guardWork(backend, faults);
  guardMemory(backend, faults);
}

function guardReads(backend: WebGPUBackend, faults: Faults): void {
  const {read, readSync} = backend;
  backend.read = (dataId) => faults.answer(() => read.call(backend, dataId));
  backend.readSync = (dataId) => {
    faults.check();
    if (!backend.tensorMap.get(dataId).values) throw faults.syncRead(); // tfjs would want a canvas
    return readSync.call(backend, dataId);
  };
}

function guardWork(backend: WebGPUBackend, faults: Faults): void {
  const {uploadToGPU, device} = backend;
  const {createShaderModule, createComputePipeline} = device;
  // A shader that the device refuses fails the operation that wants it, and not all that are handed over with it.
  device.createShaderModule = (descriptor) => faults.attempt(() => createShaderModule.call(device, descriptor));
  device.createComputePipeline = (descriptor) => faults.attempt(() => createComputePipeline.call(device, descriptor));
  // Whatever is computed needs a buffer for its result first.
  backend.uploadToGPU = (dataId) => {
    faults.check();
    uploadToGPU.call(backend, dataId);
  };
}

function guardMemory({bufferManager, device: {limits}}: WebGPUBackend, faults: Faults): void {
  const {acquireBuffer} = bufferManager;
  bufferManager.acquireBuffer = (size, usage, mapped, reuse) => {
    const isTensor = (usage & GPUBufferUsage.STORAGE) !== 0;
    const limit = isTensor ? Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize) : limits.maxBufferSize;
    if (size > limit)
      throw faults.noMemory(
        `a tensor of ${mebibytes(size)} is wanted, and its buffers hold at most ${mebibytes(limit)}`,
      );
    try {
      return acquireBuffer.call(bufferManager, size, usage, mapped, reuse);
    } catch (error) {
      throw faults.noMemory(error instanceof Error ? firstLine(error.message) : String(error));
    }
  };
}

/** Resolves when all that was handed over is done, what tfjs still held back included. */
export function sync(backend: WebGPUBackend, faults: Faults): Promise<void> {
  return faults.answer(async () => {
    if (backend.commandEncoder) {
      backend.endComputePassEncoder();
      backend.submitQueue();
    }
    await backend.device.queue.onSubmittedWorkDone();
  });
}

const mebibytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;
