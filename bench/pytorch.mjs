// Training speed of this project and of PyTorch, alternating in one run, on the same work: the WGAN of fastai's documentation
// (generator and critic with one extra layer, leaky ReLU 0.2 in the critic, RMSProp, five critic steps to one generator
// step), data in memory, the same number of threads. Medians of the ratios of neighbouring measurements.
//
//     PYTHON=python3 npm run bench:pytorch [pairs=5] [batches=32,128] [size=64] [threads=2] [json file]
//
// The peer that counts is PyTorch 2.13's CPU build. Instruction sets wider than those most machines have can be kept from
// PyTorch by its own variables, for example ATEN_CPU_CAPABILITY=avx2 DNNL_MAX_CPU_ISA=AVX2 MKL_ENABLE_INSTRUCTIONS=AVX2.
import {execFileSync, fork, spawn} from 'node:child_process';
import {once} from 'node:events';
import {writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';
import {fileURLToPath} from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const python = process.env.PYTHON ?? 'python3';
const args = process.argv.slice(2);
const pairs = Number(args[0] ?? 5);
const batches = (args[1] ?? '32,128').split(',').map(Number);
const size = Number(args[2] ?? 64);
const threads = Number(args[3] ?? 2);
const output = args[4];
/** Steps of one round, as the switcher of fastai's documentation gives them. */
const round = {critic: 5, generator: 1};

const fail = (text) => {
  console.error(text);
  process.exit(1);
};

/** Refuses a PyTorch that is missing, or that would compute without a BLAS and so make this project look good. */
function checkPytorch() {
  const script = "import torch, subprocess, sys\nc = torch.__config__.show()\nprint('mkl' if 'BLAS_INFO=mkl' in c else 'external')";
  let blas;
  try {
    blas = execFileSync(python, ['-c', script], {encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe']}).trim();
  } catch (error) {
    fail(`${python} cannot import torch: ${String(error.stderr ?? error.message).trim().split('\n').at(-1)}\nInstall PyTorch (its CPU build will do) and name its Python: PYTHON=/path/to/python npm run bench:pytorch`);
  }
  if (blas === 'mkl') return;
  const script2 = "import torch\ntorch.randn(8, 8) @ torch.randn(8, 8)\nprint('openblas' in open('/proc/self/maps').read())";
  const loaded = execFileSync(python, ['-c', script2], {encoding: 'utf8'}).trim();
  if (loaded !== 'True') fail('this PyTorch takes its matrix products from an external BLAS, and OpenBLAS is not there: it would be 25 times slower than it can be.\nInstall OpenBLAS (Debian: libopenblas0-pthread) and run again.');
}

/** One line in, one line out. */
class Peer {
  constructor(child) {
    this.child = child;
    this.lines = readline.createInterface({input: child.stdout})[Symbol.asyncIterator]();
    child.on('exit', (code) => code && fail(`${child.spawnfile} ended with ${code}`));
  }
  async read() {
    const {value, done} = await this.lines.next();
    return done ? fail(`${this.child.spawnfile} ended early`) : JSON.parse(value);
  }
  async ask(line) {
    this.child.stdin.write(`${line}\n`);
    return this.read();
  }
}

/** A round by PyTorch: median milliseconds of its critic and generator steps. */
async function torchRound(peer) {
  const ms = {critic: [], generator: []};
  let peak = 0;
  for (const [network, count] of Object.entries(round)) {
    for (let i = 0; i < count; i++) {
      const answer = await peer.ask(network);
      ms[network].push(answer.ms);
      peak = answer.peakBytes;
    }
  }
  return {...summary(ms), peakBytes: peak};
}

const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
};
const sum = (values) => values.reduce((a, b) => a + b, 0);
const summary = (ms) => ({critic: median(ms.critic), generator: median(ms.generator), total: sum(ms.critic) + sum(ms.generator)});
const spread = (values) => ({median: median(values), min: Math.min(...values), max: Math.max(...values)});
const shown = ({median: m, min, max}, digits = 2) => `${m.toFixed(digits)} (${min.toFixed(digits)} to ${max.toFixed(digits)})`;

async function compare(batch) {
  const peer = new Peer(spawn(python, [path.join(here, 'pytorch_wgan.py'), threads, size, batch], {stdio: ['pipe', 'pipe', 'inherit']}));
  const {torch} = await peer.read();
  const own = fork(path.join(here, 'pytorch-own.mjs'), [size, batch, threads].map(String));
  const train = async () => {
    own.send('train');
    const [answer] = await once(own, 'message');
    return {...summary(answer.ms), peakBytes: answer.peakBytes};
  };
  await once(own, 'message'); // ready
  await torchRound(peer);
  await train();
  const rows = [];
  for (let i = 0; i < pairs; i++) {
    // Who goes first changes: a machine that slows down favours neither.
    const first = i % 2 === 0 ? await torchRound(peer) : await train();
    const second = i % 2 === 0 ? await train() : await torchRound(peer);
    const [pytorch, gan] = i % 2 === 0 ? [first, second] : [second, first];
    rows.push({pytorch, gan});
  }
  peer.child.stdin.end();
  own.send('close');
  await once(own, 'exit');
  const images = batch * (round.critic + round.generator) * 1000;
  const of = (who, key) => spread(rows.map((row) => row[who][key]));
  const result = {
    batch, torch,
    ratio: spread(rows.map(({pytorch, gan}) => pytorch.total / gan.total)),
    imagesPerSecond: {gan: spread(rows.map(({gan}) => images / gan.total)), pytorch: spread(rows.map(({pytorch}) => images / pytorch.total))},
    criticMs: {gan: of('gan', 'critic'), pytorch: of('pytorch', 'critic')},
    generatorMs: {gan: of('gan', 'generator'), pytorch: of('pytorch', 'generator')},
    peakBytes: {gan: rows.at(-1).gan.peakBytes, pytorch: rows.at(-1).pytorch.peakBytes},
    rows,
  };
  console.log(`\nbatch ${batch}, ${size} x ${size}, median (least to most) of ${pairs} pairs`);
  console.log(`  images/s, this project to PyTorch: ${shown(result.ratio)}`);
  for (const who of ['gan', 'pytorch']) {
    const name = who === 'gan' ? 'this project' : `PyTorch ${torch}`;
    console.log(`  ${name.padEnd(20)} ${shown(result.imagesPerSecond[who], 1)} images/s, critic step ${shown(result.criticMs[who], 0)} ms, generator step ${shown(result.generatorMs[who], 0)} ms, peak ${(result.peakBytes[who] / 2 ** 20).toFixed(0)} MiB`);
  }
  return result;
}

checkPytorch();
const machine = {cpu: os.cpus()[0]?.model, cores: os.availableParallelism(), node: process.version, threads, capability: process.env.ATEN_CPU_CAPABILITY ?? 'all that the processor has'};
console.log(machine);
const results = [];
for (const batch of batches) results.push(await compare(batch));
if (output) writeFileSync(output, `${JSON.stringify({machine, size, pairs, results}, null, 2)}\n`);
