// What can be tried on a GPU only, as steps: each is a function of a context that gives a text, or {what, data}.
import {spawnSync} from 'node:child_process';
import {existsSync, readFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {summary} from '../../bench/gpu/summary.mjs';

export const root = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));
const gan = path.join(root, 'bin/run.js');
const script = (name) => path.join(root, 'scripts/gpu', name);
const python = process.env.PYTHON ?? 'python3';

/** Thrown where a step cannot be made here. */
export class Skipped extends Error {}
const demand = (holds, message) => {
  if (!holds) throw new Error(message);
};
const parsed = (line) => {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
};
const lastJson = (lines) => lines.map(parsed).findLast((value) => value !== undefined && typeof value === 'object');
/** Whether a command is there. */
const has = (command, ...args) => spawnSync(command, args, {stdio: 'ignore'}).status === 0;
let torchSeesGpu;
/** Throws Skipped without a PyTorch that sees the GPU, which takes seconds to find out: asked once. */
function demandTorch() {
  torchSeesGpu ??= has(python, '-c', 'import torch; assert torch.cuda.is_available()');
  if (!torchSeesGpu) throw new Skipped(`${python} has no PyTorch that sees the GPU`);
}

/** Groups of the conformance kit without trainings. */
const kitGroups = ['operations', 'gradients', 'second-order', 'penalties', 'state', 'errors', 'memory', 'lifecycle'];
/**
 * Of the time on the card at batch 512, cuDNN and cuBLASLt have that share at least. Below it the time goes where this
 * project's own kernels are, or to launches.
 */
const leastShare = 0.4;

/**
 * The steps by name.
 * @param backend which backend is tried
 * @param small everything is as small as it can be: to try the steps themselves
 */
