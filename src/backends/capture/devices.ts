import type {DeviceCapture} from '../device.js';
import {tf} from '../tf.js';

const captures = new WeakMap<object, DeviceCapture>();

/** What the current backend can repeat steps with; undefined: kernel by kernel. */
export const deviceCapture = (): DeviceCapture | undefined => captures.get(tf.backend());

/** Says what the current backend can repeat steps with. */
export function setDeviceCapture(capture: DeviceCapture | undefined): void {
  if (capture) captures.set(tf.backend(), capture);
  else captures.delete(tf.backend());
}
