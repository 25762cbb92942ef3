import {expect} from 'chai';
import {existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {tf} from '../../dist/backends/tf.js';
import type {Device} from '../../dist/backends/device.js';
import type {Callback} from '../../dist/gan/callback.js';
import {writeSafetensors} from '../../dist/gan/io/safetensors.js';
import {openRun} from '../../dist/runs/open-run.js';
import type {StepLoss} from '../../dist/plugin/index.js';
import type {TrainEvent} from '../../dist/runs/train.js';
import {folder, ganError, removeFolders} from '../plugin/helpers.js';
import {expectSame, fit, metrics, newest, openCpu, results, tinyConfig, type RunOptions} from './helpers.js';

describe('train', () => {
  let device: Device;
  before(async () => {
    device = await openCpu();
  });
  after(() => device.close());
  afterEach(removeFolders);

  const newRun = (): string => path.join(folder(), 'run');
  const run = (options: Omit<RunOptions, 'device'>) => fit({device, ...options});

  /** A run that is asked to stop when step `at` is done. */
  async function interrupted(dir: string, at: number, set: string[]) {
    const controller = new AbortController();
    const isTime = (event: TrainEvent): boolean =>
      (event.type === 'start' || event.type === 'step') && event.step === at - 1;
    return run({dir, set, signal: controller.signal, notify: (event) => void (isTime(event) && controller.abort())});
  }

  it('tells of its start, of every step, epoch, sample and checkpoint', async () => {
    const dir = newRun();
    const events: TrainEvent[] = [];
    const result = await run({
      dir,
      set: ['epochs=2', 'sampleEvery=5', 'checkpointEvery=7', 'validPct=10'],
      notify: (event) => events.push(event),
    });
    const steps = (type: TrainEvent['type']) =>
      events.filter((event) => event.type === type).map((event) => (event as {step: number}).step);
    expect(events[0]).to.include({type: 'start', run: dir, step: 0, steps: 10, epochs: 2, items: 47});
    expect(steps('step')).to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(steps('sample')).to.deep.equal([5, 10]);
    expect(steps('checkpoint')).to.deep.equal([7, 10]);
    const epochs = events.filter((event) => event.type === 'epoch');
    expect(epochs.map(({row}) => row[0])).to.deep.equal([0, 1]);
    for (const {columns, row} of epochs) expect(row).to.have.length(columns.length);
    for (const event of events)
      if (event.type === 'sample' || event.type === 'checkpoint')
        expect(existsSync(event.path), event.path).to.equal(true);
    expect(result).to.deep.include({
      step: 10,
      interrupted: false,
      checkpoint: newest(dir, 'checkpoints'),
      sample: newest(dir, 'samples'),
      skipped: [],
    });
  });

  it('runs its callbacks in the order that each of them asks for', async () => {
    let order: string[] = [];
    const spy: Callback = {name: 'spy', beforeFit: ({callbacks}) => void (order = callbacks.map(({name}) => name))};
    const after: Callback = {name: 'after', runAfter: ['recorder'], runBefore: ['write-checkpoints']};
    await run({
      dir: newRun(),
      set: ['steps=1', 'penalty=r1', 'schedule=linear', 'metrics=swd', 'keepBest=swd', 'tensorboard=true'],
      parts: {callbacks: [spy, after]},
    });
    expect(order).to.deep.equal([
      'train-eval',
      'gan-trainer',
      'switcher',
      'spy',
      'inputs',
      'stop-when-diverged',
      'recorder',
      'image-metrics',
      'after',
      'hold-lock',
      'log-metrics',
      'tensorboard',
      'learning-rates',
      'schedule',
      'watch',
      'write-real-grid',
      'stop-at',
      'draw-samples',
      'write-checkpoints',
      'keep-best',
      'report-progress',
      'save-at-fault',
    ]);
  });

  it('hears of a wish to stop while it computes', async () => {
    const controller = new AbortController();
    const {step, interrupted} = await run({
      dir: newRun(),
      set: ['steps=400', 'sampleEvery=0'],
      signal: controller.signal,
      notify: (event) => {
        if (event.type === 'step' && event.step === 5) setImmediate(() => controller.abort()); // as signals arrive
      },
    });
    expect(interrupted).to.equal(true);
    expect(step).to.be.within(5, 7); // a loss may be read when the next step has begun
  });

  it('logs the terms of a loss by name, and no terms where there is one', async () => {
    const dir = newRun();
    await run({dir, set: ['steps=6', 'recipe=r1', 'penalty.every=2', 'loss.pixelWeight=0.5', 'switcher.nCrit=2']});
    const lines = metrics(dir).filter(({mode}) => mode !== undefined);
    expect(lines.map(({mode, terms}) => `${String(mode)} ${Object.keys(terms ?? {}).join()}`)).to.deep.equal([
      'critic adversarial,r1',
      'critic ',
      'generator adversarial,pixel',
      'critic adversarial,r1',
      'critic ',
      'generator adversarial,pixel',
    ]);
    for (const {loss, terms} of lines)
      if (terms)
        expect(Object.values(terms as object).reduce((a: number, b: number) => a + b, 0)).to.be.closeTo(
          loss as number,
          1e-4,
        );
  });

  it('keeps the two newest checkpoints, and nothing half written', async () => {
    const dir = newRun();
    await run({dir, set: ['steps=9', 'checkpointEvery=2']});
    expect(readdirSync(path.join(dir, 'checkpoints'))).to.deep.equal(['step-00000008', 'step-00000009']);
    expect(readdirSync(dir).sort()).to.deep.equal([
      'checkpoints',
      'config.json',
      'metrics.jsonl',
      'real.png',
      'samples',
      'sessions.json',
    ]);
  });

  it('keeps as many checkpoints as are wanted, or all; what is wanted can change when it goes on', async () => {
    const dir = newRun();
    const kept = () => readdirSync(path.join(dir, 'checkpoints')).map((name) => Number(name.slice('step-'.length)));
    await run({dir, set: ['steps=9', 'checkpointEvery=2', 'keepCheckpoints=0']});
    expect(kept()).to.deep.equal([2, 4, 6, 8, 9]);
    await run({dir, set: ['steps=11', 'checkpointEvery=2', 'keepCheckpoints=3'], resume: true});
    expect(kept()).to.deep.equal([9, 10, 11]);
  });

  describe('asked to stop', () => {
    it('finishes the step, writes a checkpoint, and goes on from it exactly', async () => {
      const set = ['recipe=gan', 'validPct=10', 'steps=12'];
      const whole = newRun();
      await run({dir: whole, set});
      const wanted = await results(whole);
      for (const at of [1, 4, 5, 6, 10, 11]) {
        // the fifth and the tenth end an epoch
        const dir = newRun();
        const {step, interrupted: stopped} = await interrupted(dir, at, set);
        expect({step, stopped}).to.deep.equal({step: at, stopped: true});
        await run({dir, set, resume: true});
        expectSame(await results(dir), wanted);
      }
    });

    for (const [what, set] of [
      ['of the last epoch', ['epochs=2']],
      ['in the middle of an epoch', ['steps=12']],
    ] as const) {
      it(`in the last step, ${what}: that is no interruption, there is nothing to go on with`, async () => {
        const [whole, dir] = [newRun(), newRun()];
        const {step: last} = await run({dir: whole, set: [...set, 'validPct=10']});
        const {step, interrupted: stopped} = await interrupted(dir, last, [...set, 'validPct=10']);
        expect({step, stopped}).to.deep.equal({step: last, stopped: false});
        expectSame(await results(dir), await results(whole));
      });
    }
  });

  describe('--resume', () => {
    it('of a run that is done: a usage error', async () => {
      const dir = newRun();
      await run({dir, set: ['steps=3']});
      const error = await ganError(() => run({dir, set: ['steps=3'], resume: true}));
      expect(error).to.deep.include({code: 'GAN_NOTHING_TO_DO', kind: 'usage'});
      expect(error.message).to.contain('3 steps');
    });

    it('that fails leaves the configuration as it was', async () => {
      const dir = newRun();
      await run({dir, set: ['steps=3']});
      const before = readFileSync(path.join(dir, 'config.json'), 'utf8');
      await ganError(() => run({dir, set: ['steps=2'], resume: true}));
      await ganError(() => run({dir, set: ['steps=9', 'seed=1'], resume: true}));
      expect(readFileSync(path.join(dir, 'config.json'), 'utf8')).to.equal(before);
    });

    it('does not need the file of --init again', async () => {
      const [first, dir] = [newRun(), newRun()];
      await run({dir: first, set: ['steps=1']});
      const file = path.join(folder(), 'weights.safetensors');
      await writeSafetensors(file, await (await openRun(first, {backend: 'none is needed'})).weights());
      await run({dir, set: ['steps=3', `init=${file}`]});
      renameSync(file, `${file}.moved`);
      expect((await run({dir, set: ['steps=5', `init=${file}`], resume: true})).step).to.equal(5);
    });

    it('passes by what a crash left half written', async () => {
      const dir = newRun();
      await run({dir, set: ['steps=3']});
      mkdirSync(path.join(dir, 'checkpoints/step-00000009.123.tmp'));
      await run({dir, set: ['steps=4', 'checkpointEvery=1'], resume: true});
      expect(readdirSync(path.join(dir, 'checkpoints'))).to.deep.equal(['step-00000003', 'step-00000004']);
    });

    const damage: [what: string, file: string, change: (bytes: Buffer) => Buffer, says: RegExp][] = [
      [
        'a changed tensor',
        'tensors.safetensors',
        (bytes) => bytes.fill(1, bytes.length - 4),
        /tensors\.safetensors is damaged/,
      ],
      ['a cut tensor file', 'tensors.safetensors', (bytes) => bytes.subarray(0, -9), /tensors\.safetensors is damaged/],
      ['a cut state', 'state.json', (bytes) => bytes.subarray(0, -9), /state\.json is no JSON/],
      [
        'a state of the future',
        'state.json',
        (bytes) => Buffer.from(bytes.toString().replace('"format": 1', '"format": 2')),
        /format 2.*reads 1/,
      ],
    ];
    for (const [what, file, change, says] of damage) {
      it(`refuses ${what}`, async () => {
        const dir = newRun();
        await run({dir, set: ['steps=2']});
        const at = path.join(newest(dir, 'checkpoints'), file);
        writeFileSync(at, change(readFileSync(at)));
        const error = await ganError(() => run({dir, set: ['steps=4'], resume: true}));
        expect(error).to.deep.include({code: 'GAN_CHECKPOINT', kind: 'data'});
        expect(error.message).to.match(says).and.contain(newest(dir, 'checkpoints'));
      });
    }

    it('refuses a checkpoint of another optimizer, of another seed', async () => {
      const dir = newRun();
      await run({dir, set: ['steps=2']});
      for (const other of ['opt=adam', 'seed=1']) {
        expect((await ganError(() => run({dir, set: ['steps=4', other], resume: true}))).code, other).to.equal(
          'GAN_CHECKPOINT',
        );
      }
    });
  });

  it('a folder that is no run, and one without a checkpoint, are data errors', async () => {
    const dir = folder();
    expect(await ganError(() => openRun(dir))).to.deep.include({code: 'GAN_RUN_NOT_FOUND', kind: 'data'});
    writeFileSync(path.join(dir, 'config.json'), JSON.stringify(await tinyConfig()));
    expect(await ganError(async () => (await openRun(dir)).generate())).to.deep.include({
      code: 'GAN_NO_CHECKPOINT',
      kind: 'data',
    });
  });

  it('refuses a source whose items do not have the shape of the run', async () => {
    const source = () => ({shape: [4, 4, 3], size: 9, read: () => new Uint8Array(48)});
    const error = await ganError(() => run({dir: newRun(), parts: {source}}));
    expect(error).to.deep.include({code: 'GAN_DATA_SHAPE', kind: 'data'});
    expect(error.message).to.contain('[4, 4, 3]').and.contain('[16, 16, 3]');
  });

  describe('leaves no tensor behind', () => {
    const cases: Record<string, (dir: string) => Promise<unknown>> = {
      'a run': (dir) => run({dir, set: ['steps=8', 'validPct=10', 'checkpointEvery=3', 'sampleEvery=2']}),
      'a run that goes on': async (dir) => {
        await run({dir, set: ['steps=3']});
        await run({dir, set: ['steps=8'], resume: true});
      },
      'an interrupted run': (dir) => interrupted(dir, 3, ['steps=8']),
      'a run that diverges': (dir) =>
        ganError(() =>
          run({dir, set: ['steps=8', 'opt=sgd', 'lr=1e38', 'clip=none', 'switcher.nCrit=1', 'genFirst=true']}),
        ),
      'a loss that throws': async (dir) => {
        const loss: StepLoss = {critic: () => fail(), generator: ({fake}) => tf.mean(fake.scores)};
        const error = await run({dir, parts: {loss}, set: ['genFirst=true', 'steps=8']}).catch(
          (reason: unknown) => reason,
        );
        expect(error).to.have.property('message', 'on purpose');
      },
      'a run with nothing to do': async (dir) => {
        await run({dir, set: ['steps=3']});
        await ganError(() => run({dir, set: ['steps=3'], resume: true}));
      },
      'a run without the file of --init': (dir) => ganError(() => run({dir, set: [`init=${dir}/none.safetensors`]})),
      'a run with too few images': (dir) => ganError(() => run({dir, set: ['source.count=3']})),
    };
    for (const [what, act] of Object.entries(cases)) {
      it(what, async () => {
        const before = tf.memory().numTensors;
        await act(newRun());
        expect(tf.memory().numTensors).to.equal(before);
      });
    }
  });
});

const fail = (): never => {
  throw new Error('on purpose');
};