export function stepsOf({backend, small = false, leakSteps = small ? 300 : 1000}) {
  const isCuda = backend === 'cuda';
  const [work, large] = small ? ['16:2', '16:4'] : ['64:128', '64:512'];
  const sameSteps = small ? 12 : 60;
  const precise = isCuda ? 'fp32' : '-';
  const node = (context, file, ...args) => context.run(process.execPath, [file, ...args]);
  const training = async (context, ...args) => lastJson(await node(context, script('steps.mjs'), ...args));

  /** The lines of kit.mjs or smoke.mjs put together; also of one that did not come to its end. */
  async function checks(context, file, ...args) {
    let now;
    const results = [];
    let fault;
    const lines = await context
      .run(process.execPath, [file, ...args], {
        onLine: (line) => {
          const value = line.startsWith('{') ? parsed(line) : undefined;
          if (value?.check === undefined) return;
          if (value.state === undefined) now = value.check;
          else {
            now = undefined;
            results.push(value);
          }
        },
      })
      .catch((error) => {
        fault = error;
        return error.lines ?? [];
      });
    const of = (state) => results.filter((one) => one.state === state);
    const failures = of('failed').map(({check, why}) => `${check}: ${why}`);
    const what = [
      `${of('passed').length} passed, ${of('failed').length} failed, ${of('skipped').length} skipped`,
      ...(now === undefined ? [] : [`ended in: ${now}`]),
      ...failures,
      ...(fault && failures.length === 0 ? [fault.message] : []),
    ].join('; ');
    const data = {failures, slowest: [...results].sort((a, b) => b.ms - a.ms).slice(0, 5)};
    if (fault || failures.length > 0) throw Object.assign(new Error(what), {data, lines});
    return {what, data, lines};
  }
  const kit =
    (precision, ...only) =>
    (context) =>
      checks(context, script('kit.mjs'), backend, precision, ...(small ? ['errors'] : only));

  const own = (of, capture, precision) => async (context) => {
    const [size, batch] = of.split(':').map(Number);
    const counts = small ? [1, 1] : [5, batch > 256 ? 2 : 5];
    const measured = lastJson(
      await node(
        context,
        path.join(root, 'bench/gpu/own.mjs'),
        size,
        batch,
        capture,
        ...counts,
        backend,
        ...(isCuda ? [precision] : []),
      ),
    );
    const data = summary(batch, measured);
    const what = [
      `${data.imagesPerSecond.toFixed(0)} images/s, ${data.stepMs.toFixed(2)} ms a step`,
      ...(capture === 'auto' ? [`${data.launched} of ${data.repeated} repeated steps were launched as graphs`] : []),
      ...data.refusals.map((why) => `not repeated: ${why}`),
    ].join('; ');
    const fault = (text) => Object.assign(new Error(`${text}; ${what}`), {data});
    if (isCuda && capture === 'auto' && !(data.launched > 0 && data.refusals.length === 0))
      throw fault('steps are not launched as graphs');
    if (data.libraryShare !== undefined && batch === 512 && precision !== 'bf16' && data.libraryShare < leastShare)
      throw fault(`cuDNN and cuBLASLt have ${(data.libraryShare * 100).toFixed(0)} % of the time on the card`);
    return {what, data};
  };
  const peer = (of, mode) => async (context) => {
    demandTorch();
    const [size, batch] = of.split(':').map(Number);
    const data = summary(
      batch,
      lastJson(await context.run(python, [path.join(root, 'bench/gpu/peer.py'), size, batch, mode, 5, 5])),
    );
    return {
      what: `PyTorch ${data.torch}: ${data.imagesPerSecond.toFixed(0)} images/s, ${data.stepMs.toFixed(2)} ms a step`,
      data,
    };
  };
  const fastai = (of) => async (context) => {
    demandTorch();
    const [size, batch] = of.split(':').map(Number);
    const measured = lastJson(await context.run(python, [path.join(root, 'bench/gpu/fastai.py'), size, batch, 3, 3]));
    const data = summary(batch, measured);
    return {
      what: `${data.name}: ${data.imagesPerSecond.toFixed(0)} images/s, ${data.stepMs.toFixed(2)} ms a step`,
      data,
    };
  };
  const sanitizer = (tool, only) => async (context) => {
    if (!isCuda) throw new Skipped('of cuda');
    if (!has('compute-sanitizer', '--version'))
      throw new Skipped('compute-sanitizer is not installed (it comes with the CUDA toolkit)');
    const lines = await context.run(
      'compute-sanitizer',
      [
        '--tool',
        tool,
        '--error-exitcode',
        9,
        '--target-processes',
        'all',
        process.execPath,
        script('kit.mjs'),
        backend,
        precise,
        only,
      ],
      {env: {GAN_DEBUG: 'alloc'}}, // else small tensors are parts of large allocations, and what is read beside them is not seen
    );
    return lines.findLast((line) => line.includes('SUMMARY'))?.trim() ?? 'no error';
  };
  /** Steps that are repeated have the losses and weights of eager ones, bit for bit. */
  const recorded = (precision) => async (context) => {
    const [repeated, eager] = [
      await training(context, sameSteps, 'auto', backend, ...precision),
      await training(context, sameSteps, 'off', backend, ...precision),
    ];
    demand(repeated.refusals.length === 0, `steps were not repeated: ${repeated.refusals.join('; ')}`);
    demand(repeated.repeated > 0, 'no step was repeated');
    if (isCuda)
      demand(
        repeated.launched === repeated.repeated,
        `${repeated.launched} of ${repeated.repeated} repeated steps were launched as graphs`,
      );
    demand(eager.repeated === 0, 'steps were repeated although this is off');
    demand(
      JSON.stringify(repeated.losses) === JSON.stringify(eager.losses),
      `losses ${repeated.losses.slice(0, 25)} and ${eager.losses.slice(0, 25)}`,
    );
    demand(repeated.weights === eager.weights, `weights ${repeated.weights} and ${eager.weights}`);
    return `${repeated.repeated} of ${sameSteps} steps repeated, ${repeated.launched} as graphs`;
  };
  const onWebgpu = (work) => async (context) => {
    const lines = await context.run(process.execPath, [gan, 'backends', '--json']);
    const listed = lines.map(parsed).find((value) => value?.name === 'webgpu');
    if (listed?.state !== 'ready') throw new Skipped(`webgpu: ${listed?.probe?.why ?? 'is not installed'}`);
    return work(context, listed.probe.info);
  };

  return {
    async versions(context) {
      const ask = async () =>
        (await context.run(process.execPath, [gan, 'backends', '--json']))
          .map(parsed)
          .find((value) => value?.name === backend);
      const first = await ask();
      const listed = first?.state === 'ready' ? first : await ask(); // a driver's first answer may come too late
      const probe = listed?.probe;
      if (listed?.state !== 'ready')
        throw new Error(
          `${backend} cannot run here: ${probe?.why ?? 'there is no such backend'}${probe?.fix ? `; try: ${probe.fix}` : ''}`,
        );
      const data = {info: probe.info, devices: probe.devices, cores: os.availableParallelism()};
      return {what: `${Object.values(probe.info).join(', ')}; ${data.cores} cores`, data};
    },
    async smoke(context) {
      const {what, data, lines} = await checks(
        {
          ...context,
          run: (command, args, options) => context.run(command, args, {...options, env: {GAN_DEBUG: 'cudnn'}}),
        },
        script('smoke.mjs'),
        backend,
        ...work.split(':'),
        ...(isCuda ? ['fp32', 'tf32', 'bf16'] : []),
      ).catch((error) => {
        error.data = {...error.data, plans: plansIn(error.lines ?? [])};
        throw error;
      });
      const plans = plansIn(lines);
      const left = plans.filter((line) => line.endsWith(': kernels of our own')).length;
      return {
        what: left > 0 ? `${what}; ${left} convolutions are left to kernels of our own, which are slow` : what,
        data: {...data, plans},
      };
    },
    recorded: recorded([]),
    'recorded, bf16': (context) => {
      if (!isCuda) throw new Skipped('of cuda');
      return recorded(['bf16'])(context);
    },
    'own, recorded': own(work, 'auto', 'tf32'),
    'PyTorch, eager': peer(work, 'eager'),
    'PyTorch, eager, bf16': peer(work, 'bf16'),
    'fastai or its loop': fastai(work),
    kit: kit(precise, ...kitGroups),
    'kit: trainings': kit(precise, 'training', 'golden'),
    async twice(context) {
      const [a, b] = [
        await training(context, sameSteps, 'off', backend),
        await training(context, sameSteps, 'off', backend),
      ];
      demand(a.weights === b.weights, `weights ${a.weights} and ${b.weights}`);
      return a.weights.slice(0, 12);
    },
    async 'fp32 and wasm'(context) {
      const ours = await training(context, small ? 12 : 20, 'auto', backend, ...(isCuda ? ['fp32'] : []));
      const theirs = await training(context, small ? 12 : 20, 'off', 'wasm');
      const worst = Math.max(...ours.losses.map((loss, i) => Math.abs(loss - theirs.losses[i])));
      demand(worst < 1e-3, `losses are ${worst} apart`);
      return `losses at most ${worst.toExponential(1)} apart`;
    },
    'kit: TF32': (context) => {
      if (!isCuda) throw new Skipped('of cuda');
      return kit('tf32', 'training', 'state', 'memory')(context);
    },
    async 'stop and go'(context) {
      const cli = (...args) => context.run(process.execPath, [gan, ...args]);
      const fit = (...args) => cli('fit', '--quiet', '--backend', backend, ...args);
      const weights = async (run) => {
        const file = path.join(context.scratch, `${run}.safetensors`);
        await cli('export', path.join(context.scratch, run), '--format', 'safetensors', '--out', file);
        return readFileSync(file);
      };
      const half = small ? 2 : 20;
      await fit('--recipe', 'quick', '--steps', 2 * half, '--out', path.join(context.scratch, 'whole'));
      await fit('--recipe', 'quick', '--steps', half, '--out', path.join(context.scratch, 'parts'));
      await fit('--resume', path.join(context.scratch, 'parts'), '--steps', 2 * half);
      demand((await weights('whole')).equals(await weights('parts')), 'the weights differ');
      return `${half} and ${half} steps are ${2 * half} steps`;
    },
    async leaks(context) {
      const {early, late} = await training(context, leakSteps, 'auto', backend);
      demand(
        late.tensors <= early.tensors && late.bytes <= early.bytes,
        `tensors ${early.tensors} -> ${late.tensors}, bytes ${early.bytes} -> ${late.bytes}`,
      );
      for (const [name, key] of [
        ['memory that is allocated', 'allocatedMiB'],
        ['memory of the GPU', 'gpuMiB'],
      ])
        demand(late[key] === undefined || late[key] <= early[key] + 8, `${name} ${early[key]} -> ${late[key]} MiB`);
      return `${leakSteps} steps: ${late.tensors} tensors, allocated ${early.allocatedMiB ?? '?'} -> ${late.allocatedMiB ?? '?'} MiB, GPU ${early.gpuMiB ?? '?'} -> ${late.gpuMiB ?? '?'} MiB, process ${early.rssMiB} -> ${late.rssMiB} MiB`;
    },
    'own, eager': own(work, 'off', 'tf32'),
    'own, recorded, bf16': (context) => {
      if (!isCuda) throw new Skipped('of cuda');
      return own(work, 'auto', 'bf16')(context);
    },
    'own, recorded, batch 512': own(large, 'auto', 'tf32'),
    // one shape: torch.compile compiles for each pattern of calls anew, one to two minutes a shape
    'PyTorch, compiled': peer(work, 'compiled'),
    'PyTorch, eager, batch 512': peer(large, 'eager'),
    headers: async (context) => {
      const mocha = path.join(root, 'node_modules/mocha/bin/mocha.js');
      if (!isCuda || !existsSync(mocha)) throw new Skipped(isCuda ? 'the tests are not in this bundle' : 'of cuda');
      const lines = await context.run(
        process.execPath,
        [mocha, '--node-option', 'import=tsx/esm', path.join(root, 'test/plugins/cuda/headers.test.ts')],
        {cwd: root},
      );
      return lines.find((line) => line.includes('passing'))?.trim() ?? 'no test ran';
    },
    'webgpu: kit': onWebgpu((context) =>
      checks(context, script('kit.mjs'), 'webgpu', '-', ...(small ? ['errors'] : kitGroups)),
    ),
    'webgpu: float16': onWebgpu((context, {float16}) => {
      if (!float16) throw new Skipped('the adapter has no float16');
      return checks(context, script('kit.mjs'), 'webgpu', 'fp16', ...(small ? ['errors'] : ['training', 'memory']));
    }),
    'webgpu: own, recorded': onWebgpu(async (context) => {
      const [size, batch] = work.split(':').map(Number);
      const data = summary(
        batch,
        lastJson(await node(context, path.join(root, 'bench/gpu/own.mjs'), size, batch, 'auto', 3, 3, 'webgpu')),
      );
      return {what: `${data.imagesPerSecond.toFixed(0)} images/s, ${data.stepMs.toFixed(2)} ms a step`, data};
    }),
    'memcheck: sum': sanitizer('memcheck', 'sum'),
    'memcheck: operations': sanitizer('memcheck', 'operations'),
    // under racecheck everything is hundreds of times slower, and only shared memory is looked at: reductions have that
    'racecheck: sum': sanitizer('racecheck', 'sum'),
    'racecheck: softmax': sanitizer('racecheck', 'softmax'),
    'synccheck: sum': sanitizer('synccheck', 'sum'),
  };
}

/** What cuDNN offers for each convolution and what is taken, from the lines of GAN_DEBUG=cudnn. */
const plansIn = (lines) => lines.flatMap((line) => (line.startsWith('cudnn: ') ? [line.slice('cudnn: '.length)] : []));
