import type {OpenedDevice} from 'gankit/plugin';
import type {Native} from 'gan-plugin-wasm/dist/native.js';
import {open as openWasm, type DeviceApi} from 'gan-plugin-wasm/dist/open.js';
import {settings as wasmSettings} from 'gan-plugin-wasm/dist/settings.js';
import {absence, bf16Absence, bf16By, loadAddon} from './addon.js';
import type {Settings} from './settings.js';

/** The kernels take memory of their own, and choose the way to compute a convolution themselves. */
const noBuffers: Partial<Native> = {
  minimalBytes: () => 0,
  scatterBytes: () => 0,
  groupedBytes: () => 0,
  batchNormBytes: () => 0,
};

/**
 * Opens the device of gan-plugin-wasm with these kernels on its heap.
 * @throws Error if it is open already, if the kernels are not there, or if those for bfloat16 are wanted and cannot run
 */
export async function open(api: DeviceApi, {threads, widest, bf16}: Settings): Promise<OpenedDevice> {
  const absent = absence();
  if (absent) throw new Error(`${absent.why}; ${absent.fix}`);
  const addon = loadAddon();
  const lacking = bf16 ? bf16Absence(addon, widest) : undefined;
  if (lacking) throw new Error(`${lacking.why}; ${lacking.fix}`);
  const wanted = wasmSettings({threads, relaxedSimd: true, wideSimd: true}, api.limits());
  const device = await openWasm(api, wanted, (heap) => {
    const {close, ...functions} = addon.open(heap, threads, widest, bf16);
    return {functions: {...functions, ...noBuffers}, close};
  });
  const precision = bf16 ? `bf16 by ${bf16By(addon, widest)}` : 'fp32';
  return {...device, info: {isa: addon.isa(widest), precision, threads, tfjs: api.tf.version_core}};
}
