// npm run gpu:check: everything that can only be tried on a machine with an NVIDIA GPU. Needs neither network nor npm:
// `npm run gpu:bundle` makes a folder with all of it, Node included.
//
//     node scripts/gpu-check.mjs [--backend cuda] [--steps 2000] [--only NAME] [--skip-bench | --works 64:128,64:512] [--out bench/results]
//
// Each check is a process of its own with a time limit, so that one that hangs or crashes takes nothing with it. Exit
// codes: 1 when one fails, 4 when the backend cannot run here.
import {execFileSync, spawnSync} from 'node:child_process';
import {existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';
import {table} from '../bench/gpu/summary.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const {values: flags} = parseArgs({
  options: {
    backend: {type: 'string', default: 'cuda'},
    steps: {type: 'string', default: '2000'},
    only: {type: 'string'},
    'skip-bench': {type: 'boolean', default: false},
    works: {type: 'string'},
    out: {type: 'string', default: path.join(root, 'bench/results')},
  },
});
const {backend} = flags;
const isCuda = backend === 'cuda';
const gan = path.join(root, 'bin/run.js');
const scratch = mkdtempSync(path.join(tmpdir(), 'gan-gpu-check-'));

/** Runs a command; its output, or an Error with the end of it. */
function run(command, args, {minutes = 20, env = {}, cwd = scratch} = {}) {
  const {status, signal, stdout, stderr, error} = spawnSync(command, args.map(String), {
    cwd,
    encoding: 'utf8',
    timeout: minutes * 60_000,
    killSignal: 'SIGKILL',
    maxBuffer: 2 ** 28,
    env: {...process.env, GAN_DATA_DIR: path.join(scratch, 'data'), ...env},
  });
  if (error?.code === 'ETIMEDOUT')
    throw new Error(`${command} ${args.join(' ')}: still running after ${minutes} minutes`);
  if (error) throw error;
  if (status !== 0)
    throw new Error(
      `${[path.basename(command), ...args].join(' ')} ended with ${status ?? signal}\n${(stdout + stderr).trim().split('\n').slice(-25).join('\n')}`,
    );
  return stdout + stderr;
}
const cli = (args, options) => run(process.execPath, [gan, ...args], options);
const training = (steps, capture, precision, options) =>
  JSON.parse(
    run(
      process.execPath,
      [path.join(root, 'scripts/gpu/steps.mjs'), steps, capture, backend, ...(precision ? [precision] : [])],
      options,
    )
      .trim()
      .split('\n')
      .at(-1),
  );
const has = (command) => spawnSync(command, ['--version'], {stdio: 'ignore'}).status === 0;
const demand = (holds, message) => {
  if (!holds) throw new Error(message);
};
/** Thrown where a check cannot be made here. */
class Skipped extends Error {}

/** What `gan backends` says of the backend. */
const listed = cli(['backends', '--json'])
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line))
  .find(({name}) => name === backend);
if (listed?.state !== 'ready') {
  console.error(
    `nothing was checked: ${backend} cannot run here: ${listed?.probe.why ?? 'there is no such backend'}${listed ? `\ntry: ${listed.probe.fix}` : ''}`,
  );
  rmSync(scratch, {recursive: true, force: true});
  process.exit(4);
}

const precise = isCuda ? ['--set', 'precision=fp32'] : [];

