import {expect} from 'chai';
import {spawn} from 'node:child_process';
import {cpSync, existsSync, mkdirSync, readFileSync, renameSync} from 'node:fs';
import path from 'node:path';
import {setTimeout} from 'node:timers/promises';
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
  isLong,
  namesIn,
  runSuite,
  seed,
  type Outcome,
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

/** What a killed training has left. */
interface Killed {
  /** The run folder, which is missing when it had not been made. */
  dir: string;
  /** The last checkpoint that had been told of; 0: none. */
  last: number;
  /** It began from the folder of another run, so that there is a checkpoint to go on from. */
  resumed: boolean;
}

/** A moment between two changes of a file, or in the middle of a write. */
interface CrashPoint extends Killed {
  change: number;
  isHalf: boolean;
  line: string;
}

describe('a training that is killed', function () {
  let device: Device;
  let config: RunConfig;
  let preload: string | undefined;
  let whole: Map<string, string>;
  /** Seconds of a training, without the start of its process. */
  let took: number;
  /** Everything that a new training and one that goes on can leave. */
  let points: CrashPoint[] = [];

  before(async function () {
    this.timeout(600_000);
    device = await openCpu();
    config = await tinyConfig(set);
    const home = folder();
    preload = compilePreload('crash-points', home);
    const dir = path.join(home, 'timed');
    const {ended, seconds, stderr} = await train(dir);
    expect(ended, stderr).to.equal(true);
    took = seconds;
    whole = contentOf(dir);
    if (preload === undefined) return;
    const fresh = await crashPoints(path.join(home, 'new'));
    const half = fresh[Math.floor(fresh.length * 0.6)]!.dir;
    points = [...fresh, ...(await crashPoints(path.join(home, 'resumed'), half))];
  });
  after(async () => {
    await device.close();
    removeFolders();
  });

  /**
   * Trains in a process of its own.
   * @param from a run folder to go on with, which is copied. Default: a new run
   * @param killAfter milliseconds after the training began
   */
  async function train(
    dir: string,
    {from, killAfter, env = {}}: {from?: string; killAfter?: number; env?: Record<string, string>} = {},
  ): Promise<{ended: boolean; seconds: number; last: number; stderr: string}> {
    if (from !== undefined) cpSync(from, dir, {recursive: true});
    let began = performance.now();
    const child = spawn(
      process.execPath,
      [path.join(here, 'train-child.mjs'), dir, JSON.stringify(config), ...(from === undefined ? [] : ['resume'])],
      {env: {...process.env, ...env}, timeout: 300_000, killSignal: 'SIGKILL'},
    );
    let [stdout, stderr] = ['', ''];
    child.stderr.on('data', (text: Buffer) => void (stderr += text.toString()));
    child.stdout.on('data', (text: Buffer) => {
      const isBeginning = stdout === '';
      stdout += text.toString();
      if (!isBeginning) return;
      began = performance.now();
      if (killAfter !== undefined) void setTimeout(killAfter).then(() => child.kill('SIGKILL'));
    });
    await new Promise((resolve) => child.on('close', resolve));
    const seconds = (performance.now() - began) / 1000;
    const last = Number([...stdout.matchAll(/^checkpoint (\d+)$/gm)].at(-1)?.[1] ?? 0);
    return {ended: stdout.includes('ended'), seconds, last, stderr};
  }

  /** Copies the run folder before every change of a file, and in the middle of every write. */
  async function crashPoints(home: string, from?: string): Promise<CrashPoint[]> {
    const [dir, copies, log] = ['run', 'copies', 'log'].map((name) => path.join(home, name)) as [
      string,
      string,
      string,
    ];
    mkdirSync(copies, {recursive: true});
    const env = {LD_PRELOAD: preload!, CRASH_DIR: dir, CRASH_LOG: log, CRASH_COPIES: copies};
    const {ended, stderr} = await train(dir, {...(from !== undefined && {from}), env});
    expect(ended, stderr).to.equal(true);
    expect(differences(contentOf(dir), whole), 'the run that is copied').to.deep.equal([]);
    const lines = readFileSync(log, 'utf8').trimEnd().split('\n');
    return lines.flatMap((line, i) => {
      const change = i + 1;
      const last = Number(line.split(' ')[1]!.replace('-', '0'));
      const point = {change, last, resumed: from !== undefined, line: line.replaceAll(dir, 'run')};
      const [at, half] = [path.join(copies, String(change)), path.join(copies, `${change}.half`)];
      return [{...point, dir: at, isHalf: false}, ...(existsSync(half) ? [{...point, dir: half, isHalf: true}] : [])];
    });
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

  /** Goes on with a run that was killed, and compares it with the undisturbed one. */
  async function goneOnWith({dir, last, resumed}: Killed): Promise<Outcome> {
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
      const begun = kept.length > 0 || last > 0 || resumed;
      if (!begun && ['GAN_NO_CHECKPOINT', 'GAN_RUN_NOT_FOUND'].includes(code))
        return {came: 'had no checkpoint yet', wrong: []};
      return {came: code, wrong: [`${error.message} (there: ${namesIn(path.join(dir, 'checkpoints')).join(', ')})`]};
    }
  }

  it('at random moments goes on and ends as if it had not been', async function () {
    if (isLong) this.timeout(0);
    const rng = new Rng(seed).fork('kills');
    await runSuite({
      name: 'kills at random moments',
      all: Array.from({length: 500}, () => rng.float()),
      short: 4,
      atATime: 2,
      told: (part) => `after ${part.toFixed(2)} of the training`,
      async run(part) {
        for (;;) {
          const dir = path.join(folder(), 'run');
          const {ended, seconds, last, stderr} = await train(dir, {killAfter: 1000 * part * took});
          if (stderr !== '') return {came: 'failed', wrong: [stderr]};
          if (!ended) return goneOnWith({dir, last, resumed: false});
          took = Math.min(took, seconds); // it was quicker than the one that was timed, and is tried again
        }
      },
    });
  });

  it('before any change of a file goes on and ends as if it had not been', async function () {
    if (isLong) this.timeout(0);
    if (preload === undefined) return this.skip();
    expect(points.length).to.be.greaterThan(300);
    await runSuite({
      name: 'kills before a change of a file',
      all: points,
      short: 16,
      told: ({resumed, isHalf, change, line}) =>
        `${resumed ? 'resumed' : 'new'}, ${isHalf ? 'in the middle of' : 'before'} change ${change} (${line})`,
      async run(point) {
        const dir = path.join(folder(), 'run');
        if (existsSync(point.dir)) renameSync(point.dir, dir); // each is used once
        return goneOnWith({...point, dir});
      },
    });
  });
});
