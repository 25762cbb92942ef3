import {expect} from 'chai';
import {execFileSync} from 'node:child_process';
import {appendFileSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import type {Device} from '../../dist/backends/device.js';
import {planRun} from '../../dist/cli/training/plan-run.js';
import {readRun} from '../../dist/cli/report/read-run.js';
import {exitCodes, isGanError, messageOf} from '../../dist/errors.js';
import {Rng} from '../../dist/gan/rng.js';
import {openRegistry} from '../../dist/plugin/discover.js';
import {openRun} from '../../dist/runs/open-run.js';
import {openTraining} from '../../dist/runs/open-training.js';
import {RunFolder} from '../../dist/runs/run-folder.js';
import {summariseRun, summariseRuns} from '../../dist/runs/run-summary.js';
import {folder, removeFolders} from '../plugin/helpers.js';
import {fit, openCpu} from '../runs/helpers.js';
import {contentOf, isLong, runSuite, seed, type Outcome} from './support.js';

/** Of the run that is damaged: twelve steps in two epochs, with everything that a run folder can have. */
const set = [
  'source.count=24',
  'batchSize=4',
  'steps=12',
  'checkpointEvery=4',
  'sampleEvery=6',
  'metrics=swd',
  'metrics.swd.directions=4',
  'metricImages=8',
  'keepBest=swd',
  'emaHalfLife=20',
];

/** Files that are only a record: what they tell may change with a bit, or they are passed over with a warning. */
const isRecord = (file: string): boolean =>
  /^(metrics|evaluations)\.jsonl$|^(sessions|config\.origins)\.json$|\.png$/.test(file);

interface Use {
  what: 'refused' | 'harmless' | 'a fault';
  why: string;
}

describe('a run folder with a wrong bit', function () {
  this.timeout(isLong ? 3_600_000 : 180_000);
  let device: Device;
  let run: string;
  /** What everything that can be done with the run gives while it is whole. */
  let whole: Record<string, string>;
  const registry = openRegistry();

  before(async () => {
    device = await openCpu();
    run = path.join(folder(), 'run');
    await fit({device, dir: run, set});
    const opened = await openRun(run, {device, registry});
    await new RunFolder(run).addEvaluation(await opened.evaluation({images: 8}));
    await opened.close();
    whole = {};
    const copy = path.join(folder(), 'run');
    for (const [name, use] of Object.entries(uses)) {
      cpSync(run, copy, {recursive: true});
      whole[name] = await use(copy, () => {});
    }
  });
  after(async () => {
    await device.close();
    removeFolders();
  });

  /** What is done with a run; each gives all that depends on the files, apart from what is only a record. */
  const uses: Record<string, (dir: string, warn: (message: string) => void) => Promise<string>> = {
    async show(dir, warn) {
      const {config, checkpoints, best} = await summariseRun(dir, {warn});
      await new RunFolder(dir, {warn}).evaluations();
      return JSON.stringify({config, checkpoints: checkpoints.length, best});
    },
    async list(dir, warn) {
      const {runs, refused} = await summariseRuns([dir, run], {thorough: false, warn});
      expect(runs.at(-1)!.dir, 'the other run').to.equal(run);
      for (const {why} of refused) warn(why);
      return '';
    },
    async report(dir, warn) {
      return JSON.stringify((await readRun(dir, {warn})).config);
    },
    async generate(dir) {
      const opened = await openRun(dir, {device, registry});
      try {
        return Buffer.from((await opened.generate({n: 2})).data as Uint8Array).toString('base64');
      } finally {
        await opened.close();
      }
    },
    async evaluate(dir) {
      const opened = await openRun(dir, {device, registry, checkpoint: 'best'});
      try {
        return JSON.stringify((await opened.evaluation({images: 8})).metrics);
      } finally {
        await opened.close();
      }
    },
    async resume(dir, warn) {
      const flags = new Map([['steps', {value: '15', origin: '--steps'}]]);
      const plan = await planRun({registry, data: undefined, out: undefined, resume: dir, flags});
      const training = await openTraining(plan.config, {registry, device, resume: dir, warn});
      try {
        await training.fit(dir, {notify: (event) => event.type === 'warning' && warn(event.message)});
      } finally {
        await training.close();
      }
      const content = contentOf(path.join(dir, 'checkpoints', 'step-00000015'));
      const lines = readFileSync(path.join(dir, 'metrics.jsonl'), 'utf8').trimEnd().split('\n');
      const fresh = lines.slice(-3).map((line) => line.replace(/"seconds":[^,]*/, ''));
      return JSON.stringify([...content, ...fresh]);
    },
  };

  async function outcome(name: string, file: string, dir: string): Promise<Use> {
    const told: string[] = [];
    try {
      const got = await uses[name]!(dir, (message) => told.push(message));
      if (got === whole[name]) return {what: 'harmless', why: ''};
      return told.some((message) => message.includes(path.basename(file)))
        ? {what: 'refused', why: told.join(' ')} // it said so, and went on without the file
        : {what: 'a fault', why: `another result: ${got.slice(0, 300)} in place of ${whole[name]!.slice(0, 300)}`};
    } catch (error) {
      if (!isGanError(error)) return {what: 'a fault', why: `${messageOf(error)} ${(error as Error).stack}`};
      const {kind, message} = error;
      const isNamed = file.split(path.sep).some((part) => part !== 'checkpoints' && message.includes(part));
      const isRight = exitCodes[kind] === exitCodes.data || exitCodes[kind] === exitCodes.config;
      return isNamed && isRight ? {what: 'refused', why: message} : {what: 'a fault', why: `${kind}: ${message}`};
    }
  }

  async function usedInAllWays(file: string, dir: string): Promise<Outcome> {
    const outcomes = [];
    for (const name of Object.keys(uses)) outcomes.push({name, ...(await outcome(name, file, dir))});
    const wrong = outcomes.filter(({what}) => what === 'a fault').map(({name, why}) => `${name}: ${why}`);
    return {came: outcomes.some(({what}) => what === 'refused') ? 'refused' : 'harmless', wrong};
  }

  it('is refused with the name of the file, or gives what it gave before', async () => {
    const files = readdirSync(run, {recursive: true, withFileTypes: true})
      .filter((entry) => entry.isFile() && entry.name !== 'lock.json')
      .map((entry) => path.relative(run, path.join(entry.parentPath, entry.name)))
      .sort();
    const all = Array.from({length: 1000}, (_, i) => {
      const rng = new Rng(seed).fork('bit flips', i);
      return {file: files[i % files.length]!, part: rng.float(), bit: rng.int(8)};
    });
    await runSuite({
      name: 'bit flips',
      all,
      short: 40,
      told: ({file, part, bit}) =>
        `${file}, byte ${Math.floor(part * statSync(path.join(run, file)).size)}, bit ${bit}`,
      async run({file, part, bit}) {
        const copy = path.join(folder(), 'run');
        cpSync(run, copy, {recursive: true});
        const bytes = readFileSync(path.join(copy, file));
        bytes[Math.floor(part * bytes.length)]! ^= 1 << bit;
        writeFileSync(path.join(copy, file), bytes);
        const {came, wrong} = await usedInAllWays(file, copy);
        return {came: isRecord(file) ? 'in a record' : came, wrong};
      },
    });
  });

  /** In the place of a file, or of its last line. */
  const hostile: Readonly<Record<string, string>> = {
    nothing: '',
    null: 'null\n',
    'a list': '[1, {}]\n',
    'a number': '7\n',
    'numbers beyond all bounds': '{"step": 1e999, "epoch": 1e300, "position": 1e999, "size": 1e999}\n',
    'texts for numbers': '{"step": "1", "metric": 5, "value": "x", "began": 1, "lr": "y", "at": 5, "metrics": "z"}\n',
    'depths without end': `${'['.repeat(5000)}${']'.repeat(5000)}\n`,
    'objects in objects': `${'{"name":"x","options":'.repeat(300)}{}${'}'.repeat(300)}\n`,
    'bytes that are no text': '\u0000\ufffd\n',
  };

  it('whatever a file holds, and whatever it is: nothing is taken for a fault of gan', async () => {
    const files = readdirSync(run, {recursive: true, withFileTypes: true})
      .filter((entry) => entry.isFile() && /\.jsonl?$/.test(entry.name) && entry.name !== 'lock.json')
      .map((entry) => path.relative(run, path.join(entry.parentPath, entry.name)));
    const kinds = [...Object.keys(hostile), 'a folder', 'a line', ...(process.platform === 'win32' ? [] : ['a pipe'])];
    const all = files.flatMap((file) => kinds.map((kind) => ({file, kind})));
    await runSuite({
      name: 'hostile files',
      all,
      short: 30,
      told: ({file, kind}) => `${kind} in the place of ${file}`,
      async run({file, kind}) {
        const copy = path.join(folder(), 'run');
        cpSync(run, copy, {recursive: true});
        const at = path.join(copy, file);
        if (kind === 'a line') appendFileSync(at, 'null\n');
        else if (kind === 'a folder' || kind === 'a pipe') {
          rmSync(at);
          if (kind === 'a folder') mkdirSync(at);
          else execFileSync('mkfifo', [at]);
        } else writeFileSync(at, hostile[kind]!);
        return usedInAllWays(file, copy);
      },
    });
  });
});
