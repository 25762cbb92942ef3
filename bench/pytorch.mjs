// Training speed of this project and of PyTorch, alternating in one run, on the same work from data in memory, with the
// same number of threads. Medians of the ratios of neighbouring measurements.
//
//     PYTHON=python3 npm run bench:pytorch -- [--backend native] [--pairs 5] [--threads 2] [--json FILE] [--svg FILE]
//         [--precision bf16] [--mode channels_last] [--isa avx2] [--clock processor] [WORK:SIZE:BATCH ...]
//
// --backend is wasm or native. --precision bf16: this project's option of backend native, and PyTorch's autocast. --mode is
// PyTorch's: contiguous, channels_last, or compile (torch.compile and channels_last, which needs a C++ compiler and the
// headers of Python). Without it, each work is tried in all three, and PyTorch takes the fastest that runs. --isa avx2 keeps
// both from wider instruction sets. --clock processor counts the time of the processor in all threads: for one thread on a
// machine that does other work, too.
//
// WORK is `wgan`, the WGAN of fastai's documentation (one extra layer, leaky ReLU 0.2 in the critic, RMSProp, five
// critic steps to one generator step); `resnet`, the residual networks of SNGAN with 32 channels next to the image, in the
// same steps; or `gan-critic`, fastai's gan_critic learning to tell real from generated images, two steps a round.
//
// The peer that counts is PyTorch 2.13's CPU build.
import {execFileSync, fork, spawn} from 'node:child_process';
import {once} from 'node:events';
import {writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';
import {barChart} from './chart.mjs';
import {median} from '../dist/bench/statistics.js';

const here = path.dirname(fileURLToPath(import.meta.url));
const python = process.env.PYTHON ?? 'python3';
const {values: flags, positionals} = parseArgs({
  allowPositionals: true,
  options: {
    pairs: {type: 'string', default: '5'},
    threads: {type: 'string', default: '2'},
    backend: {type: 'string', default: 'wasm'},
    mode: {type: 'string', default: 'best'},
    precision: {type: 'string', default: 'fp32'},
    isa: {type: 'string', default: 'auto'},
    clock: {type: 'string', default: 'wall'},
    json: {type: 'string'},
    svg: {type: 'string'},
  },
});
const [pairs, threads] = [flags.pairs, flags.threads].map(Number);
const {backend, mode, precision, isa, clock} = flags;
/** The steps of one round. */
const rounds = {wgan: {critic: 5, generator: 1}, resnet: {critic: 5, generator: 1}, 'gan-critic': {critic: 2}};
/** PyTorch's modes. */
const modes = {
  channels_last: {memoryFormat: 'channels_last', compiled: false},
  contiguous: {memoryFormat: 'contiguous_format', compiled: false},
  compile: {memoryFormat: 'channels_last', compiled: true},
};
/** What keeps PyTorch from instruction sets wider than AVX2. */
const narrow = {ATEN_CPU_CAPABILITY: 'avx2', ONEDNN_MAX_CPU_ISA: 'AVX2', MKL_ENABLE_INSTRUCTIONS: 'AVX2'};

const fail = (text) => {
  console.error(text);
  process.exit(1);
};

const works = (
  positionals.length > 0 ? positionals : ['wgan:64:32', 'wgan:64:128', 'wgan:32:32', 'gan-critic:64:16']
).map((text) => {
  const [name, size, batch] = text.split(':');
  if (!(name in rounds) || !(size > 0) || !(batch > 0))
    fail(`${text}: wanted WORK:SIZE:BATCH, WORK being one of ${Object.keys(rounds).join(', ')}`);
  return {name, size: Number(size), batch: Number(batch)};
});
if (!['wasm', 'native'].includes(backend)) fail('--backend: wanted wasm or native');
if (!['auto', 'avx2'].includes(isa)) fail('--isa: wanted auto or avx2');
if (!(mode === 'best' || mode in modes)) fail(`--mode: wanted best, ${Object.keys(modes).join(', ')}`);
if (!['fp32', 'bf16'].includes(precision)) fail('--precision: wanted fp32 or bf16');
if (!['wall', 'processor'].includes(clock)) fail('--clock: wanted wall or processor');
if (backend === 'wasm' && (precision !== 'fp32' || isa !== 'auto'))
  fail('--precision and --isa: need --backend native');
if (!(pairs >= 1) || !(threads >= 1)) fail('--pairs and --threads: wanted numbers from 1 on');

/** Refuses a PyTorch that is missing, or that would compute without a BLAS and so make this project look good. */
function checkPytorch() {
  const script = "import torch\nprint('mkl' if 'BLAS_INFO=mkl' in torch.__config__.show() else 'external')";
  let blas;
  try {
    blas = execFileSync(python, ['-c', script], {encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe']}).trim();
  } catch (error) {
    fail(
      `${python} cannot import torch: ${String(error.stderr ?? error.message)
        .trim()
        .split('\n')
        .at(
          -1,
        )}\nInstall PyTorch (its CPU build will do) and name its Python: PYTHON=/path/to/python npm run bench:pytorch`,
    );
  }
  if (blas === 'mkl') return;
  const loaded = execFileSync(
    python,
    ['-c', "import torch\ntorch.randn(8, 8) @ torch.randn(8, 8)\nprint('openblas' in open('/proc/self/maps').read())"],
    {encoding: 'utf8'},
  ).trim();
  if (loaded !== 'True')
    fail(
      'this PyTorch takes its matrix products from an external BLAS, and OpenBLAS is not there: it would be 25 times slower than it can be.\nInstall OpenBLAS (Debian: libopenblas0-pthread) and run again.',
    );
}

/** PyTorch in a mode: `round()` gives {times: [{network, ms}], peakBytes}. @throws Error if it ends early */
async function startPytorch({name, size, batch}, which) {
  const wanted = {work: name, size, batch, threads, ...modes[which], precision};
  const child = spawn(python, [path.join(here, 'pytorch/peer.py'), JSON.stringify(wanted)], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: {...process.env, ...(isa === 'avx2' && narrow)},
  });
  let said = '';
  child.stderr.on('data', (text) => (said = (said + text).slice(-10_000)));
  child.stdin.on('error', () => {}); // it has ended, which `read` tells
  const lines = readline.createInterface({input: child.stdout})[Symbol.asyncIterator]();
  const read = async () => {
    const {value, done} = await lines.next();
    if (done) {
      const told = said.trim().split('\n');
      throw new Error(
        `${python} ended early: ${told.findLast((line) => /^\S*(Error|Exception)\b/.test(line)) ?? told.at(-1)}`,
      );
    }
    return JSON.parse(value);
  };
  const {torch} = await read();
  return {
    version: torch,
    mode: which,
    async round() {
      const times = [];
      let peakBytes;
      for (const [network, count] of Object.entries(rounds[name])) {
        for (let i = 0; i < count; i++) {
          child.stdin.write(`${network}\n`);
          const answer = await read();
          times.push({network, ms: timeOf(answer)});
          ({peakBytes} = answer);
        }
      }
      return {times, peakBytes};
    },
    close: () => child.stdin.end(),
  };
}

/** PyTorch in its fastest mode for a work, of those that run. */
async function startFastestPytorch(work) {
  if (mode !== 'best') return startPytorch(work, mode);
  const tried = [];
  for (const which of Object.keys(modes)) {
    let peer;
    try {
      peer = await startPytorch(work, which);
      await peer.round(); // warms up, and compiles
      const times = [await peer.round(), await peer.round()].map(({times}) => total(times));
      tried.push({which, ms: Math.min(...times)});
    } catch (error) {
      console.error(`PyTorch's mode ${which} is left out: ${error.message}`);
    }
    peer?.close();
  }
  if (tried.length === 0) throw new Error('PyTorch runs in no mode');
  tried.sort((a, b) => a.ms - b.ms);
  console.log(`\nPyTorch, a round: ${tried.map(({which, ms}) => `${which} ${ms.toFixed(0)} ms`).join(', ')}`);
  return startPytorch(work, tried[0].which);
}

/** This project, with the same methods. */
async function startOwn({name, size, batch}) {
  const wanted = {work: name, size, batch, threads, backend, isa, precision};
  const child = fork(path.join(here, 'pytorch/own.mjs'), [JSON.stringify(wanted)]);
  child.on('exit', (code) => code && fail(`the training of this project ended with ${code}`));
  const [info] = await once(child, 'message');
  return {
    info,
    async round() {
      child.send('train');
      const [{times, peakBytes}] = await once(child, 'message');
      return {times: times.map(({network, ...clocks}) => ({network, ms: timeOf(clocks)})), peakBytes};
    },
    async close() {
      child.send('close');
      await once(child, 'exit');
    },
  };
}

const timeOf = ({ms, processorMs}) => (clock === 'wall' ? ms : processorMs);
const total = (times) => times.reduce((sum, {ms}) => sum + ms, 0);
const spread = (values) => ({median: median(values), min: Math.min(...values), max: Math.max(...values)});
const shown = ({median: m, min, max}, digits = 2) =>
  `${m.toFixed(digits)} (${min.toFixed(digits)} to ${max.toFixed(digits)})`;

async function compare(work) {
  const pytorch = await startFastestPytorch(work);
  const both = {gan: await startOwn(work), pytorch};
  for (const one of Object.values(both)) await one.round(); // warms up
  const measured = [];
  for (let i = 0; i < pairs; i++) {
    const row = {};
    // Who goes first changes: a machine that slows down favours neither.
    for (const who of i % 2 === 0 ? ['pytorch', 'gan'] : ['gan', 'pytorch']) row[who] = await both[who].round();
    measured.push(row);
  }
  for (const one of Object.values(both)) await one.close();
  const networks = Object.keys(rounds[work.name]);
  const images = work.batch * Object.values(rounds[work.name]).reduce((a, b) => a + b) * 1000;
  const figures = (who) => ({
    imagesPerSecond: spread(measured.map((row) => images / total(row[who].times))),
    stepMs: Object.fromEntries(
      networks.map((network) => [
        network,
        spread(
          measured.map((row) => median(row[who].times.filter((one) => one.network === network).map(({ms}) => ms))),
        ),
      ]),
    ),
    peakBytes: measured.at(-1)[who].peakBytes,
  });
  const result = {
    ...work,
    mode: pytorch.mode,
    ratio: spread(measured.map(({gan, pytorch}) => total(pytorch.times) / total(gan.times))),
    gan: figures('gan'),
    pytorch: figures('pytorch'),
    measured,
  };
  console.log(
    `\n${work.name}, ${work.size} x ${work.size}, batch ${work.batch}: median (least to most) of ${pairs} pairs`,
  );
  console.log(`  images/s, this project to PyTorch: ${shown(result.ratio)}`);
  for (const [who, name] of [
    ['gan', 'this project'],
    ['pytorch', `PyTorch, ${pytorch.mode}`],
  ]) {
    const {imagesPerSecond, stepMs, peakBytes} = result[who];
    const steps = networks.map((network) => `${network} step ${shown(stepMs[network], 0)} ms`).join(', ');
    console.log(
      `  ${name.padEnd(20)} ${shown(imagesPerSecond, 1)} images/s, ${steps}, peak ${(peakBytes / 2 ** 20).toFixed(0)} MiB`,
    );
  }
  machine.torch ??= pytorch.version;
  machine.device ??= both.gan.info;
  return result;
}

checkPytorch();
const machine = {
  cpu: os.cpus()[0]?.model,
  cores: os.availableParallelism(),
  node: process.version,
  threads,
  backend,
  precision,
  isa,
  clock,
};
console.log(machine);
const results = [];
for (const work of works) results.push(await compare(work).catch((error) => fail(error.message)));
if (flags.json) writeFileSync(flags.json, `${JSON.stringify({machine, pairs, results}, null, 2)}\n`);
if (flags.svg) {
  writeFileSync(
    flags.svg,
    barChart({
      title: 'Training, images/s',
      note: `${machine.cpu}, ${threads} threads each, Node ${machine.node}, PyTorch ${machine.torch} (CPU); median, least and most of ${pairs} alternating pairs`,
      names: [`this project (${backend})`, 'PyTorch'],
      groups: results.map(({name, size, batch, ratio, gan, pytorch}) => ({
        label: `${name} ${size}x${size}, batch ${batch}`,
        bars: [
          {...gan.imagesPerSecond, text: `${gan.imagesPerSecond.median.toFixed(1)} (${ratio.median.toFixed(2)}x)`},
          {...pytorch.imagesPerSecond, text: pytorch.imagesPerSecond.median.toFixed(1)},
        ],
      })),
    }),
  );
}
