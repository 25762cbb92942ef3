// The card's peak as bench/gpu.mjs measures it: the product of two square matrices by the backend's own path
// (cuBLASLt), in the precision that the training has; prints a line of JSON.
//
//     node peak.mjs [SIZE=8192, a multiple of 256] [BACKEND=cuda] [PRECISION]
//
// Blocks of products, as many as take half a second, with the device waited for around each block only; the fastest
// block counts.
import {openBackend, tf} from '../../dist/index.js';

const [size = 8192] = process.argv.slice(2, 3).map(Number);
const [backend = 'cuda', precision] = process.argv.slice(3);
const device = await openBackend(backend, precision === undefined ? {} : {options: {precision}});
// numbers such as a training has: a card that multiplies zeros draws less power, and is faster
const tile = Math.min(size, 256);
const [a, b] = [1, 2].map((seed) =>
  tf.tidy(() => tf.tile(tf.randomNormal([tile, tile], 0, 1, 'float32', seed), [size / tile, size / tile])),
);
async function milliseconds(products) {
  await device.sync();
  const start = performance.now();
  for (let i = 0; i < products; i++) tf.dispose(tf.matMul(a, b));
  await device.sync();
  return performance.now() - start;
}
await milliseconds(2);
const products = Math.max(1, Math.ceil(500 / (await milliseconds(1))));
const blocks = [];
for (let i = 0; i < 5; i++) blocks.push(await milliseconds(products));
tf.dispose([a, b]);
await device.close();
console.log(JSON.stringify({size, products, tflops: (2 * size ** 3 * products) / Math.min(...blocks) / 1e9}));
