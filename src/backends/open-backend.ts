import {openRegistry} from '../plugin/discover.js';
import type {Device} from './device.js';
import {selectBackend} from './select.js';

/**
 * Opens a backend for a program that uses the library: `const device = await openBackend('wasm')`, before networks are
 * made. `auto` takes the fastest that can run here. Close the device at the end.
 * @throws GanError GAN_BACKEND_UNAVAILABLE with the reasons, GAN_UNKNOWN_PART
 */
export async function openBackend(name = 'auto'): Promise<Device> {
  const {device} = await selectBackend(openRegistry(), name);
  return device;
}
