// npm run gpu:first: the first quarter of an hour on a GPU, in two calls, the most telling steps first.
//
//     node scripts/gpu-first.mjs A [--out DIR] [--seconds 420]       # does it work, does it compute correctly, how fast is it
//     node scripts/gpu-first.mjs B [--again DIR/results.jsonl] [--out DIR] [--seconds 260]
//                                                         # what failed again, against torch.compile, batch 512, bf16, fastai, leaks, memcheck
//
// --small: everything as small as it can be, which tries the script. DIR gets results.jsonl, table.md and log.txt. A session
// that was killed leaves its lines: node scripts/gpu/report.mjs DIR/results.jsonl makes a table of them.
// Exit code 1 when a step failed.
import {existsSync} from 'node:fs';
import path from 'node:path';
import {parseArgs} from 'node:util';
import {readRecords, stepsOf as stepsIn} from './gpu/records.mjs';
import {noTime, runSession} from './gpu/session.mjs';
import {root, stepsOf} from './gpu/steps-of.mjs';

/** Steps with their limits in seconds. */
const plans = {
  A: {
    seconds: 420,
    steps: {
      versions: 130, // of which 60 may be the driver's first answer, which is asked for twice
      smoke: 60,
      recorded: 40,
      'own, recorded': 30,
      'PyTorch, eager': 60, // its first import reads gigabytes
      kit: 150,
      'kit: trainings': 80,
      'webgpu: kit': 60,
      'webgpu: own, recorded': 40,
    },
  },
  B: {
    seconds: 260,
    steps: {
      'recorded, bf16': 40,
      'own, recorded, batch 512': 40,
      'own, recorded, bf16': 30,
      'PyTorch, eager, bf16': 30,
      'fastai or its loop': 40,
      'PyTorch, compiled': 110,
      leaks: 40,
      'own, eager': 30,
      'webgpu: kit': 60,
      'webgpu: float16': 30,
      'webgpu: own, recorded': 40,
      'memcheck: sum': 60,
      'memcheck: operations': 200,
    },
  },
};
/** Of B, for what failed in A, but not the conformance kit: it takes longer, and has said what fails. */
const againSeconds = 60;

const {
  values: flags,
  positionals: [name],
} = parseArgs({
  allowPositionals: true,
  options: {
    out: {type: 'string'},
    again: {type: 'string'},
    seconds: {type: 'string'},
    backend: {type: 'string', default: 'cuda'},
    small: {type: 'boolean', default: false},
  },
});
const plan = plans[name];
if (!plan) {
  console.error(
    'usage: node scripts/gpu-first.mjs A|B [--out DIR] [--again DIR/results.jsonl] [--seconds N] [--small]',
  );
  process.exit(2);
}
if (flags.again !== undefined && !existsSync(flags.again)) {
  console.error(`${flags.again} is not there: --again takes the results.jsonl of a session before`);
  process.exit(2);
}
const all = stepsOf({backend: flags.backend, small: flags.small});
const before = stepsIn(flags.again ? readRecords(flags.again) : []);
const again = before
  .filter(({state}) => state === 'failed' || state === undefined)
  .map(({step}) => step)
  .filter((step) => step in all && !(step in plan.steps) && !step.startsWith('kit'));
const done = new Set(
  before
    .filter(({state, what}) => state === 'passed' || (state === 'skipped' && what !== noTime))
    .map(({step}) => step),
);
const out = flags.out ?? path.join(root, 'bench/results', `first-${name}`);
const ok = await runSession({
  steps: [
    ...again.map((step) => [step, againSeconds / again.length, all[step]]),
    ...Object.entries(plan.steps)
      .filter(([step]) => !done.has(step))
      .map(([step, seconds]) => [step, seconds, all[step]]),
  ],
  seconds: Number(flags.seconds ?? plan.seconds),
  out,
  about: {plan: name, backend: flags.backend},
});
process.exit(ok ? 0 : 1);
