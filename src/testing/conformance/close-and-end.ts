/** Run as a process: opens a device, computes a gradient, closes the device, and has nothing more to do. */
import {pathToFileURL} from 'node:url';
import type {Device} from '../../backends/device.js';
import {tf} from '../../backends/tf.js';

interface How {
  /** An absolute path or a URL; its default export opens the device. */
  module: string;
  argument: unknown;
}

const {module, argument} = JSON.parse(process.argv[2] ?? '{}') as How;
const url = /^(file|data):/.test(module) ? module : pathToFileURL(module).href;
const {default: open} = (await import(url)) as {default: (argument: unknown) => Promise<Device>};
const device = await open(argument);
const gradient = tf.tidy(() => tf.grad((x) => tf.sum(tf.square(x)))(tf.tensor1d([1, 2])));
const [, value] = await gradient.data();
gradient.dispose();
await device.close();
if (value !== 4) throw new Error(`the gradient of x^2 at 2 is ${value}`);
process.stdout.write('closed\n');
