/**
 * Plug-ins that are broken or hostile: each is named with what it did, ends with its exit code, and takes nothing else
 * down. A representative third by default, all with GAN_SUITE=long.
 */
import {expect} from 'chai';
import {readdirSync, readFileSync} from 'node:fs';
import path from 'node:path';
import {openRegistry} from '../../dist/plugin/discover.js';
import {resolveConfig} from '../../dist/config/resolve.js';
import {openDeviceFor} from '../../dist/runs/devices/open-backend.js';
import {openRun} from '../../dist/runs/open-run.js';
import {openTraining} from '../../dist/runs/open-training.js';
import type {GanError} from '../../dist/errors.js';
import type {PartKind} from '../../dist/plugin/index.js';
import type {Registry} from '../../dist/plugin/registry.js';
import {partKinds} from '../../dist/options/kinds.js';
import {settingOf} from '../../dist/options/config-keys.js';
import {gan, jsonLines} from '../commands/helpers.js';
import {folder, removeFolders, write} from '../plugin/helpers.js';
import {chosen, isLong} from './support.js';

/** A part that gives something wrong: what its `create` returns, and what the message says of it. */
interface Row {
  kind: PartKind;
  name: string;
  create: string;
  says: RegExp;
  /** More settings of the training. */
  set?: string[];
  /** A checkpoint was due before. */
  saved?: boolean;
}

const rows: Row[] = [];
const add = (kind: PartKind, cases: Record<string, [create: string, says: RegExp, more?: Partial<Row>]>): void => {
  for (const [name, [create, says, more]] of Object.entries(cases)) rows.push({kind, name, create, says, ...more});
};

/** An error that lets nothing of it be read. */
const hostile = "Object.defineProperty(new Error(), 'message', {get() { throw new Error('trap'); }})";
const untouchable = `new Proxy({}, {get() { throw 1; }, getPrototypeOf() { throw 2; }, has() { throw 3; }})`;
const fine = "({last}) => (last === 'critic' ? 'generator' : 'critic')";
const half = (critic: string): string =>
  `({critic: ({real}) => ${critic}, generator: ({fake}) => tf.mean(fake.scores)})`;
const stateful = (save: string): string => `Object.assign(${fine}, {save: () => ${save}, load() {}})`;
const network = (forward: string): string =>
  `(() => { class Bad extends nn.Module {
     constructor(inner) { super(); this.inner = this.add('inner', inner); }
     forward(x) { ${forward} }
   }
   return {
     generator: ({latentSize, height, width, channels}) => nn.sequential([nn.dense(latentSize, height * width * channels), nn.reshape([height, width, channels])]),
     critic: ({height, width, channels}) => new Bad(nn.sequential([nn.flatten(), nn.dense(height * width * channels, 1)])),
   }; })()`;
const rule = (update: string): string =>
  `nn.optimizer({name: 'bad', averages: () => [], update: (gradient) => ${update}}, {})`;

