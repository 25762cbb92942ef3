import {expect} from 'chai';
import fc from 'fast-check';
import {appendFileSync, renameSync, utimesSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {mostPoints, RunCurves, Series} from '../../../dist/ui/server/curves.js';
import {watch, type ServerEvent} from '../../../dist/ui/server/events.js';
import {RunList} from '../../../dist/ui/server/run-list.js';
import {RunsRoot} from '../../../dist/ui/server/runs-root.js';
import type {CurveNews, Points} from '../../../dist/ui/protocol.js';
import {folder, removeFolders} from '../../plugin/helpers.js';
import {fakeRun, metricsLine} from '../helpers.js';

describe('Series', () => {
  it('keeps all points while there is room', () => {
    const series = new Series();
    for (let step = 1; step <= mostPoints; step++) series.add(step, step / 2);
    expect(series.points.steps).to.have.length(mostPoints);
    expect(series.generation).to.equal(0);
  });

  it('then keeps every second, fourth, ... point from the first on, never more than it may', () => {
    fc.assert(
      fc.property(fc.integer({min: 1, max: 70_000}), (count) => {
        const series = new Series();
        for (let step = 0; step < count; step++) series.add(step, -step);
        const {steps, values} = series.points;
        const stride = steps[1] ?? 1;
        expect(Math.log2(stride) % 1).to.equal(0);
        expect(steps).to.deep.equal(Array.from({length: Math.ceil(count / stride)}, (_, i) => i * stride));
        expect(values).to.deep.equal(steps.map((step) => -step));
        expect(steps.length).to.be.at.most(mostPoints);
        if (count > mostPoints) expect(steps.length).to.be.greaterThan(mostPoints / 2 - 1);
      }),
      {numRuns: 20},
    );
  });
});

describe('the curves of a run', () => {
  let root: RunsRoot;
  let file: string;

  beforeEach(() => {
    const dir = folder();
    root = new RunsRoot(dir);
    file = path.join(fakeRun(path.join(dir, 'run')), 'metrics.jsonl');
  });
  after(removeFolders);

  const points = (log: RunCurves, name: string): Points | undefined => log.series.get(name)?.points;

  it('grow with the file, whatever pieces it is written in', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({min: 1, max: 40}), {minLength: 1, maxLength: 12}), async (cuts) => {
        writeFileSync(file, '');
        const log = new RunCurves(root, 'run');
        const text = Array.from({length: 8}, (_, i) => metricsLine(i + 1, i / 8)).join('');
        let at = 0;
        for (const cut of [...cuts, text.length]) {
          appendFileSync(file, text.slice(at, at + cut));
          at += cut;
          await log.update();
          const whole = text.slice(0, at).split('\n').length - 1;
          expect(points(log, 'critLoss')?.steps ?? []).to.deep.equal(Array.from({length: whole}, (_, i) => i + 1));
        }
        expect(points(log, 'critLoss')!.values).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7].map((i) => i / 8));
        expect(log.beginning).to.equal(0);
      }),
      {numRuns: 20},
    );
  });

  it('begin anew when the file is written again, as resuming does', async () => {
    writeFileSync(file, [1, 2, 3, 4].map((step) => metricsLine(step, step)).join(''));
    const log = new RunCurves(root, 'run');
    await log.update();
    for (const [times, count] of [
      [1, 2],
      [2, 9],
    ] as const) {
      // shorter than before, and longer
      const steps = Array.from({length: count}, (_, i) => i + 1);
      writeFileSync(`${file}.tmp`, steps.map((step) => metricsLine(step, 10 * step)).join(''));
      renameSync(`${file}.tmp`, file);
      await log.update();
      expect(points(log, 'critLoss')).to.deep.equal({steps, values: steps.map((step) => 10 * step)});
      expect(log.beginning).to.equal(times);
    }
  });

  it('have what the epochs measure and when they ended, and no value that is no number', async () => {
    writeFileSync(
      file,
      [
        '{"step":1,"mode":"critic","loss":null,"critLoss":null}',
        'no json',
        '[]',
        'null',
        '{"step":"2","critLoss":1}',
        '{"step":3,"critLoss":0.5}',
        '{"step":3,"epoch":0,"seconds":1,"row":{"train_loss":1,"gen_loss":2,"crit_loss":3,"time":4,"swd":0.25,"other":null,"text":"x"}}',
        '',
      ].join('\n'),
    );
    const log = new RunCurves(root, 'run');
    await log.update();
    expect(Object.fromEntries([...log.series].map(([name, {points: all}]) => [name, all]))).to.deep.equal({
      critLoss: {steps: [3], values: [0.5]},
      swd: {steps: [3], values: [0.25]},
      'training time': {steps: [3], values: [1]},
    });
  });

  it('are bounded: long lines and thousands of names take no memory', async () => {
    writeFileSync(
      file,
      `${'x'.repeat(3_000_000)}\n${JSON.stringify({step: 1, row: Object.fromEntries(Array.from({length: 5000}, (_, i) => [`metric ${i}`, i]))})}\n${metricsLine(2, 1)}`,
    );
    const log = new RunCurves(root, 'run');
    await log.update();
    expect(log.series.size).to.equal(32);
  });

  describe('as a page is told of them', () => {
    /** What a page has when it takes every event in turn. */
    class Reader {
      readonly curves = new Map<string, Points>();
      readonly names: string[] = [];
      take({reset, gone = [], curves}: CurveNews): void {
        for (const key of gone) this.curves.delete(key);
        for (const [key, {steps, values}] of Object.entries(curves)) {
          const old = reset.includes(key) ? undefined : this.curves.get(key);
          this.curves.set(key, {steps: [...(old?.steps ?? []), ...steps], values: [...(old?.values ?? []), ...values]});
        }
      }
    }

    it('each point comes once; a curve that is thinned or begins anew comes whole', async () => {
      const stop = new AbortController();
      const log = new RunCurves(root, 'run');
      const events = watch(['run'], {root, list: new RunList(root), curvesOf: () => log}, stop.signal);
      const reader = new Reader();
      const sizes: number[] = [];
      const next = async (): Promise<void> => {
        for (;;) {
          const {value} = (await events.next()) as {value: ServerEvent | undefined};
          if (value?.event !== 'curves') continue;
          sizes.push(Object.values(value.data.curves).reduce((sum, {steps}) => sum + steps.length, 0));
          reader.take(value.data);
          return;
        }
      };
      const lines = (from: number, to: number): string =>
        Array.from({length: to - from}, (_, i) => metricsLine(from + i, from + i)).join('');
      appendFileSync(file, lines(1, 101));
      await next();
      appendFileSync(file, lines(101, 111));
      await next();
      expect(sizes).to.deep.equal([200, 20]);
      appendFileSync(file, lines(111, 5001));
      await next();
      expect(reader.curves.get('critLoss')).to.deep.equal(points(log, 'critLoss'));
      expect(reader.curves.get('critLoss')!.steps.slice(0, 3)).to.deep.equal([1, 3, 5]);
      writeFileSync(`${file}.tmp`, '{"step":1,"critLoss":7}\n');
      renameSync(`${file}.tmp`, file);
      await next();
      expect(Object.fromEntries(reader.curves)).to.deep.equal({critLoss: {steps: [1], values: [7]}});
      stop.abort();
      await events.return(undefined);
    });
  });
});

