import {expect} from 'chai';
import {spawn} from 'node:child_process';
import {cpSync, readFileSync} from 'node:fs';
import {setTimeout} from 'node:timers/promises';
import path from 'node:path';
import type {Device} from '../../dist/backends/device.js';
import {Rng} from '../../dist/gan/rng.js';
import {openTraining} from '../../dist/runs/open-training.js';
import {RunFolder} from '../../dist/runs/run-folder.js';
import type {RunConfig} from '../../dist/options/run-config.js';
import {isGanError} from '../../dist/errors.js';
import {folder, removeFolders} from '../plugin/helpers.js';
import {openCpu, tinyConfig} from '../runs/helpers.js';
import {
  compilePreload,
  contentOf,
  differences,
  here,
  inParallel,
  isLong,
  jobsAtMost,
  namesIn,
  spread,
  Tally,
} from './support.js';

/** Six steps in two epochs; after each a checkpoint, after every second a grid, after each epoch a metric. */
const set = [
  'source.count=24',
  'epochs=2',
  'checkpointEvery=1',
  'keepCheckpoints=2',
  'sampleEvery=2',
  'metrics=swd',
  'metrics.swd.directions=4',
  'metricImages=8',
  'keepBest=swd',
  'stopWhen=plateau',
  'emaHalfLife=20',
];

/** A kill: of which run, and when. */
interface Job {
  /** A run folder to go on with; absent: a new run. */
  from?: string;
  /** Before this change of a file, counted from 1. */
  change?: number;
  /** The change is a write, half of which reaches the disk. */
  half?: boolean;
  /** Milliseconds after the training began. */
  after?: number;
}

