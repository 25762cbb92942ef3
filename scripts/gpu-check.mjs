// npm run gpu:check: everything that can only be tried on a machine with a GPU. Needs neither network nor npm:
// `npm run gpu:bundle` makes an archive with all of it, Node included. `npm run gpu:first` is what fits 15 minutes.
//
//     node scripts/gpu-check.mjs [--backend cuda] [--minutes 45] [--leak-steps 2000] [--only TEXT] [--skip-bench] [--sanitizers] [--out DIR]
//
// Each step has processes of its own, so that one that hangs or crashes takes nothing with it. Results are written as they
// come: DIR/results.jsonl, table.md, log.txt. Exit codes: 1 when a step fails, 4 when the backend cannot run here.
import path from 'node:path';
import {parseArgs} from 'node:util';
import {readRecords, stepsOf as stepsIn} from './gpu/records.mjs';
import {runSession} from './gpu/session.mjs';
import {root, stepsOf} from './gpu/steps-of.mjs';

const {values: flags} = parseArgs({
  options: {
    backend: {type: 'string', default: 'cuda'},
    minutes: {type: 'string', default: '45'},
    'leak-steps': {type: 'string', default: '2000'},
    only: {type: 'string'},
    'skip-bench': {type: 'boolean', default: false},
    sanitizers: {type: 'boolean', default: false},
    small: {type: 'boolean', default: false},
    out: {type: 'string'},
  },
});
const {backend, only} = flags;
const isBench = (name) => /own|PyTorch/.test(name);
const isSanitizer = (name) => /check: /.test(name);
const all = Object.entries(
  stepsOf({backend, small: flags.small, ...(!flags.small && {leakSteps: Number(flags['leak-steps'])})}),
);
const wanted = all.filter(
  ([name]) =>
    name === 'versions' ||
    ((only === undefined || name.includes(only)) &&
      !(flags['skip-bench'] && isBench(name)) &&
      (flags.sanitizers || !isSanitizer(name))),
);
const out = flags.out ?? path.join(root, 'bench/results', `${backend}-${new Date().toISOString().slice(0, 10)}`);
const seconds = Number(flags.minutes) * 60;
const session = {seconds, out, about: {backend}};
// sanitizers come last in the list: they take the time that is left
const ok = await runSession({
  ...session,
  steps: wanted.map(([name, work]) => [name, seconds, work]),
  until: ({step, state}) => step === 'versions' && state === 'failed',
});
const cannot = stepsIn(readRecords(path.join(out, 'results.jsonl'))).some(
  ({step, state}) => step === 'versions' && state === 'failed',
);
process.exit(ok ? 0 : cannot ? 4 : 1);
