import type {Gan, OpenedDevice} from 'gan/plugin';
import {Heap} from './heap.js';
import {kernels} from './kernels/index.js';
import {replaceKernels} from './registry.js';
import {startTfjs, stopTfjs} from './tfjs.js';

type Tf = Gan['tf'];

/** Starts tfjs-backend-wasm and puts the kernels of this package over its own until `close`. */
export async function open(tf: Tf): Promise<OpenedDevice> {
  const backend = await startTfjs(tf);
  const heap = await Heap.share(backend);
  const restoreKernels = replaceKernels(tf, heap, kernels);
  return {
    tfBackend: 'wasm',
    info: {simd: true, threads: 1, tfjs: tf.version_core},
    memory: () => ({bytes: tf.memory().numBytes, tensors: tf.memory().numTensors}),
    close() {
      restoreKernels();
      heap.release();
      stopTfjs(tf, backend);
    },
  };
}
