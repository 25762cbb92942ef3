// Speed of the wasm plug-in's matrix kernels against those of tfjs-backend-wasm, at the shapes of a DCGAN for 64 x 64
// images, beside the most that WebAssembly computes on this machine (bench/peak.mjs). Then that of its kernels for
// grouped convolution and for resampling, against the compositions that compute these without a kernel. Alternates
// between the two, prints medians. GFLOP/s count the multiplications and additions of the plain algorithm, of which
// minimal filtering does fewer; GB/s, of kernels that mostly move, what is read once and written once.
//
//     npm run bench:kernels -- [--batch 32] [--repetitions 7] [--only TEXT] [--json FILE] [--svg FILE]
//
// THREADS=1, RELAXED_SIMD=0, WIDE_SIMD=0 leave things out.
import {writeFileSync} from 'node:fs';
import os from 'node:os';
import {parseArgs} from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import {resizeBilinear} from '../dist/backends/fused/bilinear.js';
import {firDown, firUp} from '../dist/backends/fused/fir.js';
import {pixelShuffle, pixelUnshuffle} from '../dist/backends/fused/pixel-shuffle.js';
import {averagePool, upsampleNearest} from '../dist/backends/fused/upsample.js';
import {registerKernels} from '../dist/backends/kernels.js';
import {opt} from '../dist/options/options.js';
import {systemLimits} from '../dist/system-limits.js';
import plugin from '../plugins/wasm/dist/index.js';
import {barChart} from './chart.mjs';
import {peak} from './peak.mjs';

const {values: flags} = parseArgs({
  options: {
    batch: {type: 'string', default: '32'},
    repetitions: {type: 'string', default: '7'},
    only: {type: 'string', default: ''},
    json: {type: 'string'},
    svg: {type: 'string'},
  },
});
const [batch, repetitions] = [flags.batch, flags.repetitions].map(Number);
const threads = process.env.THREADS ? Number(process.env.THREADS) : undefined;
const relaxedSimd = process.env.RELAXED_SIMD !== '0';
const wideSimd = process.env.WIDE_SIMD !== '0';
const names = ['Conv2D', 'Conv2DBackpropFilter', 'Conv2DBackpropInput', 'BatchMatMul'];
const stock = new Map(names.map((name) => [name, tf.getKernel(name, 'wasm')]));
const limits = systemLimits;
const device = await plugin({
  tf,
  opt,
  kernels: {register: registerKernels},
  limits,
  backend: (definition) => definition,
})
  .create({threads, relaxedSimd, wideSimd})
  .open();
/** Kernels of operations that are composed of others elsewhere. */
const composed = [
  ...['GroupedConv2D', 'GroupedConv2DBackpropInput', 'GroupedConv2DBackpropFilter'],
  ...['UpsampleNearest', 'BlockSum', 'FirResample', 'BilinearResize', 'BilinearResizeTranspose'],
  ...['PixelShuffle', 'PixelUnshuffle'],
].map((name) => tf.getKernel(name, 'wasm'));

// [side of the input, channels in, channels out, side of the filter, stride, padding]; a generator's layers are the
// same convolutions run backwards.
const convolutions = [
  [64, 3, 64, 4, 2, 1],
  [32, 64, 128, 4, 2, 1],
  [16, 128, 256, 4, 2, 1],
  [8, 256, 512, 4, 2, 1],
  [4, 512, 1, 4, 1, 0],
  [4, 512, 100, 4, 1, 0],
  [32, 64, 64, 3, 1, 1],
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
  [512, 512, 512, false, false],
  [512, 512, 512, true, false],
  [512, 512, 512, false, true],
  [batch, 512, 512, false, true],
]) {
  const a = tf.randomNormal(transposeA ? [k, m] : [m, k]);
  const b = tf.randomNormal(transposeB ? [n, k] : [k, n]);
  const label = `${m}x${k}x${n}${transposeA ? ' a^T' : ''}${transposeB ? ' b^T' : ''}`;
  cases.push({name: 'BatchMatMul', label, flops: 2 * m * k * n, inputs: {a, b}, attrs: {transposeA, transposeB}});
}

