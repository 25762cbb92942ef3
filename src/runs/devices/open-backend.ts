import type {Device} from '../../backends/device.js';
import {givenOptions} from '../../config/parts.js';
import type {Given} from '../../options/options-check.js';
import type {PartChoice} from '../../options/run-config.js';
import {openRegistry, pluginIn} from '../../plugin/discover.js';
import type {Registry} from '../../plugin/registry.js';
import {needsGpu, selectBackend, type Selection} from './select.js';

export interface OpenBackendOptions {
  /** Folders of plug-in packages, beside those that are installed with this package. */
  plugins?: readonly string[];
  /** Options of the backend, by their names. */
  options?: Readonly<Record<string, unknown>>;
}

/**
 * Opens a backend for a program that uses the library: `const device = await openBackend('wasm')`, before networks are
 * made. `auto` takes the fastest that can run here. Close the device at the end.
 * @throws GanError GAN_BACKEND_UNAVAILABLE with the reasons, GAN_UNKNOWN_PART, GAN_CONFIG_VALUE of an option
 */
export async function openBackend(
  name = 'auto',
  {plugins = [], options = {}}: OpenBackendOptions = {},
): Promise<Device> {
  const given = new Map(Object.entries(options).map(([key, value]) => [key, {value, origin: 'openBackend'}]));
  const {device} = await selectBackend(openRegistry(plugins.map(pluginIn)), name, given);
  return device;
}

/** The device of a training or of a trained run. */
export interface DeviceOptions {
  /** A device that is open already. It stays open when the training or the run is closed. */
  device?: Device;
  /**
   * Instead of an open device: a backend by name, or with options: `wasm`, `{name: 'wasm', options: {threads: 2}}`.
   * `auto` takes the fastest that can run.
   */
  backend?: string | PartChoice;
  /** The device of the backend: a number, or a part of a name. */
  deviceName?: Given;
}

/** The device that the options name. `close` closes it only if this call opened it. */
export async function openDeviceFor(
  registry: Registry,
  {device, backend = 'auto', deviceName}: DeviceOptions,
): Promise<Selection & {close(): Promise<void>}> {
  if (device) {
    await registry.tensors.load();
    return {device, refused: [], close: async () => {}};
  }
  const {name, options} = typeof backend === 'string' ? {name: backend, options: {}} : backend;
  const selection = await selectBackend(registry, name, givenOptions(options), deviceName);
  return {...selection, close: async () => selection.device.close()};
}

/** Whether the device that the options name is a GPU. */
export const isOnGpu = (registry: Registry, {device, backend = 'auto', deviceName}: DeviceOptions): Promise<boolean> =>
  needsGpu(registry, device?.name ?? (typeof backend === 'string' ? backend : backend.name), deviceName);
