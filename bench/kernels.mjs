// Speed of the wasm plug-in's matrix kernels against those of tfjs-backend-wasm, at the shapes of a DCGAN for 64 x 64
// images. Alternates between the two and prints medians.
//
//     npm run build && node bench/kernels.mjs [batch=16] [repetitions=7] [filter]
import os from 'node:os';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import {opt} from '../dist/plugin/options.js';
import plugin from '../plugins/wasm/dist/index.js';

const [batch, repetitions] = [process.argv[2] ?? 16, process.argv[3] ?? 7].map(Number);
const only = process.argv[4] ?? '';
const threads = process.env.THREADS ? Number(process.env.THREADS) : undefined;
const relaxedSimd = process.env.RELAXED_SIMD !== '0';
const wideSimd = process.env.WIDE_SIMD !== '0';
const names = ['Conv2D', 'Conv2DBackpropFilter', 'Conv2DBackpropInput', 'BatchMatMul'];
const stock = new Map(names.map((name) => [name, tf.getKernel(name, 'wasm')]));
const device = await plugin({tf, opt, backend: (definition) => definition}).create({threads, relaxedSimd, wideSimd}).open();
const own = new Map(names.map((name) => [name, tf.getKernel(name, 'wasm')]));

// [side of the input, channels in, channels out, side of the filter, stride, padding]; a generator's layers are the
// same convolutions run backwards.
const convolutions = [
  [64, 3, 64, 4, 2, 1], [32, 64, 128, 4, 2, 1], [16, 128, 256, 4, 2, 1], [8, 256, 512, 4, 2, 1], [4, 512, 1, 4, 1, 0],
  [4, 512, 100, 4, 1, 0], [32, 64, 64, 3, 1, 1],
];
const cases = [];
for (const [side, inChannels, outChannels, filterSide, stride, pad] of convolutions) {
  const inputShape = [batch, side, side, inChannels];
  const filterShape = [filterSide, filterSide, inChannels, outChannels];
  const attrs = {strides: stride, pad, dataFormat: 'NHWC', dimRoundingMode: 'floor', dilations: 1};
  const {outShape} = tf.backend_util.computeConv2DInfo(inputShape, filterShape, stride, 1, pad, 'floor');
  const flops = 2 * outShape[0] * outShape[1] * outShape[2] * tf.util.sizeFromShape(filterShape);
  const label = `${side}x${side} ${inChannels}->${outChannels} ${filterSide}x${filterSide}/${stride}`;
  const x = tf.randomNormal(inputShape);
  const filter = tf.randomNormal(filterShape);
  const dy = tf.randomNormal(outShape);
  cases.push(
    {name: 'Conv2D', label, flops, inputs: {x, filter}, attrs},
    {name: 'Conv2DBackpropFilter', label, flops, inputs: {x, dy}, attrs: {...attrs, filterShape}},
    {name: 'Conv2DBackpropInput', label, flops, inputs: {dy, filter}, attrs: {...attrs, inputShape}},
  );
}
for (const [m, k, n, transposeA, transposeB] of [
  [512, 512, 512, false, false], [512, 512, 512, true, false], [512, 512, 512, false, true], [batch, 512, 512, false, true],
]) {
  const a = tf.randomNormal(transposeA ? [k, m] : [m, k]);
  const b = tf.randomNormal(transposeB ? [n, k] : [k, n]);
  const label = `${m}x${k}x${n}${transposeA ? ' a^T' : ''}${transposeB ? ' b^T' : ''}`;
  cases.push({name: 'BatchMatMul', label, flops: 2 * m * k * n, inputs: {a, b}, attrs: {transposeA, transposeB}});
}

/** Milliseconds of one call. The filter is a new tensor each time, as in training: XNNPACK keeps the packed one otherwise. */
function time(kernel, {inputs, attrs}) {
  const fresh = inputs.filter ? {...inputs, filter: tf.mul(inputs.filter, 1)} : inputs;
  const start = performance.now();
  const out = kernel.kernelFunc({inputs: fresh, attrs, backend: tf.backend()});
  const elapsed = performance.now() - start;
  tf.backend().disposeData(out.dataId);
  if (fresh !== inputs) fresh.filter.dispose();
  return elapsed;
}
const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

console.log(`batch ${batch}, Node ${process.version}, ${os.cpus()[0]?.model}, tfjs ${tf.version_core}, median of ${repetitions}`);
console.log(`${'kernel'.padEnd(21)}${'shape'.padEnd(24)}${'own ms'.padStart(9)}${'GFLOP/s'.padStart(9)}${'stock ms'.padStart(10)}${'GFLOP/s'.padStart(9)}`);
for (const entry of cases.filter(({name, label}) => `${name} ${label}`.includes(only))) {
  const times = [[], []];
  const kernels = [own.get(entry.name), stock.get(entry.name)];
  for (let i = 0; i <= repetitions; i++) {
    kernels.forEach((kernel, which) => {
      if (kernel) times[which].push(time(kernel, entry));
    });
    if (i === 0) times.forEach((list) => list.splice(0)); // warming up
  }
  const columns = times.map((list, which) => (list.length === 0
    ? `${'none'.padStart(9 + which)}${''.padStart(9)}`
    : `${median(list).toFixed(2).padStart(9 + which)}${(entry.flops / median(list) / 1e6).toFixed(1).padStart(9)}`));
  console.log(entry.name.padEnd(21) + entry.label.padEnd(24) + columns.join(''));
}
await device.close();