// [side, channels, groups, side of the filter, stride]: depthwise ones, and those of R3GAN's groups of 16 and others.
const groupedConvolutions = [
  [32, 128, 128, 3, 1],
  [32, 128, 128, 4, 1],
  [4, 512, 512, 4, 1],
  [32, 128, 128, 3, 2],
  [32, 192, 24, 3, 1],
  [32, 192, 12, 3, 1],
  [32, 192, 6, 3, 1],
  [8, 384, 24, 3, 1],
  [32, 192, 12, 3, 2],
];
for (const [side, channels, groups, filterSide, stride] of groupedConvolutions) {
  const padding = filterSide === 4 && side === 4 ? 0 : 1;
  const args = {stride: [stride, stride], padding: [padding, padding], dilation: [1, 1], groups};
  const width = channels / groups;
  const outSide = Math.floor((side + 2 * padding - filterSide) / stride) + 1;
  const [x, dy] = [side, outSide].map((n) => tf.randomNormal([batch, n, n, channels]));
  const filter = tf.randomNormal([filterSide, filterSide, width, channels]);
  const flops = 2 * dy.size * filterSide ** 2 * width;
  const label = `${side}x${side} ${channels}/${groups} ${filterSide}x${filterSide}/${stride}`;
  const both = (value) => [value, value];
  const attrs = {
    ...{groups, stride: both(stride), dilation: [1, 1], padding: both(padding)},
    ...{inSize: both(side), kernelSize: both(filterSide), outSize: both(outSide)},
  };
  const one = {strides: stride, pad: padding, dataFormat: 'NHWC', dimRoundingMode: 'floor', dilations: 1};
  /** A call of tfjs's for each group. */
  const split = (name, given, more) => () => {
    const parts = Object.entries(given).map(([input, tensor]) => [input, tf.split(tensor, groups, -1)]);
    const part = (i) => Object.fromEntries(parts.map(([input, tensors]) => [input, tensors[i]]));
    const run = (_, i) => tf.engine().runKernel(name, part(i), {...one, ...more});
    return tf.concat(Array.from({length: groups}, run), -1);
  };
  const inputShape = [batch, side, side, width];
  const filterShape = [filterSide, filterSide, width, width];
  for (const [name, inputs, more] of [
    ['Conv2D', {x, filter}, {}],
    ['Conv2DBackpropInput', {dy, filter}, {inputShape}],
    ['Conv2DBackpropFilter', {x, dy}, {filterShape}],
  ])
    cases.push({name: `Grouped${name}`, label, flops, inputs, attrs, instead: split(name, inputs, more)});
}
// [name, function, side of x, channels of x]
const resamplings = [
  ['UpsampleNearest', (x) => upsampleNearest(x, 2), 32, 128],
  ['BlockSum', (x) => averagePool(x, 2), 64, 128],
  ['FirResample', (x) => firUp(x), 32, 128],
  ['FirResample', (x) => firDown(x), 64, 128],
  ['BilinearResize', (x) => resizeBilinear(x, 64, 64), 32, 128],
  ['BilinearResizeTranspose', (x) => resizeBilinear(x, 64, 64), 32, 128, true],
  ['PixelShuffle', (x) => pixelShuffle(x, 2), 32, 256],
  ['PixelUnshuffle', (x) => pixelUnshuffle(x, 2), 64, 64],
  ['UpsampleNearest', (x) => upsampleNearest(x, 2), 32, 3],
  ['FirResample', (x) => firDown(x), 64, 3],
];
for (const [name, compute, side, channels, backwards] of resamplings) {
  const x = tf.randomNormal([batch, side, side, channels]);
  const y = compute(x);
  const label = `${x.shape.slice(1).join('x')} to ${y.shape.slice(1).join('x')}`;
  const dy = tf.randomNormal(y.shape);
  y.dispose();
  const run = backwards ? () => tf.grad(compute)(x, dy) : () => compute(x);
  cases.push({name, label, bytes: 4 * (x.size + dy.size), run, instead: run});
}

/**
 * Milliseconds of one call. The filter is a new tensor each time, as in training: XNNPACK keeps the packed one
 * otherwise.
 */
