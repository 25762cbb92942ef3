// What a step of the WGAN of fastai's documentation hands over to a GPU: dispatches by operation, and submissions. They
// do not depend on the adapter, so a software one serves; small networks have as many as large ones.
//
//     npm run webgpu && npm run build && GAN_WEBGPU_SOFTWARE=1 node bench/dispatches.mjs [size=64] [features=4]
import {fileURLToPath} from 'node:url';
import {openBackend, tf} from '../dist/index.js';
import {GANLearner} from '../dist/gan/gan-learner.js';
import {LeakyReLU} from '../dist/gan/layers/activations.js';
import {basicCritic} from '../dist/gan/nets/basic-critic.js';
import {basicGenerator} from '../dist/gan/nets/basic-generator.js';
import {rmsProp} from '../dist/gan/optim/rules.js';
import {fromBatches} from '../dist/gan/data/data-loaders.js';

const [size = 64, nFeatures = 4] = process.argv.slice(2).map(Number);
const batch = 2;
const plugin = fileURLToPath(new URL('../plugins/webgpu', import.meta.url));
const device = await openBackend('webgpu', {plugins: [plugin]});

const batches = Array.from({length: 12}, () => ({
  input: {data: new Float32Array(batch * 100), shape: [batch, 100]},
  target: {data: new Float32Array(batch * size * size * 3), shape: [batch, size, size, 3]},
  size: batch,
}));

/**
 * Dispatches since the last step, by the operation of tfjs that made them; steps that are repeated from recordings call
 * kernels only.
 */
let counts = new Map();
let submissions = 0;
let operation;
for (const config of tf.getKernelsForBackend('webgpu')) {
  const {kernelName, kernelFunc} = config;
  config.kernelFunc = (call) => {
    const outer = operation;
    operation ??= kernelName;
    try {
      return kernelFunc(call);
    } finally {
      operation = outer;
    }
  };
}
const pass = globalThis.GPUComputePassEncoder.prototype;
const {dispatchWorkgroups} = pass;
pass.dispatchWorkgroups = function (...size) {
  counts.set(operation ?? 'other', (counts.get(operation ?? 'other') ?? 0) + 1);
  return dispatchWorkgroups.apply(this, size);
};
const {submit} = globalThis.GPUQueue.prototype;
globalThis.GPUQueue.prototype.submit = function (...commands) {
  submissions++;
  return submit.apply(this, commands);
};

const critic = basicCritic(size, 3, {nFeatures, nExtraLayers: 1, actCls: () => new LeakyReLU(0.2)});
const generator = basicGenerator(size, 3, {nFeatures, nExtraLayers: 1});
const steps = [];
const count = {
  name: 'count',
  runAfter: ['recorder'],
  beforeBatch() {
    counts = new Map();
    submissions = 0;
  },
  afterBatch: (learn) => void steps.push({network: learn.pendingLoss.turn, counts, submissions}),
};
const learn = GANLearner.wgan(fromBatches(batches), generator, critic, {optFunc: rmsProp(), lr: 2e-4, cbs: [count]});
await learn.fit(1, undefined, {cbs: []});
for (const network of ['critic', 'generator']) {
  const last = steps.findLast((step) => step.network === network); // the first ones make the optimiser's averages
  const total = [...last.counts.values()].reduce((a, b) => a + b, 0);
  console.log(`${network} step: ${total} dispatches, ${last.submissions} submissions`);
  console.log(
    `  ${[...last.counts]
      .sort(([, a], [, b]) => b - a)
      .map(([name, n]) => `${name} ${n}`)
      .join(', ')}`,
  );
}
learn.dispose();
await device.close();
