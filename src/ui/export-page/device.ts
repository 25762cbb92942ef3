/** tfjs on the fastest of what this browser has. */
import * as tf from '@tensorflow/tfjs-core';
import {setWasmPaths} from '@tensorflow/tfjs-backend-wasm';
import '@tensorflow/tfjs-backend-webgpu';
import {urlOf} from './embedded.js';

export type DeviceName = 'webgpu' | 'wasm';

interface Gpu {
  requestAdapter(options?: object): Promise<object | null>;
}

/** True if there is an adapter. Cheap; never throws. */
async function hasAdapter(): Promise<boolean> {
  const gpu = (navigator as Navigator & {gpu?: Gpu}).gpu;
  if (!gpu) return false;
  return Boolean(await gpu.requestAdapter({powerPreference: 'high-performance'}).catch(() => null));
}

/** @param wanted the one to take; `auto` is WebGPU where there is an adapter, else WASM */
export async function openDevice(wanted: DeviceName | 'auto'): Promise<DeviceName> {
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false); // threads want headers that plain web servers do not send
  setWasmPaths({
    'tfjs-backend-wasm-threaded-simd.wasm': '', // which is never loaded, but tfjs wants a path for each
    'tfjs-backend-wasm.wasm': urlOf('tfjs-backend-wasm.wasm'),
    'tfjs-backend-wasm-simd.wasm': urlOf('tfjs-backend-wasm-simd.wasm'),
  });
  if (wanted !== 'wasm' && (await hasAdapter()) && (await start('webgpu'))) return 'webgpu';
  if (wanted === 'webgpu') throw new Error('This browser has no WebGPU adapter.');
  if (await start('wasm')) return 'wasm';
  throw new Error('WebAssembly did not start in this browser.');
}

async function start(name: DeviceName): Promise<boolean> {
  try {
    if (!(await tf.setBackend(name))) return false;
    await tf.ready();
    return true;
  } catch {
    return false;
  }
}