const checks = {
  'the backend is found': () =>
    JSON.stringify({...listed.probe.info, devices: listed.probe.devices?.map(({name}) => name)}),
  'conformance kit, fp32, recorded trainings of fastai included': () =>
    cli(['backends', 'test', backend, ...precise], {minutes: 40})
      .trim()
      .split('\n')
      .at(-1),
  'conformance kit, TF32: trainings and states': () => {
    if (!isCuda) throw new Skipped('of cuda');
    return ['training', 'state', 'memory']
      .map((only) =>
        cli(['backends', 'test', backend, '--set', 'precision=tf32', '--only', only]).trim().split('\n').at(-1),
      )
      .join('; ');
  },
  'the same twice, bit for bit': () => {
    const [a, b] = [training(60, 'off'), training(60, 'off')];
    demand(a.weights === b.weights, `weights ${a.weights} and ${b.weights}`);
    return a.weights.slice(0, 12);
  },
  'recorded steps give the bits of eager ones': () => {
    const [recorded, eager] = [training(60, 'auto'), training(60, 'off')];
    demand(recorded.repeated > 0, 'no step was repeated from a recording');
    demand(eager.repeated === 0, 'steps were repeated although this is off');
    demand(
      JSON.stringify(recorded.losses) === JSON.stringify(eager.losses),
      `losses ${recorded.losses.slice(0, 25)} and ${eager.losses.slice(0, 25)}`,
    );
    demand(recorded.weights === eager.weights, `weights ${recorded.weights} and ${eager.weights}`);
    return `${recorded.repeated} of 60 steps repeated`;
  },
  'fp32 agrees with wasm over 20 steps': () => {
    const ours = training(20, 'auto', isCuda ? 'fp32' : undefined);
    const theirs = JSON.parse(
      run(process.execPath, [path.join(root, 'scripts/gpu/steps.mjs'), 20, 'off', 'wasm'])
        .trim()
        .split('\n')
        .at(-1),
    );
    const worst = Math.max(...ours.losses.map((loss, i) => Math.abs(loss - theirs.losses[i])));
    demand(worst < 1e-3, `losses are ${worst} apart`);
    return `losses at most ${worst.toExponential(1)} apart`;
  },
  'a run that stops goes on bit for bit': () => {
    const fit = (...args) => cli(['fit', '--quiet', '--backend', backend, ...args]);
    const weights = (run) => {
      const file = path.join(scratch, `${run}.safetensors`);
      cli(['export', path.join(scratch, run), '--format', 'safetensors', '--out', file]);
      return readFileSync(file);
    };
    fit('--recipe', 'quick', '--steps', 40, '--out', path.join(scratch, 'whole'));
    fit('--recipe', 'quick', '--steps', 20, '--out', path.join(scratch, 'parts'));
    fit('--resume', path.join(scratch, 'parts'), '--steps', 40);
    demand(weights('whole').equals(weights('parts')), 'the weights differ');
    return '20 and 20 steps are 40 steps';
  },
  [`nothing leaks over ${flags.steps} steps`]: () => {
    const {early, late} = training(Number(flags.steps), 'auto', undefined, {minutes: 40});
    demand(
      late.tensors <= early.tensors && late.bytes <= early.bytes,
      `tensors ${early.tensors} -> ${late.tensors}, bytes ${early.bytes} -> ${late.bytes}`,
    );
    demand(
      late.allocatedMiB === undefined || late.allocatedMiB <= early.allocatedMiB + 8,
      `memory that is allocated ${early.allocatedMiB} -> ${late.allocatedMiB} MiB`,
    );
    demand(
      late.gpuMiB === undefined || late.gpuMiB <= early.gpuMiB + 8,
      `memory of the GPU ${early.gpuMiB} -> ${late.gpuMiB} MiB`,
    );
    return `${late.tensors} tensors, allocated ${early.allocatedMiB ?? '?'} -> ${late.allocatedMiB ?? '?'} MiB, GPU ${early.gpuMiB ?? '?'} -> ${late.gpuMiB ?? '?'} MiB, process ${early.rssMiB} -> ${late.rssMiB} MiB`;
  },
  // under racecheck everything is hundreds of times slower, and only shared memory is looked at: reductions have that
  ...Object.fromEntries(
    [
      ['memcheck', 'operations'],
      ['racecheck', 'sum'],
      ['racecheck', 'softmax'],
      ['synccheck', 'sum'],
    ].map(([tool, only]) => [
      `compute-sanitizer ${tool}: ${only}`,
      () => {
        if (!isCuda) throw new Skipped('of cuda');
        if (!has('compute-sanitizer'))
          throw new Skipped('compute-sanitizer is not installed (it comes with the CUDA toolkit)');
        const text = run(
          'compute-sanitizer',
          [
            '--tool',
            tool,
            '--error-exitcode',
            9,
            '--target-processes',
            'all',
            process.execPath,
            gan,
            'backends',
            'test',
            backend,
            ...precise,
            '--set',
            'timeout=3000',
            '--only',
            only,
          ],
          {minutes: 60},
        );
        return (
          text
            .split('\n')
            .filter((line) => line.includes('SUMMARY'))
            .at(-1)
            ?.trim() ?? 'no error'
        );
      },
    ]),
  ),
  "types and constants are those of NVIDIA's headers": () => {
    const mocha = path.join(root, 'node_modules/mocha/bin/mocha.js');
    if (!existsSync(mocha)) throw new Skipped('the tests are not in this bundle');
    return (
      run(
        process.execPath,
        [mocha, '--node-option', 'import=tsx/esm', path.join(root, 'test/plugins/cuda/headers.test.ts')],
        {cwd: root},
      ).match(/\d+ passing.*/)?.[0] ?? 'no test ran'
    );
  },
};

