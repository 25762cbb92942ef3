// How many images a second come into a step: what a training reads its data with, batches of 64, and a network that
// does nothing. From a packed set of 64x64 pixels that is larger than what is kept in memory, and from a folder of JPEGs.
//
//     node bench/data.mjs [--images 40000] [--jpegs 4000] [--epochs 3] [--json FILE]
//
// Prints images/s of each epoch, the largest resident memory after each, and threads. The packed set is to give 8,000
// images/s on two cores, and memory is to stay as it is.
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {availableParallelism, tmpdir} from 'node:os';
import path from 'node:path';
import {parseArgs} from 'node:util';

const {values} = parseArgs({
  options: {
    images: {type: 'string', default: '40000'},
    jpegs: {type: 'string', default: '4000'},
    epochs: {type: 'string', default: '3'},
    json: {type: 'string'},
  },
});
const [{packRecords}, {makeDataLoaders}, {default: sharp}] = await Promise.all([
  import('../dist/gan/data/pack.js'),
  import('../dist/runs/data.js'),
  import('sharp'),
]);
const folder = mkdtempSync(path.join(tmpdir(), 'gan-bench-data-'));
const size = 64;

/** Pixels that differ from picture to picture. */
const pixels = (index, side) => {
  const data = new Uint8Array(side * side * 3);
  for (let i = 0, value = index * 2654435761; i < data.length; i++)
    data[i] = (value = (value * 1103515245 + 12345) >>> 0) >>> 24;
  return {data, width: side, height: side, channels: 3};
};

async function packed() {
  const file = path.join(folder, 'packed.safetensors');
  const count = Number(values.images);
  const records = {
    kind: 'noise',
    path: 'noise',
    files: [],
    size: count,
    name: String,
    describe: String,
    read: async (index) => pixels(index, size),
    identify: async () => ({items: count}),
  };
  await packRecords(records, file, {size: [size, size], channels: 3});
  return file;
}

/** Photographs of 256x256, from few colours, so that they compress as photographs do. */
async function jpegs() {
  const into = path.join(folder, 'jpegs');
  mkdirSync(into);
  const count = Number(values.jpegs);
  const some = await Promise.all(
    Array.from({length: 16}, (_, i) => {
      const {data, ...raw} = pixels(i, 24);
      return sharp(data, {raw}).resize(256, 256, {kernel: 'cubic'}).jpeg({quality: 90}).toBuffer();
    }),
  );
  for (let i = 0; i < count; i++) writeFileSync(path.join(into, `${i}.jpg`), some[i % some.length]);
  return into;
}

async function measure(what, data) {
  const config = {
    data,
    size,
    channels: 3,
    resize: 'crop',
    decoding: 2,
    batchSize: 64,
    accumulate: 1,
    latent: 100,
    validPct: 0,
    seed: 1,
    attempt: 0,
  };
  const {train, description} = await makeDataLoaders(config, {});
  const epochs = [];
  for (let epoch = 0; epoch < Number(values.epochs); epoch++) {
    const start = performance.now();
    const used = process.cpuUsage();
    let images = 0;
    let most = 0;
    for await (const batch of train.epoch(epoch)) {
      images += batch.size;
      if (images % 6400 === 0) most = Math.max(most, process.memoryUsage.rss());
    }
    const perSecond = images / ((performance.now() - start) / 1000);
    const {user, system} = process.cpuUsage(used);
    const [imagesPerSecond, cpuMicroseconds] = [perSecond, (user + system) / images].map(Math.round);
    const residentMegabytes = Math.round((most || process.memoryUsage.rss()) / 1e6);
    epochs.push({imagesPerSecond, cpuMicroseconds, residentMegabytes});
    console.log(
      `${what}  epoch ${epoch + 1}  ${imagesPerSecond} images/s, ${cpuMicroseconds} us of processors each, ${residentMegabytes} MB`,
    );
  }
  return {what, description, epochs};
}

try {
  const results = [await measure('packed, 64x64', await packed()), await measure('JPEG, 256x256', await jpegs())];
  const result = {cores: availableParallelism(), threads: process.env.UV_THREADPOOL_SIZE ?? '4', results};
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(result, null, 2)}\n`);
} finally {
  rmSync(folder, {recursive: true, force: true});
}