function time(kernel, {inputs, attrs, run}) {
  if (run) return timeOperation(run);
  const fresh = inputs.filter ? {...inputs, filter: tf.mul(inputs.filter, 1)} : inputs;
  const start = performance.now();
  const out = kernel.kernelFunc({inputs: fresh, attrs, backend: tf.backend()});
  const elapsed = performance.now() - start;
  tf.backend().disposeData(out.dataId);
  if (fresh !== inputs) fresh.filter.dispose();
  return elapsed;
}
/** Milliseconds of operations of tfjs. */
function timeOperation(run) {
  const start = performance.now();
  const out = tf.tidy(run);
  const elapsed = performance.now() - start;
  out.dispose();
  return elapsed;
}
/** The same where our kernels of composed operations are missing. */
function timeComposed(run) {
  for (const {kernelName} of composed) tf.unregisterKernel(kernelName, 'wasm');
  try {
    return timeOperation(run);
  } finally {
    composed.forEach(tf.registerKernel);
  }
}
const spread = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  return {median: sorted[sorted.length >> 1], min: sorted[0], max: sorted.at(-1)};
};

const {threads: used, ...features} = device.info;
const most = await peak(used);
const machine = {
  cpu: os.cpus()[0]?.model,
  threads: used,
  node: process.version,
  tfjs: tf.version_core,
  ...features,
  peak: most,
};
console.log(`batch ${batch}, median of ${repetitions}`, machine);
console.log(
  `${'kernel'.padEnd(28)}${'shape'.padEnd(24)}${'own ms'.padStart(9)}${'GFLOP/s'.padStart(9)}${'of peak'.padStart(9)}${'other ms'.padStart(10)}${'GFLOP/s'.padStart(9)}`,
);
const results = [];
for (const entry of cases.filter(({name, label}) => `${name} ${label}`.includes(flags.only))) {
  const times = [[], []];
  const [kernel, other] = [tf.getKernel(entry.name, 'wasm'), stock.get(entry.name)];
  for (let i = 0; i <= repetitions; i++) {
    times[0].push(time(kernel, entry));
    if (entry.instead) times[1].push(timeComposed(entry.instead));
    else if (other) times[1].push(time(other, entry));
    if (i === 0) times.forEach((list) => list.splice(0)); // warming up
  }
  const [ours, stocks] = times.map((list) =>
    list.length === 0
      ? undefined
      : {ms: spread(list), gflops: spread(list.map((ms) => (entry.flops ?? entry.bytes) / ms / 1e6))},
  );
  results.push({kernel: entry.name, shape: entry.label, own: ours, stock: stocks});
  const share = entry.bytes ? 'GB/s' : `${((100 * ours.gflops.median) / (most.wide ?? most.narrow)).toFixed(0)} %`;
  console.log(
    entry.name.padEnd(28) +
      entry.label.padEnd(24) +
      [ours.ms.median.toFixed(2), ours.gflops.median.toFixed(1), share].map((text) => text.padStart(9)).join('') +
      (stocks
        ? stocks.ms.median.toFixed(2).padStart(10) + stocks.gflops.median.toFixed(1).padStart(9)
        : 'none'.padStart(10)),
  );
}
await device.close();
if (flags.json) writeFileSync(flags.json, `${JSON.stringify({machine, batch, repetitions, results}, null, 2)}\n`);
if (flags.svg) {
  const bar = ({gflops}) => ({...gflops, text: gflops.median.toFixed(0)});
  const limit = (gflops) => ({median: gflops, min: gflops, max: gflops, text: gflops.toFixed(0)});
  writeFileSync(
    flags.svg,
    barChart({
      title: `Kernels at batch ${batch}, GFLOP/s of the plain algorithm`,
      note: `${machine.cpu}, ${used} threads, Node ${machine.node}; median, least and most of ${repetitions}`,
      names: ['this project', 'tfjs-backend-wasm'],
      groups: [
        {label: 'most of 128-bit vectors', bars: [limit(most.narrow)]},
        ...(most.wide ? [{label: 'most of 256-bit vectors', bars: [limit(most.wide)]}] : []),
        ...results.map(({kernel, shape, own: ours, stock: stocks}) => ({
          label: `${kernel.replace('Conv2DBackprop', 'd')} ${shape}`,
          bars: [bar(ours), stocks && bar(stocks)],
        })),
      ],
    }),
  );
}
