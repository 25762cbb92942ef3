import {expect} from 'chai';
import fc from 'fast-check';
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import {open} from 'node:fs/promises';
import path from 'node:path';
import {reportPage} from '../../dist/cli/report/page.js';
import {readRun} from '../../dist/cli/report/read-run.js';
import {addToTotals, digestLog, noTotals, type LogTotals} from '../../dist/runs/log-digest.js';
import {MetricsLog, MetricsReader, type MetricsLine} from '../../dist/runs/metrics-log.js';
import {RunFolder} from '../../dist/runs/run-folder.js';
import {summariseRun} from '../../dist/runs/run-summary.js';
import {RunCurves} from '../../dist/ui/server/curves.js';
import {readDetail, RunList} from '../../dist/ui/server/run-list.js';
import {RunsRoot} from '../../dist/ui/server/runs-root.js';
import {gan} from '../commands/helpers.js';
import {folder, ganError, removeFolders} from '../plugin/helpers.js';
import {fakeRun} from '../ui/helpers.js';

const config = {
  data: 'builtin:shapes',
  arch: {name: 'basic'},
  loss: {name: 'wgan'},
  latent: 4,
  epochs: 2,
  size: 16,
  channels: 3,
};
const stepLine = (step: number): string =>
  `${JSON.stringify({step, epoch: 0, mode: step % 2 ? 'critic' : 'generator', loss: step / 8, genLoss: step, critLoss: -step, lr: 0.1})}\n`;
const epochLine = (step: number): string =>
  `${JSON.stringify({step, epoch: step / 4 - 1, seconds: 2, row: {train_loss: 1, swd: step}})}\n`;
const whole = Array.from({length: 12}, (_, i) => stepLine(i + 1) + ((i + 1) % 4 === 0 ? epochLine(i + 1) : '')).join(
  '',
);

/**
 * What each reader says of a run: its last step, the last running mean of the generator's loss, and its sample grids.
 */
async function readers(dir: string) {
  const root = new RunsRoot(path.dirname(dir));
  const name = path.basename(dir);
  const summary = await summariseRun(dir);
  const record = await readRun(dir);
  const page = await reportPage({...record, samples: []}); // the grids of a test are no pictures
  const [listed] = await new RunList(root).read();
  const curves = new RunCurves(root, name);
  await curves.update();
  const points = curves.series.get('genLoss')?.points;
  return {
    steps: {
      'gan runs': summary.step,
      'gan report': Number(/<dt>steps<\/dt><dd>(\d+)/.exec(page)![1]),
      'the list of gan ui': listed!.step,
      timelapse: await new RunFolder(dir).lastStep(),
    },
    losses: {
      'gan runs': summary.genLoss,
      'the list of gan ui': listed!.genLoss,
      'the curves of gan ui': points?.values.at(-1),
    },
    samples: {
      'gan runs': summary.sample === undefined ? [] : [Number(/(\d+)\.png$/.exec(summary.sample)![1])],
      'gan report': record.samples.map(({step}) => step).slice(-1),
      'gan ui': (await readDetail(root, name))!.samples.slice(-1),
      timelapse: (await new RunFolder(dir).samples()).map(({step}) => step).slice(-1),
    },
  };
}

/** The same in other words: lines with their ends, one by one. */
function expected(text: string): {step: number; loss: number | undefined} {
  let [step, loss]: [number, number | undefined] = [0, undefined];
  for (const line of text.match(/[^\n]*\n/g) ?? []) {
    try {
      const read = JSON.parse(line) as MetricsLine;
      step = read.step;
      if (!read.row) loss = read.genLoss;
    } catch {
      // it does not count
    }
  }
  return {step, loss};
}

async function agree(text: string, {step, loss} = expected(text)): Promise<void> {
  const dir = fakeRun(path.join(folder(), 'run'), {config, metrics: text});
  for (let step = 1; step <= 12; step++) writeFileSync(new RunFolder(dir).samplePath(step), '');
  const {steps, losses, samples} = await readers(dir);
  for (const [reader, value] of Object.entries(steps)) expect(value, reader).to.equal(step);
  for (const [reader, value] of Object.entries(losses)) expect(value, reader).to.equal(loss);
  for (const [reader, value] of Object.entries(samples)) expect(value, reader).to.deep.equal(step === 0 ? [] : [step]);
}

