import type {Gan, OpenedDevice} from 'gankit/plugin';
import {Heap} from './heap.js';
import {kernels} from './kernels/index.js';
import {watchMemory} from './memory-limit.js';
import {hasKernels, registerKernels, type Api} from './kernel.js';
import type {MakeOwnKernels} from './own-kernels.js';
import type {Settings} from './settings.js';
import {startTfjs, stopTfjs} from './tfjs.js';

/** What the device needs of the plug-in API. */
export type DeviceApi = Api & Pick<Gan, 'limits'>;

/**
 * Starts tfjs-backend-wasm and puts the kernels of this package over its own until `close`.
 * @param makeOwn for another backend on the same heap: makes kernels that take the place of some of this package
 * @throws Error if it is open already, or if a file of the installation is missing
 */
export async function open(
  api: DeviceApi,
  {threads, relaxedSimd, wideSimd}: Settings,
  makeOwn?: MakeOwnKernels,
): Promise<OpenedDevice> {
  const {tf} = api;
  if (hasKernels(tf, kernels))
    throw new Error('the wasm device is open already: tfjs has one such backend; close it first');
  const backend = await startTfjs(tf);
  watchMemory(backend, api);
  const heap = await Heap.share(backend, {threads, relaxedSimd, wideSimd}, makeOwn).catch((error: unknown) => {
    stopTfjs(tf, backend);
    throw error;
  });
  const restoreKernels = registerKernels(api, heap, kernels);
  let isOpen = true;
  return {
    tfBackend: 'wasm',
    info: {simd: true, relaxedSimd, wideSimd, threads, tfjs: tf.version_core},
    hostTensors: {values: (tensor) => heap.values(tensor), make: (shape) => heap.output(shape)},
    async close() {
      if (!isOpen) return;
      isOpen = false;
      restoreKernels();
      const threadsEnded = heap.release();
      stopTfjs(tf, backend);
      await threadsEnded;
    },
  };
}
