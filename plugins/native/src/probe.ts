import type {Probe, SystemLimits} from 'gankit/plugin';
import {probe as probeWasm} from 'gan-plugin-wasm/dist/probe.js';
import {settings as wasmSettings} from 'gan-plugin-wasm/dist/settings.js';
import {absence, bf16Absence, bf16By, brokenAddon, loadAddon} from './addon.js';
import type {Settings} from './settings.js';

/** Checks whether the kernels are there and can be loaded, and whether the device can run that they work on. */
export async function probe({threads, widest, bf16}: Settings, limits: SystemLimits): Promise<Probe> {
  const absent = absence();
  if (absent) return {ok: false, ...absent};
  try {
    const addon = loadAddon();
    const lacking = bf16 ? bf16Absence(addon, widest) : undefined;
    if (lacking) return {ok: false, ...lacking};
    const info = {isa: addon.isa(widest), bf16: bf16By(addon, widest) ?? 'no', threads};
    const wasm = await probeWasm(wasmSettings({threads, relaxedSimd: true, wideSimd: true}, limits), limits);
    return wasm.ok ? {...wasm, info} : wasm;
  } catch (error) {
    return {ok: false, ...brokenAddon(error)};
  }
}