describe('metrics.jsonl', () => {
  afterEach(removeFolders);

  describe('all readers say the same', () => {
    it('of a whole log, and of none', async () => {
      await agree(whole);
      await agree('');
      expect(expected(whole)).to.deep.equal({step: 12, loss: 12});
    });

    it('where a crash cut the last line, wherever it did', () =>
      fc.assert(
        fc.asyncProperty(fc.integer({min: 0, max: whole.length}), (length) => agree(whole.slice(0, length))),
        {numRuns: 30},
      ));

    it('where a line in the middle is damaged: the lines after it count', async () => {
      const lines = whole.split('\n');
      lines[10] = lines[10]!.slice(0, 20);
      await agree(lines.join('\n'));
      expect(expected(lines.join('\n')).step).to.equal(12);
      for (const damage of ['', '{}', 'null', '[1]', '"step"', '{"step":"13"}', '\0\0\0'])
        await agree(`${whole}${damage}\n`, {step: 12, loss: 12});
    });

    it('in commands as they ship', async () => {
      const dir = fakeRun(path.join(folder(), 'run'), {config, metrics: whole.slice(0, -5)});
      const shown = await gan(['runs', 'list', path.dirname(dir), '--json'], {cwd: dir});
      expect(shown.code, shown.stderr).to.equal(0);
      expect(JSON.parse(shown.stdout)).to.include({step: 12, genLoss: 12});
      const reported = await gan(['report', dir], {cwd: dir, withoutTfjs: true});
      expect(reported.code, reported.stderr).to.equal(0);
      expect(readFileSync(path.join(dir, 'report.html'), 'utf8')).to.contain('<dt>steps</dt><dd>12</dd>');
    });
  });

  it('is written in batches, and read back as it was', async () => {
    const log = new MetricsLog(path.join(folder(), 'metrics.jsonl'));
    const lines: MetricsLine[] = [
      {
        step: 1,
        epoch: 0,
        mode: 'critic',
        loss: 0.5,
        terms: {adversarial: 0.75, r1: -0.25},
        genLoss: 1,
        critLoss: 2,
        lr: 0.1,
      },
      {step: 1, epoch: 0, seconds: 3, row: {train_loss: 0.25, swd: null}},
    ];
    for (const line of lines) await log.add(line);
    const read = async (): Promise<MetricsLine[]> => {
      const found: MetricsLine[] = [];
      await log.read((line) => void found.push(line));
      return found;
    };
    expect(await read()).to.deep.equal([]);
    await log.flush();
    expect(await read()).to.deep.equal(lines);
  });

  it('is rewound to what a checkpoint knows; a cut line goes away, too', async () => {
    const file = path.join(folder(), 'metrics.jsonl');
    const log = new MetricsLog(file);
    for (const [position, kept] of [
      [{step: 8, epoch: 2}, whole.slice(0, whole.indexOf(stepLine(9)))],
      [{step: 8, epoch: 1}, whole.slice(0, whole.indexOf(epochLine(8)))], // written before the epoch ended
      [{step: 0, epoch: 0}, ''],
      [{step: 12, epoch: 3}, whole],
    ] as const) {
      writeFileSync(file, whole);
      appendFileSync(file, '{"step":13,"ep');
      await log.rewind(position);
      expect(readFileSync(file, 'utf8')).to.equal(kept);
    }
  });

  it('is searched from its end when it is rewound, and cut in place: what is before is neither read nor written', async () => {
    const file = path.join(folder(), 'metrics.jsonl');
    const hole = 3 * 2 ** 30; // a file of three gigabytes that takes no place, as no line feed is in its beginning
    const early = Array.from({length: 1200}, (_, i) => stepLine(i + 1)).join('');
    writeFileSync(file, '');
    truncateSync(file, hole);
    appendFileSync(file, `\n${early}${stepLine(1201)}{"step":12`);
    const {ino} = statSync(file);
    await new MetricsLog(file).rewind({step: 1200, epoch: 9});
    expect(statSync(file)).to.include({ino, size: hole + 1 + early.length});
    const {standing} = await digestLog(new MetricsLog(file), {thorough: false});
    expect(standing).to.include({step: 1200, genLoss: 1200});
  });

  it('is rewound where two trainings wrote it at once: no line to keep is lost, none to drop is kept', async () => {
    const file = path.join(folder(), 'metrics.jsonl');
    const order = [1, 2, 5, 3, 6, 4, 7];
    writeFileSync(file, order.map(stepLine).join(''));
    await new MetricsLog(file).rewind({step: 4, epoch: 9});
    expect(readFileSync(file, 'utf8')).to.equal([1, 2, 3, 4].map(stepLine).join(''));
    expect(readdirSync(path.dirname(file))).to.deep.equal(['metrics.jsonl']);
  });

  it('is an error where it cannot be read, and stays as it is; where there is none, it is said', async () => {
    const file = path.join(folder(), 'metrics.jsonl');
    const log = new MetricsLog(file);
    expect(await log.rewind({step: 0, epoch: 0})).to.equal(false);
    rmSync(file);
    mkdirSync(file);
    for (const use of [() => log.rewind({step: 1, epoch: 0}), () => log.read(() => {}), () => digestLog(log)]) {
      const error = await ganError(use);
      expect(error).to.include({code: 'GAN_FILE_UNREADABLE', exitCode: 5});
      expect(error.message).to.contain(file);
    }
  });

  it('a line that was cut short does not run together with the next one that is added', async () => {
    const file = path.join(folder(), 'metrics.jsonl');
    writeFileSync(file, `${stepLine(1)}{"step":2,"ep`);
    const log = new MetricsLog(file);
    await log.add({step: 3});
    await log.flush();
    expect(readFileSync(file, 'utf8')).to.equal(`${stepLine(1)}{"step":2,"ep\n{"step":3}\n`);
  });

  it('lines that could not be written wait for the next time', async () => {
    const file = path.join(folder(), 'metrics.jsonl');
    const log = new MetricsLog(file);
    mkdirSync(file);
    await log.add({step: 1});
    expect(
      await log.flush().then(
        () => 'written',
        (error: NodeJS.ErrnoException) => error.code,
      ),
    ).to.equal('EISDIR');
    rmSync(file, {recursive: true});
    await log.add({step: 2});
    await log.flush();
    expect(readFileSync(file, 'utf8')).to.equal('{"step":1}\n{"step":2}\n');
  });

  it('a reader notices that the log was cut and has grown again, to whatever size', async () => {
    const file = path.join(folder(), 'metrics.jsonl');
    writeFileSync(file, [1, 2, 3, 4].map(stepLine).join(''));
    const reader = new MetricsReader(() => open(file));
    let steps: number[] = [];
    const read = (): Promise<void> =>
      reader.update(
        ({step}) => void steps.push(step),
        () => (steps = []),
      );
    await read();
    truncateSync(file, stepLine(1).length);
    appendFileSync(file, [7, 8, 9, 10, 11].map(stepLine).join(''));
    await read();
    expect(steps).to.deep.equal([1, 7, 8, 9, 10, 11]);
  });

  it('numbers that are none, names that are none and depths without end are passed over', async () => {
    const odd = [
      '{"step":1e999}',
      '{"step":-1}',
      '{"step":1.5}',
      '{"step":12,"epoch":-3,"loss":1e999,"genLoss":"7","terms":[1],"hyperparameters":{"__proto__":1,"p":2}}',
      `{"step":12,"row":${'['.repeat(9000)}${']'.repeat(9000)}}`,
    ];
    const dir = fakeRun(path.join(folder(), 'run'), {config, metrics: `${whole}${odd.join('\n')}\n`});
    const lines: MetricsLine[] = [];
    await new RunFolder(dir).metrics.read((line) => void lines.push(line));
    expect(lines.slice(-2)).to.deep.equal([{step: 12, hyperparameters: {p: 2}}, {step: 12}]);
    await reportPage(await readRun(dir));
  });

  describe('of a long run is digested from its end', () => {
    const steps = 40_000;
    const finding = (state: 'seen' | 'over', step: number): MetricsLine => ({
      step,
      finding: {name: 'collapse', what: 'alike', state, since: 1, measured: '', advice: []},
    });
    const lines = Array.from({length: steps}, (_, i): MetricsLine[] => [
      {step: i + 1, epoch: Math.floor(i / 100), mode: 'critic', loss: 1, genLoss: i, critLoss: -i, lr: 0.1},
      ...((i + 1) % 100 === 0 ? [{step: i + 1, epoch: Math.floor(i / 100), seconds: 2, row: {train_loss: i}}] : []),
      ...(i + 1 === 500 ? [finding('seen', 500)] : []),
      ...(i + 1 === steps - 10 ? [finding('over', steps - 10)] : []),
    ]).flat();
    const totalsUpTo = (step: number): LogTotals => {
      const totals = noTotals();
      for (const line of lines) if (line.step <= step) addToTotals(totals, line);
      return totals;
    };
    const wanted = {
      standing: {step: steps, genLoss: steps - 1, critLoss: 1 - steps},
      last: {step: steps, epoch: steps / 100 - 1, row: {train_loss: steps - 1}},
      seconds: steps / 50,
      findings: [{name: 'collapse', what: 'alike', since: 1, measured: '', advice: [], seen: 500, over: steps - 10}],
    };
    let log: MetricsLog;
    beforeEach(() => {
      const file = path.join(folder(), 'metrics.jsonl');
      writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
      log = new MetricsLog(file);
    });

    it('with what a checkpoint keeps of the lines before it, wherever it was written', async () => {
      for (const step of [steps, steps - 1, steps - 10, steps - 100, steps - 2345])
        expect(await digestLog(log, {known: {step, totals: totalsUpTo(step)}, thorough: false})).to.deep.equal(wanted);
    });

    it('without, from all lines; or from the last ones, and then without a sum of seconds', async () => {
      expect(await digestLog(log)).to.deep.equal(wanted);
      const {standing, last} = wanted;
      expect(await digestLog(log, {thorough: false})).to.deep.equal({standing, last, findings: []});
    });
  });
});
