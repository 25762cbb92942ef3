import {createRequire} from 'node:module';
import {totalmem} from 'node:os';
import {pathToFileURL} from 'node:url';
import {expect} from 'chai';
import {runBench} from '../../dist/bench/run.js';
import type {BenchRow} from '../../dist/bench/types.js';
import {benchConfig} from '../../dist/cli/config/bench-config.js';
import {partKinds} from '../../dist/options/kinds.js';
import {openRegistry, pluginIn} from '../../dist/plugin/discover.js';
import {ganError, pack, removeFolders} from '../plugin/helpers.js';

const cpu = pathToFileURL(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-cpu')).href;
/** tfjs's plain JavaScript backend, after something else; its sync is given. */
const module = (name: string, before: string, sync = '{}') => `export default ({backend}) => backend({
  name: '${name}', summary: 'A test.',
  create: () => ({probe: async () => ({ok: true}), open: async () => { ${before}; await import('${cpu}'); return {tfBackend: 'cpu', info: {adapter: 'fake'}, sync: async () => ${sync}}; }}),
});`;
const fakes = {
  good: module('good', ''),
  throws: module('throws', "throw new Error('no adapter')"),
  dies: module('dies', "console.error('Error: segmentation of something'); process.exit(7)"),
  killed: module('killed', "process.kill(process.pid, 'SIGKILL')"),
  hangs: module('hangs', 'await new Promise(() => setInterval(() => {}, 1000))'),
  // after the six steps to warm up, in the first round
  lost: `let waits = 0; ${module('lost', '', "{ if (++waits > 6) throw new Error('the device was lost'); }")}`,
};

/** Parts that say that they were used: their kinds, the keys that name them, and what `create` returns. */
const loudKinds = [
  ['penalty', 'penalty', "{network: 'critic', compute: ran}"],
  ['schedule', 'schedule', 'ran'],
  ['metric', 'metrics', "{better: 'lower', compute: ran}"],
  ['callback', 'callbacks', '{afterStep: ran}'],
] as const;

describe('runBench', () => {
  after(removeFolders);

  async function bench(
    backends: string[],
    {
      timeoutMs = 60_000,
      rounds = 2,
      seconds,
      set = [],
    }: {timeoutMs?: number; rounds?: number; seconds?: number; set?: string[]} = {},
  ) {
    const {root} = pack(
      'gan-plugin-fakes',
      {
        api: 2,
        backends: Object.fromEntries(Object.keys(fakes).map((name) => [name, `./${name}.js`])),
        ...Object.fromEntries(loudKinds.map(([kind]) => [partKinds[kind].manifestKey, {loud: `./loud-${kind}.js`}])),
      },
      {
        ...Object.fromEntries(Object.entries(fakes).map(([name, text]) => [`${name}.js`, text])),
        ...Object.fromEntries(
          loudKinds.map(([kind, , made]) => [
            `loud-${kind}.js`,
            `const ran = () => { throw new Error('the ${kind} ran'); };
             export default (gan) => gan.${kind}({name: 'loud', summary: 'A test.', create: () => (${made})});`,
          ]),
        ),
      },
    );
    const {config, options} = await benchConfig(openRegistry([pluginIn(root)]), [], {
      size: '8',
      'n-features': '4',
      'n-extra-layers': '0',
      'batch-size': '2',
      set: ['latent=4', ...set],
    });
    const messages: string[] = [];
    const result = await runBench({
      backends,
      options,
      job: {config, rounds, steps: 6, ...(seconds !== undefined && {seconds})},
      packages: [root],
      timeoutMs,
      notify: (message) => messages.push(message),
    });
    return {result, messages};
  }
  const why = (row: BenchRow | undefined) => (row && !row.ok ? row.why : 'measured');

  it('measures in turns, compares with the reference, and puts what fails into rows', async () => {
    const start = performance.now();
    const {
      result: {rows, environment},
      messages,
    } = await bench(['throws', 'good', 'dies', 'wasm', 'killed', 'nonsense']);
    const elapsedMs = performance.now() - start;
    expect(rows.map(({backend, ok}) => `${backend} ${ok}`)).to.deep.equal([
      'throws false',
      'good true',
      'dies false',
      'wasm true',
      'killed false',
      'nonsense false',
    ]);
    expect(why(rows[0])).to.contain('no adapter');
    expect(why(rows[2])).to.equal('its process ended with code 7: Error: segmentation of something');
    expect(why(rows[4])).to.equal('its process ended with SIGKILL');
    expect(why(rows[5])).to.contain("no backend 'nonsense'");
    expect(messages.filter((message) => message.includes('round'))).to.deep.equal([
      'good: round 1 of 2',
      'wasm: round 1 of 2',
      'good: round 2 of 2',
      'wasm: round 2 of 2',
    ]);
    const [good, wasm] = [rows[1]!, rows[3]!];
    if (!good.ok || !wasm.ok) throw new Error('not measured');
    for (const {metrics, shapes} of [good, wasm]) {
      for (const name of [
        'imagesPerSecond',
        'criticMs',
        'criticP95Ms',
        'generatorMs',
        'generatorP95Ms',
        'samplesPerSecond',
        'firstStepMs',
        'peakMb',
        'tensorMb',
        'convGflops',
      ] as const) {
        expect(metrics[name]?.median, name).to.be.greaterThan(0).and.lessThan(Infinity);
      }
      const median = (name: keyof typeof metrics): number => metrics[name]!.median;
      // six steps of two images in each round, all within the time that the whole took
      const roundMs = (6 * 2 * 1000) / median('imagesPerSecond');
      expect(roundMs)
        .to.be.greaterThan(Math.min(median('criticMs'), median('generatorMs')))
        .and.lessThan(elapsedMs);
      expect(median('criticP95Ms')).to.be.at.least(median('criticMs')).and.lessThan(elapsedMs);
      expect(median('generatorP95Ms')).to.be.at.least(median('generatorMs')).and.lessThan(elapsedMs);
      expect(median('firstStepMs')).to.be.lessThan(elapsedMs);
      expect(median('samplesPerSecond')).to.be.greaterThan(1000 / elapsedMs);
      expect(median('peakMb') * 1e6)
        .to.be.greaterThan(median('tensorMb') * 1e6)
        .and.lessThan(totalmem());
      expect(median('convGflops')).to.be.lessThan(10_000);
      expect(shapes.length).to.be.within(6, 8); // two of each kernel; matrix products where there are some
      expect(shapes.reduce((sum, {share}) => sum + share, 0)).to.be.within(0, 1);
    }
    expect(good.info).to.include({adapter: 'fake'});
    expect(wasm.metrics.deviation!.median).to.equal(0);
    expect(good.metrics.deviation!.median).to.be.greaterThan(0).and.lessThan(1e-4);
    expect(environment).to.include.keys('processor', 'cores', 'node', 'gan', 'tfjs');
  });

  it('asks the reference for its first steps when it is not among the backends', async () => {
    const {
      result: {
        rows: [row],
      },
      messages,
    } = await bench(['good'], {rounds: 1});
    const good = row!;
    expect(messages).to.include('wasm: its first steps, to compare with');
    expect(good.ok && good.metrics.deviation!.median)
      .to.be.greaterThan(0)
      .and.lessThan(1e-4);
  });

  it('goes on with rounds for the seconds wanted, each backend for itself', async () => {
    const {
      result: {rows},
    } = await bench(['wasm'], {rounds: 1, seconds: 2});
    const [row] = rows;
    if (!row?.ok) throw new Error('not measured');
    expect(row.rounds).to.be.above(2);
  });

  for (const [kind, key] of loudKinds) {
    it(`trains with the ${kind} of the job, as gan fit does`, async () => {
      const {
        result: {rows},
      } = await bench(['wasm'], {rounds: 1, set: [`${key}=loud`]});
      expect(why(rows[0])).to.contain(`the ${kind} ran`);
    });
  }

  it('goes on when a device is lost in the middle', async () => {
    const {
      result: {rows},
    } = await bench(['lost', 'wasm']);
    expect(why(rows[0])).to.contain('the device was lost');
    expect(rows[1]!.ok).to.equal(true);
  });

  it('ends a process that does not answer', async () => {
    const {
      result: {rows},
    } = await bench(['hangs'], {timeoutMs: 1500});
    expect(why(rows[0])).to.equal('no answer within 1.5 s');
  });

  it('takes options of backends apart from those of the job', async () => {
    const {config, options} = await benchConfig(openRegistry(), ['wasm'], {
      size: '8',
      set: ['wasm.threads=1', 'latent=5'],
    });
    expect(options).to.deep.equal({wasm: {threads: '1'}});
    expect(config).to.include({size: 8, latent: 5, batchSize: 16});
    expect((await ganError(() => benchConfig(openRegistry(), [], {size: 'large'}))).exitCode).to.equal(2);
  });
}).timeout(120_000);
