/**
 * The memory of a training, from step to step: what must not grow in a run of days.
 *
 *     node bench/memory.mjs [--steps 20000] [--samples 9] [--at 43,493] [--json] [KEY=VALUE ...]
 *
 * Trains the smallest networks into a temporary run folder, with the settings given, and looks as often as `--samples`
 * says, or after the steps of `--at`. Everything is at the same place in these steps when they are apart by a multiple
 * of the epoch's six and of the periods of the parts. It fails when the last look finds other tensors, or another heap
 * of the device, than the first, or objects of JavaScript that grew from the first quarter on, where code is compiled.
 */
import {mkdtempSync, rmSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {parseArgs} from 'node:util';
import v8 from 'node:v8';
import vm from 'node:vm';
import {tf} from '../dist/backends/tf.js';
import {resolveConfig} from '../dist/config/resolve.js';
import {openRegistry} from '../dist/plugin/discover.js';
import {openBackend} from '../dist/runs/devices/open-backend.js';
import {openTraining} from '../dist/runs/open-training.js';

const {values: flags, positionals: settings} = parseArgs({
  allowPositionals: true,
  options: {
    steps: {type: 'string', default: '20000'},
    samples: {type: 'string', default: '9'},
    at: {type: 'string'},
    json: {type: 'boolean', default: false},
  },
});
v8.setFlagsFromString('--expose-gc');
const gc = vm.runInNewContext('gc');

/** 52 images of 16x16 in 6 batches of 8 an epoch. */
const small = [
  'recipe=wgan',
  'backend=wasm',
  'size=16',
  'latent=8',
  'batchSize=8',
  'arch.nFeatures=4',
  'source.count=52',
  'checkpointEvery=0',
  'sampleEvery=0',
];
/** A multiple of the epoch's steps, of the turns of five critic's and one generator's, and of all periods of parts. */
const period = 60;
const steps = Number(flags.steps);
/** Bytes of objects for each step: about what one that is kept takes. Code compiled late is less in 20,000 steps or more. */
const leak = 24;

function marks() {
  if (flags.at !== undefined) return flags.at.split(',').map(Number);
  const samples = Number(flags.samples);
  const first = period - 17; // away from checkpoints, samples and the ends of epochs
  const between = Math.floor((steps - first - 1) / (samples - 1) / period) * period;
  return Array.from({length: samples}, (_, i) => first + i * between);
}

function look(step) {
  for (let i = 0; i < 3; i++) gc();
  const {numTensors, numBytes} = tf.memory();
  const {heapUsed, external, arrayBuffers, rss} = process.memoryUsage();
  const deviceHeap = tf.backend().wasm?.asm.memory.buffer.byteLength ?? 0;
  return {step, numTensors, numBytes, deviceHeap, heapUsed, external, arrayBuffers, rss};
}

const {config, backend} = await resolveConfig({
  registry: openRegistry(),
  set: [...small, ...settings, `steps=${steps}`],
  ignoreFiles: true,
});
const dir = mkdtempSync(path.join(os.tmpdir(), 'gan-memory-'));
const device = await openBackend(backend.name, {...backend.options, threads: 1});
const looks = [];
const at = new Set(marks());
try {
  const training = await openTraining(config, {device});
  await training.fit(path.join(dir, 'run'), {
    notify: (event) => void (event.type === 'step' && at.has(event.step) && looks.push(look(event.step))),
  });
  await training.close();
} finally {
  await device.close();
  rmSync(dir, {recursive: true});
}

if (flags.json) for (const each of looks) console.log(JSON.stringify(each));
else {
  const mebibytes = (bytes) => `${(bytes / 2 ** 20).toFixed(2)} MiB`;
  console.log(`${os.cpus()[0].model}, Node ${process.version}, ${device.name}\n`);
  console.log(
    '| step | tensors | bytes of tensors | heap of the device | objects | resident |\n|---|---|---|---|---|---|',
  );
  for (const {step, numTensors, numBytes, deviceHeap, heapUsed, rss} of looks)
    console.log(
      `| ${step} | ${numTensors} | ${numBytes} | ${mebibytes(deviceHeap)} | ${mebibytes(heapUsed)} | ${mebibytes(rss)} |`,
    );
  const [first, settled, last] = [looks[0], looks[Math.floor(looks.length / 4)], looks.at(-1)];
  const [objects, resident] = ['heapUsed', 'rss'].map((key) => (last[key] - settled[key]) / (last.step - settled.step));
  console.log(
    `\nFrom step ${settled.step} on, a step: ${objects.toFixed(1)} bytes of objects, ${resident.toFixed(1)} bytes resident.`,
  );
  const same = ['numTensors', 'numBytes', 'deviceHeap'].every((key) => first[key] === last[key]);
  if (!same || objects > leak) {
    console.log('The memory is not flat.');
    process.exitCode = 1;
  }
}
