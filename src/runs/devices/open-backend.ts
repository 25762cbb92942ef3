import {openRegistry, pluginIn} from '../../plugin/discover.js';
import type {Device} from '../../backends/device.js';
import {selectBackend} from './select.js';

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