function gpuName() {
  try {
    return execFileSync('nvidia-smi', ['--query-gpu=name', '--format=csv,noheader'], {encoding: 'utf8'})
      .trim()
      .split('\n')[0];
  } catch {
    return backend;
  }
}

const results = [];
function make(name, check) {
  const start = performance.now();
  let result;
  try {
    result = {name, state: 'passed', what: String(check())};
  } catch (error) {
    result = {name, state: error instanceof Skipped ? 'skipped' : 'failed', what: error.message};
  }
  results.push({...result, seconds: Math.round((performance.now() - start) / 100) / 10});
  console.log(
    `${result.state.padEnd(8)} ${name} (${results.at(-1).seconds} s)\n         ${result.what.replaceAll('\n', '\n         ')}`,
  );
}
for (const [name, check] of Object.entries(checks))
  if (flags.only === undefined || name.includes(flags.only)) make(name, check);

let bench;
/**
 * Below it the time goes where this project's own kernels are, or to launches. bf16 converts its operands, and is only
 * shown.
 */
const leastShare = 0.4;
if (!flags['skip-bench'] && flags.only === undefined) {
  const file = path.join(scratch, 'bench.json');
  const {status} = spawnSync(
    process.execPath,
    [path.join(root, 'bench/gpu.mjs'), '--backend', backend, '--json', file, ...(flags.works?.split(',') ?? [])],
    {stdio: ['ignore', 'inherit', 'inherit'], timeout: 60 * 60_000},
  );
  if (status === 0) bench = JSON.parse(readFileSync(file, 'utf8'));
  make(`at least ${leastShare * 100} % of the time on the card is cuDNN's and cuBLASLt's at batch 512`, () => {
    demand(bench, `bench/gpu.mjs ended with ${status}`);
    const shares = bench.results.filter(({batch, libraryShare}) => batch === 512 && libraryShare !== undefined);
    if (shares.length === 0) throw new Skipped(`${backend} does not tell`);
    const text = shares.map(({name, libraryShare}) => `${name}: ${(libraryShare * 100).toFixed(0)} %`).join(', ');
    demand(
      shares.every(({name, libraryShare}) => name.includes('bf16') || libraryShare >= leastShare),
      text,
    );
    return text;
  });
}

const gpu = gpuName();
const slug = gpu.toLowerCase().replace(/[^a-z0-9]+/g, '-');
mkdirSync(flags.out, {recursive: true});
const day = new Date().toISOString().slice(0, 10);
const out = path.join(flags.out, `${slug}-${day}.json`);
writeFileSync(
  out,
  `${JSON.stringify({gpu, backend, node: process.version, checks: results, ...(bench && {peakTflops: bench.peakTflops, bench: bench.results})}, null, 2)}\n`,
);
const row = (...cells) =>
  `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
writeFileSync(
  out.replace(/json$/, 'md'),
  [
    `# ${gpu}, ${day}`,
    '',
    row('check', 'state', 's', 'what'),
    row('---', '---', '---', '---'),
    ...results.map(({name, state, seconds, what}) => row(name, state, seconds, what)),
    ...(bench ? ['', table(bench.results)] : []),
    '',
  ].join('\n'),
);
rmSync(scratch, {recursive: true, force: true});
const count = (state) => results.filter((one) => one.state === state).length;
console.log(
  `\n${out} (and as a table, .md)\n${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped`,
);
process.exit(count('failed') === 0 ? 0 : 1);
