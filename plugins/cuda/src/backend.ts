import type {BackendValues, DataId, DataType, KernelBackend} from '@tensorflow/tfjs-core';
import type {Gan} from 'gankit/plugin';
import type {CudaDevice} from './device.js';
import type {Entry} from './tensors.js';
import type {DeviceTimes} from './profile.js';
import type {Reads} from './read.js';
import type {GpuDtype} from './gpu.js';
import {fromBytes} from './values.js';

/** Implements tfjs's backend interface on a device. */
export function kernelBackend(tf: Gan['tf'], device: CudaDevice, reads: Reads): KernelBackend {
  return new (backendClass(tf))(device, reads);
}

/** A class below the KernelBackend of that tfjs, which is handed over and never imported. */
const backendClass = (tf: Gan['tf']) =>
  class CudaBackend extends tf.KernelBackend {
    readonly #device: CudaDevice;
    readonly #reads: Reads;

    constructor(device: CudaDevice, reads: Reads) {
      super();
      this.#device = device;
      this.#reads = reads;
    }

    override write(values: BackendValues, shape: number[], dtype: DataType): DataId {
      const dataId = {};
      this.move(dataId, values, shape, dtype, 1);
      return dataId;
    }

    override move(dataId: DataId, values: BackendValues, shape: number[], dtype: DataType, refCount: number): void {
      this.#device.guard('Uploading a tensor', [{shape, dtype}], () =>
        this.#device.tensors.add(dataId, values, dtype, refCount),
      );
    }

    override async read(dataId: DataId): Promise<BackendValues> {
      const known = this.#known(dataId);
      if (known) return known;
      const entry = this.#entry(dataId); // now: it may be disposed of while it is read
      return values(await this.#reads.read(dataId, entry), entry.dtype);
    }

    override readSync(dataId: DataId): BackendValues {
      const entry = this.#entry(dataId);
      return this.#known(dataId) ?? values(this.#reads.readSync(dataId, entry), entry.dtype);
    }

    override numDataIds(): number {
      return this.#device.tensors.count;
    }

    override refCount(dataId: DataId): number {
      return this.#device.tensors.has(dataId) ? this.#entry(dataId).refs : 0;
    }

    override incRef(dataId: DataId): void {
      this.#entry(dataId).refs++;
    }

    override disposeData(dataId: DataId, force = false): boolean {
      return this.#device.disposeData(dataId, force);
    }

    override memory() {
      const {reserved, peakReserved} = this.#device.allocator.statistics;
      return {
        unreliable: false,
        numBytesInGPU: this.#device.tensors.bytes,
        numBytesInGPUAllocated: reserved,
        peakBytesInGPUAllocated: peakReserved,
      };
    }

    override timerAvailable(): boolean {
      return true;
    }

    /**
     * Time on the device of what `f` hands to it, until it returns or its promise resolves; `f` is called at once,
     * which tf.profile counts on.
     */
    override async time(f: () => unknown): Promise<DeviceTimes> {
      const profile = this.#device.beginProfile();
      try {
        try {
          const result = f();
          if (result instanceof Promise) await result;
        } finally {
          this.#device.endProfile(profile);
        }
        await this.#reads.sync();
        return this.#device.guard('Measuring', [], () => profile.times());
      } finally {
        this.#device.guard('Measuring', [], () => profile.close());
      }
    }

    override floatPrecision(): 32 {
      return 32;
    }

    override epsilon(): number {
      return 1e-7; // of tfjs, for float32
    }

    override dispose(): void {
      // the device is closed by whoever opened it
    }

    #entry(dataId: DataId): Entry {
      return this.#device.tensors.get(dataId);
    }

    /** A copy of what the host has: tfjs hands it to the user. */
    #known(dataId: DataId): BackendValues | undefined {
      this.#device.guard('Reading a tensor', [], () => {});
      return this.#entry(dataId).values?.slice();
    }
  };

/** What was read, as tfjs wants it. Only such types are on the device. */
const values = (bytes: Uint8Array, dtype: DataType): BackendValues => fromBytes(bytes, dtype as GpuDtype);
