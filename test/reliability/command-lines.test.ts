import {expect} from 'chai';
import {execFileSync} from 'node:child_process';
import {mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import {Rng} from '../../dist/gan/rng.js';
import {gan, root} from '../commands/helpers.js';
import {folder, removeFolders} from '../plugin/helpers.js';
import {hostileTexts, terminalOrders} from './hostile-strings.js';
import {isLong, runSuite, seed} from './support.js';

interface Flag {
  type: 'boolean' | 'option';
  allowNo?: boolean;
  options?: string[];
  helpValue?: string;
}

const {commands} = JSON.parse(readFileSync(path.join(root, 'oclif.manifest.json'), 'utf8')) as {
  commands: Record<string, {flags: Record<string, Flag>; args: object}>;
};

const tiny = ['--size=8', '--set=source.count=16', '--latent=4', '--batch-size=4', '--set=recipe=wgan'];
const small = [...tiny, '--set=arch.nFeatures=2', '--backend=wasm', '--threads=1'];

/**
 * What each command needs to get to its work, and what keeps that short; `last` comes after the flags that are tried.
 * Without: `ui`, which ends by a signal, `bench` and `backends test`, which take minutes, and those that ask the
 * registry of npm.
 */
const bases: Record<string, {first?: string[]; last?: string[]; weight?: number}> = {
  autocomplete: {first: ['bash']},
  backends: {},
  classify: {first: ['classes'], last: ['--out=c.safetensors', '--epochs=1', '--backend=wasm', '--size=16']},
  complete: {first: ['--', 'fit', '=']},
  doctor: {},
  evaluate: {first: ['run'], last: ['--images=8']},
  export: {first: ['run'], last: ['--format=safetensors'], weight: 4},
  fit: {first: ['builtin:shapes', ...small], last: ['--steps=1', '--out=OUT'], weight: 12},
  generate: {first: ['run'], last: ['--out=g.png', '--backend=wasm'], weight: 4},
  init: {first: ['builtin:shapes'], last: ['--out=OUT'], weight: 3},
  interpolate: {first: ['run'], last: ['--out=i.gif', '--backend=wasm'], weight: 3},
  parts: {first: ['loss']},
  report: {first: ['run'], last: ['--out=r.html'], weight: 2},
  'show-batch': {first: ['photos'], last: ['--out=b.png'], weight: 4},
  timelapse: {first: ['run'], weight: 3},
  'config:schema': {},
  'config:show': {weight: 12},
  'plugins:create': {first: ['gan-plugin-x']},
  plugins: {},
  'plugins:inspect': {first: ['gankit']},
  'plugins:uninstall': {first: ['gan-plugin-none']},
  'runs:diff': {first: ['run', 'run']},
  'runs:list': {first: ['.']},
  'runs:rm': {first: ['run']},
  'runs:show': {first: ['run'], weight: 2},
};
const order = Object.entries(bases).flatMap(([id, {weight = 1}]) => Array.from({length: weight}, () => id));

const numbers = [
  '0',
  '1',
  '2',
  '-1',
  '0.5',
  '3',
  '7',
  '1e9',
  '1e12',
  '1e999',
  '-1e999',
  'NaN',
  'Infinity',
  '9007199254740993',
  '0x10',
  ' 1',
  '1,2',
];
const words = [
  'none',
  'auto',
  'best',
  'newest',
  'None',
  '',
  'true',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
];
const names = [
  'wgan',
  'hinge',
  'bce',
  'adam',
  'sgd',
  'light',
  'basic',
  'mlp',
  'resnet',
  'linear',
  'cosine',
  'flip',
  'ada',
  'flip,color',
  'r1',
  'r1,r2',
  'swd',
  'fd,kid',
  'fixed',
  'adaptive',
  'onnx',
  'web',
  'tfjs',
  'wasm',
  'points',
  'quick',
  'plateau,collapse',
  'lr=linear',
];
const paths = [
  'missing',
  'pipe',
  'photos',
  'classes',
  'run',
  'run/config.json',
  'empty',
  'text',
  '/dev/null',
  '/dev/zero',
  '/dev/full',
  '.',
  '..',
  '/proc/nowhere',
  'loop',
  'a/b/c',
  'text/x',
  'x'.repeat(300),
  'builtin:shapes',
  'builtin:nothing',
  'builtin:',
  'bomb.yaml',
  'deep.json',
  'run/metrics.jsonl',
];
const settings = [
  'lr=0.1',
  'lr=',
  '=1',
  'lr',
  'arch.nFeatures=1e9',
  'arch.nFeatures=-1',
  'arch.x=1',
  '__proto__=1',
  'arch.__proto__=1',
  'arch.constructor=1',
  'constructor.prototype.x=1',
  'augment.flip.p=2',
  'source.count=0',
  'source.count=1e12',
  'penalty.r1.gamma=NaN',
  'schedules.lr=linear',
  'schedules.__proto__=linear',
  'size=1e9',
  'loss=none',
  'backend=wasm',
  'data=.',
  'steps=none',
];

/** The part of a message by which oclif says that it did not come further than the flags. */
const parsing =
  /Nonexistent flag|Missing \d+ required|to be one of|Expected an? |Unexpected argument|expects a value|cannot also be|must be provided|Parsing --|There is no command|needs? a whole number/;

describe('fuzzed command lines', function () {
  this.timeout(isLong ? 36_000_000 : 180_000);
  let cwd: string;

  before(async () => {
    cwd = path.join(folder(), 'work'); // a folder whose parent is small, too: `..` is among the paths
    mkdirSync(path.join(cwd, 'empty'), {recursive: true});
    writeFileSync(path.join(cwd, 'text'), 'some text');
    writeFileSync(path.join(cwd, 'bomb.yaml'), bomb());
    writeFileSync(path.join(cwd, 'deep.json'), `{"arch":${'['.repeat(50_000)}${']'.repeat(50_000)}}`);
    symlinkSync('loop', path.join(cwd, 'loop'));
    if (process.platform !== 'win32') execFileSync('mkfifo', [path.join(cwd, 'pipe')]);
    for (const dir of ['photos', 'classes/a', 'classes/b']) {
      mkdirSync(path.join(cwd, dir), {recursive: true});
      for (let i = 0; i < 3; i++)
        await sharp({create: {width: 9, height: 8, channels: 3, background: {r: 80 * i, g: 9, b: 200}}})
          .png()
          .toFile(path.join(cwd, dir, `${i}.png`));
    }
    const made = await gan(
      ['fit', 'builtin:shapes', ...small, '--steps=2', '--sample-every=1', '--quiet', '--out=run'],
      {cwd},
    );
    expect(made.code, made.stderr).to.equal(0);
  });
  after(removeFolders);

  /** The words of a command line, which depend on the seed and its number only. */
  function commandLine(job: number): string[] {
    const rng = new Rng(seed).fork('command lines', job);
    const pick = <T>(from: readonly T[]): T => from[rng.int(from.length)]!;
    const value = (name: string, {options, helpValue = ''}: Flag): string => {
      const kind = rng.int(10);
      if (name === 'set') return kind < 8 ? pick(settings) : pick(hostileTexts);
      if (options) return kind < 9 ? pick(options) : pick(words);
      if (/FILE|DIR|TEXT/.test(helpValue)) return kind < 8 ? pick(paths) : pick([...words, ...hostileTexts]);
      if (/NAME|HOW|DEVICE/.test(helpValue)) return kind < 7 ? pick(names) : pick([...words, ...hostileTexts]);
      if (helpValue.includes('|')) return kind < 7 ? pick(helpValue.split('|')) : pick([...words, ...numbers]);
      return kind < 8 ? pick(numbers) : pick([...words, ...hostileTexts]);
    };
    const id = pick(order);
    const {first = [], last = []} = bases[id]!;
    const flags = Object.entries(commands[id]!.flags).filter(([name]) => name !== 'yes' && name !== 'force');
    const given = Array.from({length: rng.int(4)}, () => pick(flags)).map(([name, flag]) =>
      flag.type === 'boolean'
        ? `--${flag.allowNo && rng.int(2) === 0 ? 'no-' : ''}${name}`
        : `--${name}=${value(name, flag)}`,
    );
    const own = [...first];
    if (own.length > 0 && rng.int(5) === 0) own[0] = pick([...paths, ...hostileTexts]);
    const isGiven = (flag: string): boolean => given.some((each) => each.split('=')[0] === flag.split('=')[0]);
    const rest = last
      .map((each) => each.replace('OUT', `out-${job}`))
      .filter((each) => (id === 'fit' && each.startsWith('--steps') ? true : !isGiven(each)));
    return [...id.split(':'), ...given, ...own, ...rest].map((each) => each.replaceAll('\0', ''));
  }

  it('none ends with a fault of gan, none hangs', async () => {
    let [past, all] = [0, 0];
    await runSuite({
      name: 'command lines',
      all: Array.from({length: 24_000}, (_, i) => i), // of which some 21,000 get past the flags
      short: 200,
      told: (job) =>
        `gan ${commandLine(job)
          .map((each) => JSON.stringify(each))
          .join(' ')}`,
      async run(job) {
        const {code, stdout, stderr} = await gan(commandLine(job), {
          cwd,
          env: {GAN_DATA_DIR: path.join(cwd, 'data')},
        });
        rmSync(path.join(cwd, `out-${job}`), {recursive: true, force: true});
        const isPast = code !== 2 || !parsing.test(stdout + stderr);
        all++;
        if (isPast) past++;
        const stack = /^ +at .*:\d+:\d+\)?$/m.test(stderr);
        const isFault = ![0, 2, 3, 4, 5, 6].includes(code) || stack || terminalOrders.test(stdout + stderr);
        return {
          came: isPast ? `exit ${code}` : 'refused with the flags',
          wrong: isFault ? [`exit ${code}\n${stderr.slice(0, 2000)}${stdout.slice(-500)}`] : [],
        };
      },
    });
    expect(past).to.be.at.least(all / 2);
  });
});

/** 9 ** 8 values in 300 bytes. */
function bomb(): string {
  const lines = ['a: &a [x, x, x, x, x, x, x, x, x]'];
  for (const [i, name] of [...'bcdefgh'].entries()) {
    const before = [...'abcdefg'][i]!;
    lines.push(`${name}: &${name} [${Array.from({length: 9}, () => `*${before}`).join(', ')}]`);
  }
  return lines.join('\n');
}
