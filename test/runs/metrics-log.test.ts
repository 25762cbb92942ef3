import {expect} from 'chai';
import fc from 'fast-check';
import {appendFileSync, readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {reportPage} from '../../dist/cli/report/page.js';
import {readRun} from '../../dist/cli/report/read-run.js';
import {MetricsLog, type MetricsLine} from '../../dist/runs/metrics-log.js';
import {RunFolder} from '../../dist/runs/run-folder.js';
import {summariseRun} from '../../dist/runs/run-summary.js';
import {RunCurves} from '../../dist/ui/server/curves.js';
import {readDetail, RunList} from '../../dist/ui/server/run-list.js';
import {RunsRoot} from '../../dist/ui/server/runs-root.js';
import {gan} from '../commands/helpers.js';
import {folder, removeFolders} from '../plugin/helpers.js';
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
});
