import {Heap} from './heap.js';
import {kernels} from './kernels/index.js';
import type {Gan, OpenedDevice} from 'gankit/plugin';
import {watchMemory} from './memory-limit.js';
import {hasKernels, registerKernels, type Api} from './kernel.js';
import type {Settings} from './settings.js';
import {startTfjs, stopTfjs} from './tfjs.js';

/**
 * Starts tfjs-backend-wasm and puts the kernels of this package over its own until `close`.
 * @throws Error if it is open already, or if a file of the installation is missing
 */
export async function open(
  api: Api & Pick<Gan, 'limits'>,
  {threads, relaxedSimd, wideSimd}: Settings,
): Promise<OpenedDevice> {
  const {tf} = api;
  if (hasKernels(tf, kernels))
    throw new Error('the wasm device is open already: tfjs has one such backend; close it first');
  const backend = await startTfjs(tf);
  watchMemory(backend, api);
  const heap = await Heap.share(backend, {threads, relaxedSimd, wideSimd}).catch((error: unknown) => {
    stopTfjs(tf, backend);
    throw error;
  });
  const restoreKernels = registerKernels(api, heap, kernels);
  let isOpen = true;
  return {
    tfBackend: 'wasm',
    info: {simd: true, relaxedSimd, wideSimd, threads, tfjs: tf.version_core},
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