describe('RunList', () => {
  after(removeFolders);

  it('has the runs of a folder and of folders in it, with what their last lines say', async () => {
    const dir = folder();
    fakeRun(path.join(dir, 'run-10'), {
      metrics: metricsLine(1, 5) + metricsLine(2, 0.25, 0.75) + '{"step":2,"epoch":0,"row":{}}\n{"step":3,"cri',
    });
    fakeRun(path.join(dir, 'run-9'), {config: {}});
    fakeRun(path.join(dir, 'sweep/lr/a'));
    fakeRun(path.join(dir, 'too/deep/for/this'));
    fakeRun(path.join(dir, '.hidden'));
    fakeRun(path.join(dir, 'run-9/inside-a-run'));
    const runs = await new RunList(new RunsRoot(dir)).read();
    expect(runs.map(({name}) => name)).to.deep.equal(['run-9', 'run-10', 'sweep/lr/a']);
    const {updated, ...run10} = runs[1]!;
    expect(run10).to.deep.equal({name: 'run-10', live: true, step: 2, steps: 10, critLoss: 0.25, genLoss: 0.75});
    expect(Date.now() - updated).to.be.lessThan(10_000);
    expect(runs[0]).to.include({step: 0, live: false}).and.not.have.property('steps');
  });

  it('looks at runs that have been quiet for a minute every five seconds only, at the others each second', async () => {
    const dir = folder();
    const [old, young] = ['old', 'young'].map((name) =>
      fakeRun(path.join(dir, name), {metrics: metricsLine(1, 1)}),
    ) as [string, string];
    let now = Date.now();
    const longAgo = new Date(now - 100_000);
    for (const file of ['config.json', 'metrics.jsonl']) utimesSync(path.join(old, file), longAgo, longAgo);
    const list = new RunList(new RunsRoot(dir), () => now);
    const steps = async (): Promise<number[]> => (await list.read()).map(({step}) => step);
    expect(await steps()).to.deep.equal([1, 1]);
    for (const run of [old, young]) appendFileSync(path.join(run, 'metrics.jsonl'), metricsLine(2, 1));
    now += 1000;
    expect(await steps()).to.deep.equal([1, 2]);
    now += 4000;
    expect(await steps()).to.deep.equal([2, 2]);
    appendFileSync(path.join(old, 'metrics.jsonl'), metricsLine(3, 1));
    now += 1000;
    expect(await steps()).to.deep.equal([3, 2]); // it is quiet no more
  });

  it('of a run folder has that run, and of a missing folder none until it is made', async () => {
    const dir = folder();
    expect(
      (await new RunList(new RunsRoot(fakeRun(path.join(dir, 'one')))).read()).map(({name}) => name),
    ).to.deep.equal(['.']);
    const root = new RunsRoot(path.join(dir, 'later'));
    expect(await new RunList(root).read()).to.deep.equal([]);
    fakeRun(path.join(dir, 'later/first'));
    expect(await root.names()).to.deep.equal(['first']);
    expect(await root.resolve('first', 'config.json')).to.equal(path.join(dir, 'later/first/config.json'));
  });
});