add('loss', {
  vector: [half('real.scores'), /in critic: it returned a float32 tensor of shape \[4/],
  number: [half('5'), /it returned 5; wanted: a scalar float32 tensor/],
  nothing: [half('undefined'), /it returned undefined/],
  promise: [half('Promise.resolve(tf.scalar(1))'), /it returned a promise/],
  disposed: [half('{ const x = tf.scalar(1); x.dispose(); return x; }'), /it returned a disposed float32 tensor/],
  'no-terms': [half('({})'), /it returned an object \{\}/],
  'bad-term': [half("({a: tf.mean(real.scores), b: 'x'})"), /it returned an object \{a: .*, b: the text 'x'\}/],
  'whole-numbers': [half("tf.scalar(1, 'int32')"), /it returned a int32 tensor/],
  'throws-null': [half('{ throw null; }'), /in critic: null/],
  'throws-text': [half("{ throw 'boom'; }"), /in critic: boom/],
  'throws-hostile': [half(`{ throw ${hostile}; }`), /in critic: an error that cannot be read/],
  'throws-untouchable': [half(`{ throw ${untouchable}; }`), /in critic: an error that cannot be read/],
  untouchable: [half(untouchable), /in critic: it returned an object that cannot be looked at/],
  'throws-frozen': [half("{ throw Object.freeze(new Error('cold')); }"), /in critic: cold/],
  'throws-forged': [
    half("{ throw Object.assign(new Error('forged'), {name: 'GanError', code: 'GAN_X', kind: 'ok'}); }"),
    /in critic: forged/,
  ],
  'half-missing': [
    '({critic: ({real}) => tf.mean(real.scores)})',
    /its `create` returns .*wanted: \{critic\(step\), generator\(step\)\}/,
  ],
  'promise-of-nothing': ['Promise.resolve()', /its `create` returns undefined/],
});
add('penalty', {
  matrix: [
    "({network: 'critic', compute: () => tf.zeros([3, 3])})",
    /in compute: it returned a float32 tensor of shape \[3, 3\]/,
  ],
  nobody: ["({network: 'nobody', compute: () => tf.scalar(0)})", /wanted: \{network: 'critic' or 'generator'/],
  'every-half': ["({network: 'critic', every: 0.5, compute: () => tf.scalar(0)})", /every: a whole number/],
  'is-function': ['() => tf.scalar(0)', /its `create` returns a function/],
  text: ["({network: 'critic', compute: () => 'x'})", /it returned the text 'x'/],
  'saves-tensor': [
    "({network: 'critic', compute: () => tf.scalar(0), save: () => ({x: tf.scalar(1)}), load() {}})",
    /in save: it returned .*; wanted: what JSON can hold/,
  ],
});
add('metric', {
  text: [
    "({better: 'lower', compute: () => 'x'})",
    /in compute: it returned the text 'x'; wanted: a number, not NaN/,
    {saved: true},
  ],
  nan: ["({better: 'lower', compute: async () => NaN})", /it returned NaN/, {saved: true}],
  nothing: ["({better: 'lower', compute() {}})", /it returned undefined/],
  'bad-value': [
    "({better: 'lower', compute: () => ({value: '1', parts: {}})})",
    /it returned an object \{value: the text '1'/,
  ],
  'bad-part': ["({better: 'lower', compute: () => ({value: 1, parts: {a: NaN}})})", /it returned an object/],
  'rejects-null': ["({better: 'lower', compute: () => Promise.reject(null)})", /in compute: null/, {saved: true}],
  'no-direction': ["({better: 'best', compute: () => 1})", /wanted: \{better: 'lower', 'higher' or 'one'/],
  endless: ["({better: 'lower', *compute() { for (;;) yield 1; }})", /it returned an iterator/],
});
add('augmentation', {
  nothing: ['() => null', /it returned null; wanted: the changed image/],
  short: ['(data) => data.subarray(1)', /it returned a Uint8Array of 767/],
  promise: ['async (data) => data', /it returned a promise/],
  shape: ['({apply: (images) => tf.mean(images)})', /in apply: it returned a float32 tensor of shape \[\]/],
  disposed: [
    '({apply: (images) => { const x = tf.zerosLike(images); x.dispose(); return x; }})',
    /a disposed float32 tensor/,
  ],
  probability: ['({p: 2, apply: (images) => images})', /p from 0 to 1/],
});
add('architecture', {
  'no-module': [
    '({generator: () => () => 0, critic: () => null})',
    /in generator: it returned a function; wanted: a network/,
  ],
  nothing: [network('return undefined;'), /the critic's forward: it returned undefined/],
  'other-batch': [
    network('return tf.zeros([1, 1]);'),
    /the critic's forward: it returned a float32 tensor of shape \[1, 1\]/,
  ],
  disposed: [network('const y = this.inner.forward(x); y.dispose(); return y;'), /a disposed float32 tensor/],
  'throws-undefined': [network('throw undefined;'), /the critic's forward: undefined/],
  linear: [
    network('return this.inner.forward(tf.depthwiseConv2d(x, tf.ones([3, 3, 3, 1]), 1, "same"));'),
    /the operation \w+ has no derivative, which the penalty r1 needs; the architecture 'linear' of gan-plugin-architecture-linear uses it/i,
    {set: ['penalty=r1']},
  ],
  'second-order': [
    network('return this.inner.forward(tf.add(x, tf.mean(tf.maxPool(x, 2, 2, "same"), [1, 2, 3], true)));'),
    /the operation \w+ has no derivative, which the penalty r1 needs; the architecture 'second-order' of gan-plugin-architecture-second-order uses it/i,
    {set: ['penalty=r1']},
  ],
});
add('switcher', {
  nothing: ['() => undefined', /failed: it returned undefined; wanted: 'critic' or 'generator'/],
  nobody: ["() => 'nobody'", /it returned the text 'nobody'/],
  promise: ["async () => 'critic'", /it returned a promise/],
  circular: [
    '(() => { const a = {}; a.a = a; return ' + stateful('a') + '; })()',
    /in save: it returned an object \{a: an object\}; wanted: what JSON/,
  ],
  bigint: [stateful('({n: 1n})'), /in save: it returned an object \{n: the BigInt 1\}/],
  function: [stateful('({f() {}})'), /in save: it returned an object \{f: a function\}/],
  map: [stateful('new Map()'), /in save: .*wanted: what JSON/],
  'saves-later': [stateful('Promise.reject(undefined)'), /in save: undefined/],
  'late-throw': [
    `(() => { let n = 0; return (facts) => { if (++n === 4) throw Symbol('late'); return (${fine})(facts); }; })()`,
    /failed: Symbol\(late\)/,
    {saved: true},
  ],
  'late-nothing': [
    `(() => { let n = 0; return (facts) => (++n === 4 ? undefined : (${fine})(facts)); })()`,
    /failed: it returned undefined/,
    {saved: true},
  ],
});
add('schedule', {
  nan: ['() => NaN', /it returned NaN; wanted: a finite number of at least 0/],
  text: ["() => '1'", /it returned the text '1'/],
  negative: ['({step}) => 3 - step', /it returned -1|it returned -?\d/, {saved: true}],
  promise: ['async () => 1', /it returned a promise/],
});
add('optimizer', {
  empty: ['() => ({})', /it returned an object \{\}; wanted: an optimizer/],
  nothing: ['() => null', /it returned null/],
  'no-delta': [rule('undefined'), /in bad\.update: it returned undefined; wanted: \{delta, averages\}/],
  'other-size': [
    rule('({delta: tf.zeros([7, 7, 7]), averages: {}})'),
    /in bad\.update: it returned an object \{delta: a float32 tensor/,
  ],
});
const source = (more: string): string =>
  `({height, width, channels}) => ({shape: [height, width, channels], size: 8, ${more}})`;
add('source', {
  null: ['() => null', /it returned null; wanted: \{shape, size/],
  'no-shape': ['() => ({shape: [], size: 8, read: () => new Uint8Array(0)})', /shape: an array/],
  'null-image': [source('read: () => null'), /in read: it returned null; wanted: a Uint8Array/],
  'short-image': [source('read: () => new Uint8Array(3)'), /in read: it returned a Uint8Array of 3/],
  'text-image': [source("read: async () => 'x'"), /in read: it returned the text 'x'/],
  'nan-image': [
    source('read: () => new Float32Array(768).fill(NaN)'),
    /in read: it returned a Float32Array of 768; wanted: .*without NaN/,
  ],
  label: [
    source('classes: 2, label: () => 2, read: () => new Uint8Array(768)'),
    /in label: it returned 2; wanted: a whole number from 0 to 1/,
  ],
  'endless-batch': [
    '({height, width, channels}) => ({shape: [height, width, channels], *batch() { for (;;) yield 1; }})',
    /in batch: it returned an iterator/,
  ],
  'size-nan': [
    '({height, width, channels}) => ({shape: [height, width, channels], size: NaN, read() {}})',
    /size: NaN/,
  ],
});
add('callback', {
  'async-in-step': ['({async afterStep() {}})', /in afterStep: it returned a promise; wanted: nothing/],
  'throws-text': ["({afterBatch({step}) { if (step === 3) throw 'boom'; }})", /in afterBatch: boom/, {saved: true}],
  'rejects-null': [
    '({async afterBatch({step}) { if (step === 3) throw null; }})',
    /in afterBatch: null/,
    {saved: true},
  ],
  'rejects-at-the-end': ["({afterFit: () => Promise.reject('end')})", /in afterFit: end/, {saved: true}],
  bigint: ['({save: async () => 1n, load() {}})', /in save: it returned the BigInt 1/],
  order: ["({runAfter: 'recorder'})", /wanted: an object of handlers/],
});
add('recipe', {
  'no-values': ["({values: null, source: 's'})", /its `create` returns an object \{values: null/],
  'no-source': ['({values: {}, source: 7})', /source: 7/],
});
add('exporter', {
  nothing: ['({write() {}})', /in write: it returned undefined; wanted: an array of the paths/],
  endless: ['({*write() { for (;;) yield "x"; }})', /in write: it returned an iterator/],
});
add('check', {
  nothing: ['() => null', /it returned null; wanted: an array of findings/],
  'no-state': ["() => [{name: 'x', what: 'y', state: 'maybe'}]", /wanted: an array of findings/],
});
add('backend', {
  nothing: ['({})', /wanted: \{probe\(\), open\(\)\}/],
  'bad-probe': ['({probe: () => null, open() {}})', /in probe: it returned null/],
  'bad-open': [
    '({probe: () => ({ok: true}), open: async () => ({tfBackend: 7})})',
    /in open: it returned an object \{tfBackend: 7\}/,
  ],
});

/** What a plug-in does where its code should only be read. */
const outside: Record<string, {gan?: object; oclif?: object; files: Record<string, string>}> = {
  'load-loop': {gan: {switchers: {'load-loop': './x.js'}}, files: {'x.js': 'for (;;) {}'}},
  'load-exit': {gan: {switchers: {'load-exit': './x.js'}}, files: {'x.js': 'process.exit(0);'}},
  'load-kill': {gan: {losses: {'load-kill': './x.js'}}, files: {'x.js': "process.kill(process.pid, 'SIGKILL');"}},
  'load-abort': {gan: {metrics: {'load-abort': './x.js'}}, files: {'x.js': 'process.abort();'}},
  'load-null': {gan: {losses: {'load-null': './x.js'}}, files: {'x.js': 'throw null;'}},
  'load-never': {gan: {penalties: {'load-never': './x.js'}}, files: {'x.js': 'await new Promise(() => {});'}},
  'load-large': {
    gan: {losses: {'load-large': './x.js'}},
    files: {'x.js': 'globalThis.hoard = new Uint8Array(1e8).fill(1); throw new Error("large");'},
  },
  'load-patches': {
    gan: {sources: {'load-patches': './x.js'}},
    files: {'x.js': "JSON.stringify = () => 'patched'; Promise.reject(null); throw new Error('patched');"},
  },
  'probe-exit': {
    gan: {backends: {'probe-exit': './x.js'}},
    files: {
      'x.js':
        "export default ({backend}) => backend({name: 'probe-exit', summary: 's', create: () => ({probe: () => process.exit(0), open() {}})});",
    },
  },
  'check-loop': {
    gan: {checks: {'check-loop': './x.js'}},
    files: {
      'x.js':
        "export default ({check}) => check({name: 'check-loop', summary: 's', create: () => () => { for (;;); }});",
    },
  },
  'hook-loop': {
    oclif: {hooks: {init: './x.js', prerun: './x.js'}},
    files: {'x.js': 'export default async function () { for (;;) {} }'},
  },
  'hook-exit': {
    oclif: {hooks: {init: './x.js', postrun: './x.js'}},
    files: {'x.js': 'export default async function () { process.exit(0); }'},
  },
  'command-exit': {oclif: {commands: './commands'}, files: {'commands/x.js': 'process.exit(0);'}},
  'command-steals': {
    oclif: {commands: './commands'},
    files: {
      'oclif.manifest.json': JSON.stringify({
        version: '1.0.0',
        commands: {
          'plugins:uninstall': {
            id: 'plugins:uninstall',
            aliases: ['fit'],
            flags: {},
            args: {},
            pluginName: 'gan-plugin-command-steals',
          },
        },
      }),
      'commands/plugins/uninstall.js': "throw new Error('stolen');",
    },
  },
};

const tiny = [
  'recipe=wgan',
  'data=builtin:shapes',
  'size=16',
  'latent=4',
  'batchSize=4',
  'steps=6',
  'sampleEvery=0',
  'checkpointEvery=2',
  'metricImages=4',
  'watchEvery=0',
];

/** Writes the plug-in of a row. */
function make(home: string, {kind, name, create}: Row): {name: string; root: string; pjson: object} {
  const full = `gan-plugin-${kind}-${name}`;
  const root = path.join(home, full);
  const pjson = {
    name: full,
    version: '1.0.0',
    type: 'module',
    oclif: {},
    gan: {api: 2, [partKinds[kind].manifestKey]: {[name]: './x.js'}},
  };
  write(root, {
    'package.json': JSON.stringify(pjson),
    'x.js': `export default ({${kind}, tf, nn}) => ${kind}({name: '${name}', summary: 'A test.', create: () => ${create}});`,
  });
  return {name: full, root, pjson};
}

async function errorOf(work: () => Promise<unknown>): Promise<GanError> {
  try {
    await work();
  } catch (error) {
    return error as GanError;
  }
  throw new Error('it went well');
}

describe('hostile plug-ins', function () {
  this.timeout(120_000);
  let home: string;
  let device: Awaited<ReturnType<typeof openDeviceFor>>;
  const counts = {plugins: 0, named: 0, saved: 0};
  const known: {name: string; root: string}[] = [];
  before(async () => {
    home = folder();
    device = await openDeviceFor(openRegistry(), {backend: {name: 'wasm', options: {threads: 1}}});
  });
  after(async () => {
    await device.close();
    removeFolders();
    console.log(
      `      hostile plug-ins: ${counts.plugins}, named: ${counts.named}, with a checkpoint where one was due: ${counts.saved}`,
    );
  });

  async function train(registry: Registry, set: readonly string[], dir: string): Promise<void> {
    const small = set.some((text) => /^(arch|recipe)=/.test(text)) ? [] : ['arch.nFeatures=4'];
    const few = set.some((text) => text.startsWith('data=')) ? [] : ['source.count=8'];
    const {config} = await resolveConfig({registry, set: [...tiny, ...small, ...few, ...set], ignoreFiles: true});
    const training = await openTraining(config, {registry, device: device.device});
    try {
      await training.fit(dir);
    } finally {
      await training.close();
    }
  }

  async function use({kind, name, set = []}: Row, registry: Registry, full: string, dir: string): Promise<void> {
    const part = `${full}:${name}`;
    if (kind === 'check') return void (await registry.check(part, home));
    if (kind === 'backend') {
      const backend = await registry.create('backend', part);
      await backend.probe();
      return void (await backend.open());
    }
    if (kind === 'exporter') {
      await train(registry, ['steps=1'], dir);
      const run = await openRun(dir, {registry, device: device.device});
      return void (await run
        .export(await registry.create('exporter', part), path.join(dir, 'x'))
        .finally(() => run.close()));
    }
    await train(registry, [settingOf(kind, part), ...set], dir);
  }

  for (const row of chosen(rows, Math.ceil(rows.length / 3))) {
    it(`${row.kind} ${row.name} is named`, async () => {
      const plugin = make(home, row);
      known.push(plugin);
      const registry = openRegistry([plugin]);
      const dir = path.join(home, `run-${row.kind}-${row.name}`);
      counts.plugins++;
      const error = await errorOf(() => use(row, registry, plugin.name, dir));
      expect(error.message, error.message).to.match(row.says);
      expect(error.message).to.contain(plugin.name);
      expect(error.code, error.message).to.match(/^GAN_(PLUGIN_FAILED|PLUGIN_BROKEN|SECOND_ORDER)$/);
      expect(error.exitCode).to.equal(row.kind === 'backend' ? 4 : 3);
      counts.named++;
      if (row.saved) {
        expect(readdirSync(path.join(dir, 'checkpoints'))).to.not.deep.equal([]);
        counts.saved++;
      }
    });
  }

  describe('beside each other', () => {
    let env: Record<string, string>;
    const names: string[] = [];
    const few = ['load-loop', 'load-exit', 'load-kill', 'hook-loop', 'hook-exit', 'command-exit', 'command-steals'];
    before(() => {
      const data = path.join(home, 'data');
      const plugins = Object.entries(outside)
        .filter(([name]) => isLong || few.includes(name))
        .map(([name, {gan: block, oclif = {}, files}]) => {
          const full = `gan-plugin-${name}`;
          const root = path.join(home, full);
          const pjson = {name: full, version: '1.0.0', type: 'module', oclif, ...(block && {gan: {api: 2, ...block}})};
          write(root, {'package.json': JSON.stringify(pjson), ...files});
          names.push(full);
          return {type: 'link', name: full, root};
        });
      write(data, {'package.json': JSON.stringify({private: true, oclif: {schema: 1, plugins}})});
      env = {GAN_DATA_DIR: data, GAN_CACHE_DIR: path.join(home, 'cache'), GAN_PLUGIN_SECONDS: '4'};
      counts.plugins += names.length;
    });
    const run = (...args: string[]) => gan(args, {cwd: home, env, fresh: true});

    it('leave all that lists and helps working, and are named there', async () => {
      const commands = [
        ['--version'],
        ['fit', '--help'],
        ['plugins'],
        ['doctor', '--json'],
        ['parts', '--json'],
        ...(isLong ? [['--help'], ['runs', 'list', '.'], ['backends'], ['config', 'show'], ['config', 'schema']] : []),
      ];
      const ran = await Promise.all(commands.map((args) => run(...args)));
      for (const [i, {code, stdout, stderr}] of ran.entries()) {
        expect(code, `${commands[i]!.join(' ')}: ${stderr}`).to.equal(0);
        expect(stdout, commands[i]!.join(' ')).to.not.equal('');
      }
      const parts = jsonLines(ran[4]!.stdout);
      const fault = (name: string) => parts.find((part) => part['name'] === name)?.['error'];
      expect(fault('load-loop')).to.match(/gan-plugin-load-loop cannot be used: no answer within 4 s/);
      expect(fault('load-exit')).to.match(/gan-plugin-load-exit cannot be used: it ends the process \(exit code 0\)/);
      expect(fault('load-kill')).to.match(/gan-plugin-load-kill cannot be used: it ends the process \(SIGKILL\)/);
      for (const name of names) expect(ran[2]!.stdout).to.contain(name);
      counts.named += names.length;
    });

    it('do not exist with GAN_PLUGINS=off', async () => {
      const {code, stdout, stderr} = await gan(['parts', 'switchers', '--json'], {
        cwd: home,
        env: {...env, GAN_PLUGINS: 'off'},
        fresh: true,
      });
      expect([code, stderr]).to.deep.equal([0, '']);
      expect(jsonLines(stdout).map(({name}) => name)).to.deep.equal(['fixed', 'adaptive']);
    });

    it('end no training by process.exit, timers or rejections without a word, and print nothing between its results', async () => {
      const bodies: Record<string, [body: string, says: RegExp | undefined]> = {
        exits: [
          `(() => { let n = 0; return (facts) => { if (++n === 3) process.exit(0); return (${fine})(facts); }; })()`,
          /gan-plugin-exits called process\.exit\(0\)/,
        ],
        timers: [`(() => { setInterval(() => {}, 1000); console.log('chatter'); return ${fine}; })()`, undefined],
        rejects: [
          `(() => { Promise.reject(new Error('nobody waits')); return ${fine}; })()`,
          /gan-plugin-rejects failed outside of every call of it: nobody waits/,
        ],
        ...(isLong && {
          'rejects-null': [
            `(() => { setTimeout(() => Promise.reject(null), 1); return ${fine}; })()`,
            /gan-plugin-rejects-null failed outside of every call/,
          ],
          stalls: ['new Promise(() => {})', /gan-plugin-stalls failed in create: its promise is never settled/],
        }),
      } as Record<string, [string, RegExp | undefined]>;
      await Promise.all(
        Object.entries(bodies).map(async ([name, [body, says]]) => {
          const full = `gan-plugin-${name}`;
          const root = path.join(home, full);
          write(root, {
            'package.json': JSON.stringify({
              name: full,
              version: '1.0.0',
              type: 'module',
              oclif: {},
              gan: {api: 2, switchers: {[name]: './x.js'}},
            }),
            'x.js': `export default ({switcher}) => switcher({name: '${name}', summary: 's', create: () => ${body}});`,
          });
          const data = path.join(home, `data-${name}`);
          write(data, {
            'package.json': JSON.stringify({
              private: true,
              oclif: {schema: 1, plugins: [{type: 'link', name: full, root}]},
            }),
          });
          const settings = [...tiny, 'arch.nFeatures=4', 'source.count=8'].flatMap((text) => ['--set', text]);
          const {code, stdout, stderr} = await gan(
            ['fit', ...settings, '--backend', 'wasm', '--switcher', name, '--out', `out-${name}`, '--json'],
            {cwd: home, env: {...env, GAN_DATA_DIR: data}, fresh: true},
          );
          counts.plugins++;
          expect(code, stdout + stderr).to.equal(says === undefined ? 0 : 3);
          const lines = jsonLines(stdout);
          if (says) expect((lines.at(-1)!['error'] as {message: string}).message).to.match(says);
          else expect(stderr).to.contain('chatter');
          counts.named++;
        }),
      );
    });

    it('are uninstalled, first of all', async () => {
      const groups = isLong ? names.map((name) => [name]) : [names.slice(0, 1), names.slice(1)];
      for (const group of groups) expect((await run('plugins', 'uninstall', ...group)).code).to.equal(0);
      const {oclif} = JSON.parse(readFileSync(path.join(env['GAN_DATA_DIR']!, 'package.json'), 'utf8')) as {
        oclif: {plugins: unknown[]};
      };
      expect(oclif.plugins).to.deep.equal([]);
    });
  });
});
