// Training speed of this project and of PyTorch on one GPU: fastai's WGAN, from data in memory.
//
//     PYTHON=python3 npm run bench:gpu -- [--blocks 10] [--rounds 10] [--json FILE] [--backend cuda] [--peak 8192] [--limit 300] [SIZE:BATCH ...]
//
// Each measurement is a process of its own, which ends after --limit seconds. torch.compile compiles for each pattern of
// calls, one to two minutes a shape: only the first shape is compiled. The share of the peak is that of what cuBLASLt gets out of the card in a
// large product (gpu/peak.mjs), in the precision of the training; the share of cuDNN and cuBLAS is of the time on the
// card in rounds that are not recorded. Without a PyTorch that sees the GPU only this project is measured.
import {execFileSync} from 'node:child_process';
import {writeFileSync} from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';
import {summary, table} from './gpu/summary.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const python = process.env.PYTHON ?? 'python3';
const {values: flags, positionals} = parseArgs({
  allowPositionals: true,
  options: {
    blocks: {type: 'string', default: '10'},
    rounds: {type: 'string', default: '10'},
    json: {type: 'string'},
    backend: {type: 'string', default: 'cuda'},
    peer: {type: 'string', default: 'cuda'},
    peak: {type: 'string', default: '8192'},
    limit: {type: 'string', default: '300'},
  },
});
const works = (positionals.length > 0 ? positionals : ['64:128', '64:512', '128:256']).map((text) => {
  const [size, batch] = text.split(':').map(Number);
  if (!(size > 0 && batch > 0)) throw new Error(`${text}: wanted SIZE:BATCH`);
  return {size, batch};
});

const last = (text) => JSON.parse(text.trim().split('\n').at(-1));
const run = (command, args) =>
  last(
    execFileSync(command, args, {
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: Number(flags.limit) * 1000,
      killSignal: 'SIGKILL',
    }),
  );
const counts = [flags.blocks, flags.rounds];
const isCuda = flags.backend === 'cuda';
/** Of the rows that do not name one; other backends have no such option. */
const defaultPrecision = isCuda ? 'tf32' : undefined;
const ofPrecision = (precision) => (precision === undefined ? [] : [precision]);
const own = ({size, batch}, capture, precision) => {
  const measured = run(
    process.execPath,
    [path.join(here, 'gpu/own.mjs'), size, batch, capture, ...counts, flags.backend, ...ofPrecision(precision)].map(
      String,
    ),
  );
  return summary(batch, measured, measured.parts && peakOf(precision));
};
const peer = ({size, batch}, mode) =>
  summary(batch, run(python, [path.join(here, 'gpu/peer.py'), size, batch, mode, ...counts, flags.peer].map(String)));

function hasPeer() {
  try {
    execFileSync(
      python,
      ['-c', flags.peer === 'cuda' ? 'import torch; assert torch.cuda.is_available()' : 'import torch'],
      {stdio: 'ignore'},
    );
    return true;
  } catch {
    console.error(`${python} has no PyTorch that sees the GPU: only this project is measured (PYTHON=/path/to/python)`);
    return false;
  }
}

/** TFLOP/s of the card by precision, each measured once; where that fails the share of it is left out. */
const peaks = {};
function peakOf(precision) {
  if (!(precision in peaks)) {
    try {
      peaks[precision] = run(process.execPath, [
        path.join(here, 'gpu/peak.mjs'),
        flags.peak,
        flags.backend,
        ...ofPrecision(precision),
      ]).tflops;
    } catch (error) {
      console.error(`the peak was not measured: ${error.message.split('\n')[0]}`);
      peaks[precision] = undefined;
    }
  }
  return peaks[precision];
}

const withPeer = hasPeer();
const results = [];
for (const work of works) {
  const ways = {
    'gan, recorded': () => own(work, 'auto', defaultPrecision),
    'gan, eager': () => own(work, 'off', defaultPrecision),
    ...(isCuda && {'gan, recorded, bf16': () => own(work, 'auto', 'bf16')}),
    ...(withPeer && {
      'PyTorch, eager': () => peer(work, 'eager'),
      ...(work === works[0] && {'PyTorch, compiled, CUDA graphs': () => peer(work, 'compiled')}),
    }),
  };
  for (const [name, measure] of Object.entries(ways)) {
    try {
      results.push({...work, name, ...measure()});
    } catch (error) {
      results.push({...work, name, error: error.message.split('\n')[0]});
    }
    const row = results.at(-1);
    console.log(
      `${work.size}x${work.size}, batch ${work.batch}  ${name.padEnd(32)}${row.error ?? `${row.imagesPerSecond.toFixed(0).padStart(8)} images/s ${row.stepMs.toFixed(2).padStart(8)} ms a step`}`,
    );
  }
}
console.log(`\n${table(results)}`);
if (flags.json) writeFileSync(flags.json, `${JSON.stringify({peakTflops: peaks, results}, null, 2)}\n`);