describe('a training that is killed', function () {
  let device: Device;
  let config: RunConfig;
  let preload: string | undefined;
  let whole: Map<string, string>;
  /** What the undisturbed run changed, one after the other. */
  let changes: string[];
  let took: number;

  before(async () => {
    device = await openCpu();
    config = await tinyConfig(set);
    const home = folder();
    preload = compilePreload('crash-points', home);
    const [dir, log] = [path.join(home, 'whole'), path.join(home, 'log')];
    const began = performance.now();
    const child = await train(dir, {}, {CRASH_LOG: log});
    took = performance.now() - began - child.beganAfter;
    expect(child.ended, child.stderr).to.equal(true);
    whole = contentOf(dir);
    changes = preload === undefined ? [] : changesIn(log);
  });
  after(async () => {
    await device.close();
    removeFolders();
  });

  const changesIn = (log: string): string[] => readFileSync(log, 'utf8').trimEnd().split('\n');

  /** Trains in a process of its own, which is killed as the job says. */
  async function train(
    dir: string,
    {from, change, half, after}: Job,
    env: Record<string, string> = {},
  ): Promise<{ended: boolean; signal: string | null; beganAfter: number; last: number; stderr: string}> {
    if (from !== undefined) cpSync(from, dir, {recursive: true});
    const began = performance.now();
    const child = spawn(
      process.execPath,
      [path.join(here, 'train-child.mjs'), dir, JSON.stringify(config), ...(from === undefined ? [] : ['resume'])],
      {
        env: {
          ...process.env,
          ...(preload !== undefined && {LD_PRELOAD: preload, CRASH_DIR: dir}),
          ...(change !== undefined && {CRASH_AT: String(change)}),
          ...(half && {CRASH_HALF: '1'}),
          ...env,
        },
        timeout: 300_000,
        killSignal: 'SIGKILL',
      },
    );
    let [stdout, stderr, beganAfter] = ['', '', 0];
    child.stderr.on('data', (text: Buffer) => void (stderr += text.toString()));
    child.stdout.on('data', (text: Buffer) => {
      const isBeginning = stdout === '';
      stdout += text.toString();
      if (!isBeginning) return;
      beganAfter = performance.now() - began;
      if (after !== undefined) void setTimeout(after).then(() => child.kill('SIGKILL'));
    });
    const signal = await new Promise<NodeJS.Signals | null>((resolve) => child.on('close', (_, by) => resolve(by)));
    const last = Number([...stdout.matchAll(/^checkpoint (\d+)$/gm)].at(-1)?.[1] ?? 0);
    return {ended: stdout.includes('ended'), signal, beganAfter, last, stderr};
  }

  /** Goes on with a run in this process. @returns the step after which it went on */
  async function goOn(dir: string): Promise<number> {
    const training = await openTraining(config, {device, resume: dir});
    try {
      const {step} = training.checkpoint!.position;
      await training.fit(dir);
      return step;
    } finally {
      await training.close();
    }
  }

  /** Kills a run, goes on with it, and compares it with the undisturbed one. @returns what came of it, what is wrong */
  async function killed(job: Job): Promise<{came: string; wrong: string[]}> {
    const dir = path.join(folder(), 'run');
    const {ended, signal, last, stderr} = await train(dir, job);
    if (signal !== 'SIGKILL' && !ended) return {came: 'failed', wrong: [stderr]};
    const kept = await new RunFolder(dir).checkpointSteps();
    try {
      const step = await goOn(dir);
      const lost = last - step;
      const wrong = differences(contentOf(dir), whole);
      return {came: 'resumed alike', wrong: lost > 0 ? [...wrong, `${lost} steps were lost`] : wrong};
    } catch (error) {
      if (!isGanError(error)) throw error;
      const {code} = error;
      if (code === 'GAN_NOTHING_TO_DO') return {came: 'had ended', wrong: differences(contentOf(dir), whole)};
      const begun = kept.length > 0 || last > 0 || job.from !== undefined;
      if (!begun && ['GAN_NO_CHECKPOINT', 'GAN_RUN_NOT_FOUND'].includes(code))
        return {came: 'had no checkpoint yet', wrong: []};
      return {came: code, wrong: [`${error.message} (there: ${namesIn(path.join(dir, 'checkpoints')).join(', ')})`]};
    }
  }

  async function allAlike(name: string, jobs: readonly Job[], told: (job: Job) => string): Promise<void> {
    const tally = new Tally(name);
    const faults: string[] = [];
    await inParallel(jobs, 2, async (job) => {
      const {came, wrong} = await killed(job);
      tally.add(wrong.length > 0 ? 'NOT ALIKE' : came);
      if (wrong.length > 0) faults.push(`${told(job)}: ${wrong.join('; ')}`);
    });
    console.log(`      ${tally.toString()}`);
    expect(faults.slice(0, 5), `${faults.length} faults`).to.deep.equal([]);
  }

  it('at random moments goes on and ends as if it had not been', async function () {
    if (isLong) this.timeout(0);
    const rng = new Rng('kills');
    const jobs = Array.from({length: jobsAtMost(6, 500)}, () => ({
      after: rng.int(Math.ceil(took)),
    }));
    await allAlike('kills at random moments', jobs, ({after}) => `after ${after} ms`);
  });

  it('before any change of a file goes on and ends as if it had not been', async function () {
    if (isLong) this.timeout(0);
    if (preload === undefined) return this.skip();
    const home = folder();
    const [half, log] = [path.join(home, 'half'), path.join(home, 'log')];
    await train(half, {change: Math.floor(changes.length * 0.6)});
    await train(path.join(home, 'rest'), {from: half}, {CRASH_LOG: log});
    const jobsOf = (all: readonly string[], job: Job): Job[] =>
      all.flatMap((change, i) => [
        {...job, change: i + 1},
        ...(change.startsWith('write') ? [{...job, change: i + 1, half: true}] : []),
      ]);
    const [fresh, resumed] = [jobsOf(changes, {}), jobsOf(changesIn(log), {from: half})];
    expect(fresh.length).to.be.greaterThan(100);
    const most = Math.ceil(jobsAtMost(12, Infinity) / 2);
    const name = (change: string | undefined): string => change?.replace(/\/.*\/(whole|rest)/, '') ?? 'none';
    await allAlike(
      'kills before a change of a file',
      [...spread(fresh, most), ...spread(resumed, most)],
      ({from, change = 0, half: isHalf}) =>
        `${from === undefined ? 'new' : 'resumed'}, ${isHalf ? 'in the middle of' : 'before'} change ${change} (${name((from === undefined ? changes : changesIn(log))[change - 1])})`,
    );
  });
});
