import {expect} from 'chai';
import {tableHeader, tableRow} from '../../dist/cli/training/epoch-table.js';
import {FitReport} from '../../dist/cli/training/fit-report.js';
import {Progress} from '../../dist/cli/training/progress.js';
import {styleFor} from '../../dist/cli/text/style.js';
import {clock} from '../../dist/options/duration.js';

const ESC = '\u001B';
const sink = (isTTY: boolean, columns = 100) => {
  const out = {text: '', isTTY, columns, write: (text: string) => (out.text += text)};
  return out;
};
const step = (n: number, steps = 100) =>
  ({
    type: 'step',
    step: n,
    steps,
    epoch: 0,
    mode: 'critic',
    loss: -1,
    lr: 0.1,
    critLoss: -1.25,
    genLoss: 0.5,
    images: n * 64,
    imagesPerSecond: 45.6,
    secondsLeft: 75,
  }) as const;

describe('styleFor', () => {
  it('colours a terminal, and nothing else', () => {
    expect(styleFor(sink(true), {})('red', 'x')).to.equal(`${ESC}[31mx${ESC}[39m`);
    expect(styleFor(sink(false), {})('red', 'x')).to.equal('x');
    expect(styleFor(sink(true), {NO_COLOR: '1'})('red', 'x')).to.equal('x');
    expect(styleFor(sink(true), {TERM: 'dumb'})('red', 'x')).to.equal('x');
    expect(styleFor(sink(true), {NO_COLOR: ''})('red', 'x')).to.contain(ESC);
  });
});

describe('clock', () => {
  for (const [seconds, text] of [
    [0, '00:00'],
    [59.6, '01:00'],
    [61, '01:01'],
    [3600, '1:00:00'],
    [-3, '00:00'],
  ] as const) {
    it(`${seconds} s is ${text}`, () => expect(clock(seconds)).to.equal(text));
  }
});

describe('the table of epochs', () => {
  // The line that fastai's documentation shows, with the same columns.
  const event = {
    columns: ['epoch', 'train_loss', 'gen_loss', 'crit_loss', 'time'],
    row: [0, -0.815071, 0.646809, -1.140522],
    seconds: 38,
  };

  it("has fastai's columns, six decimals and mm:ss", () => {
    expect(tableHeader(event).split(/ +/)).to.deep.equal(['epoch', 'train_loss', 'gen_loss', 'crit_loss', 'time']);
    expect(tableRow(event).split(/ +/)).to.deep.equal(['0', '-0.815071', '0.646809', '-1.140522', '00:38']);
    expect(tableHeader(event).indexOf('gen_loss')).to.equal(tableRow(event).indexOf('0.646809'));
  });

  it('shows what is missing as None, and adds the time when no column has it', () => {
    const row = tableRow({columns: ['epoch', 'valid_loss'], row: [1, null], seconds: 1});
    expect(row.split(/ +/)).to.deep.equal(['1', 'None', '00:01']);
  });
});

describe('Progress', () => {
  it('off a terminal writes a plain line at most every five seconds, and the last one', () => {
    const out = sink(false);
    let now = 0;
    const progress = new Progress(out, () => now);
    for (let n = 1; n <= 100; n++, now += 200) progress.step(step(n));
    const lines = out.text.trimEnd().split('\n');
    expect(lines).to.have.length(5); // at 0, 5, 10, 15 s and the end, which comes at 19.8 s
    expect(lines[0]).to.equal('step 1/100  epoch 0  crit -1.2500  gen 0.5000  46 img/s  01:15 left');
    expect(lines.at(-1)).to.match(/^step 100\/100/);
    expect(out.text).to.not.contain(ESC).and.not.contain('\r');
  });

  it('on a terminal redraws one line that never wraps', () => {
    for (const columns of [20, 40, 80, 200]) {
      const out = sink(true, columns);
      let now = 0;
      const progress = new Progress(out, () => now);
      for (let n = 1; n <= 100; n++, now += 60) progress.step(step(n));
      progress.clear();
      expect(out.text).to.not.contain('\n');
      const drawn = out.text
        .split('\r')
        .map((line) => line.replaceAll(new RegExp(`${ESC}\\[[0-9;]*[A-Za-z]`, 'g'), ''));
      expect(Math.max(...drawn.map((line) => line.length)), `${columns} columns`).to.be.lessThan(columns);
      expect(drawn.length).to.be.within(40, 70); // every 100 ms of 6 s
      expect(out.text.endsWith(`\r${ESC}[K`)).to.equal(true);
    }
  });
});

describe('FitReport', () => {
  const start = {
    type: 'start',
    run: 'r',
    step: 0,
    steps: 4,
    epochs: 1,
    items: 16,
    generatorParameters: 3_576_704,
    criticParameters: 2_765_633,
  } as const;
  const epoch = {type: 'epoch', columns: ['epoch', 'train_loss'], row: [0, 1], seconds: 1} as const;
  const result = {
    step: 4,
    epoch: 0,
    interrupted: false,
    checkpoint: 'r/c',
    sample: 'r/s.png',
    skipped: [{path: 'x', reason: 'y'}],
    imagesPerSecond: 1,
  };
  const report = (json: boolean, quiet: boolean) => {
    const [stdout, stderr] = [sink(false), sink(false)];
    return {stdout, stderr, report: new FitReport({stdout, stderr, json, quiet})};
  };
  const play = (to: ReturnType<typeof report>) => {
    for (const event of [
      start,
      step(1, 4),
      {type: 'warning', message: 'careful'} as const,
      {...epoch, columns: [...epoch.columns], row: [...epoch.row]},
      {...epoch, columns: [...epoch.columns], row: [1, 2]},
    ])
      to.report.notify(event);
    to.report.end('r', result);
    return to;
  };

  it('for people: the table and where things are on stdout, everything else on stderr', () => {
    const {stdout, stderr} = play(report(false, false));
    expect(stdout.text.match(/train_loss/g)).to.have.length(1);
    expect(stdout.text)
      .to.contain('sample grid  r/s.png')
      .and.contain('skipped      1 unreadable file\n')
      .and.contain('run folder   r\n');
    expect(stderr.text)
      .to.contain('16 images')
      .and.contain('3.6 M')
      .and.contain('Warning: careful')
      .and.contain('gan generate r');
  });

  it('--quiet keeps results and warnings', () => {
    const {stdout, stderr} = play(report(false, true));
    expect(stderr.text).to.equal('Warning: careful\n');
    expect(stdout.text).to.contain('train_loss').and.contain('run folder');
  });

  it('--json gives every event, and the end', () => {
    const {stdout} = play(report(true, false));
    const events = stdout.text
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as {type: string}).type);
    expect(events).to.deep.equal(['start', 'step', 'warning', 'epoch', 'epoch', 'end']);
  });

  it('after an interruption says how to go on', () => {
    const to = report(false, false);
    to.report.end('r', {...result, interrupted: true});
    expect(to.stderr.text).to.contain('gan fit --resume r');
  });
});
