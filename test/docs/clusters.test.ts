/** What docs/clusters.md computes, and the script that it gives Kubernetes. */
import {spawnSync} from 'node:child_process';
import {chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {expect} from 'chai';
import {root} from '../commands/helpers.js';

const page = readFileSync(path.join(root, 'docs/clusters.md'), 'utf8');

describe('the efficiencies of docs/clusters.md', () => {
  const lines = page.split('\n');
  const first = lines.findIndex((line) => line.startsWith('| compute, bytes | network |'));
  const cells = (line: string): string[] =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
  const counts = cells(lines[first]!)
    .slice(2)
    .map((cell) => parseInt(cell.replace(',', ''), 10));
  const rows = lines.slice(first + 2, lines.indexOf('', first)).map(cells);

  /** The formulas of the page. Milliseconds and MB. */
  function efficiency(ranks: number, {compute, bytes, gigabits, latency}: Record<string, number>): number {
    const bandwidth = (0.9 * gigabits! * 1000) / 8 / 1000; // MB a millisecond
    const exchange = ((2 * (ranks - 1)) / ranks) * (bytes! / bandwidth) + 2 * Math.log2(ranks) * latency!;
    const copies = bytes!; // 1 ms for each MB
    const stragglers = 0.02 * Math.sqrt(2 * Math.log(ranks)) * compute!;
    return compute! / (compute! + copies + Math.max(0, exchange - 0.3 * compute!) + stragglers);
  }

  it('are those of its model, up to 1,024 ranks', () => {
    expect([counts[0], counts.at(-1)]).to.deep.equal([2, 1024]);
    const latencies = new Map<number, number>();
    let network = {compute: NaN, bytes: NaN};
    for (const [computed = '', link = '', ...values] of rows) {
      const [, compute, bytes] = /^(\d+) ms, ([\d.]+) MB/.exec(computed) ?? [];
      if (compute !== undefined) network = {compute: Number(compute), bytes: Number(bytes)};
      const [, rate, time, unit] = /^(\d+) Gbit\/s(?:, ([\d.]+) (ms|us))?/.exec(link)!;
      const gigabits = Number(rate);
      if (time !== undefined) latencies.set(gigabits, Number(time) / (unit === 'us' ? 1000 : 1));
      const latency = latencies.get(gigabits)!;
      values.forEach((value, i) =>
        expect(Number(value), `${computed} ${link}, ${counts[i]} ranks`).to.be.closeTo(
          efficiency(counts[i]!, {...network, gigabits, latency}),
          0.0051,
        ),
      );
    }
    expect(rows).to.have.length.above(4);
  });
});

describe('the MPIJob of docs/clusters.md', () => {
  const [, script] = /args:\n\s+- (if ls \/runs[^]+?exec mpirun .*)\n/.exec(page)!;
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'gan-kubernetes-'))));
  afterEach(() => rmSync(folder, {recursive: true}));

  /** What it calls, with its volume in a folder. */
  function run(): string {
    const mpirun = path.join(folder, 'mpirun');
    writeFileSync(mpirun, '#!/bin/sh\necho "$*"\n');
    chmodSync(mpirun, 0o755);
    const inOneLine = script!.replaceAll(/\n\s+/g, ' ').replaceAll('/runs/', `${folder}/runs/`); // as YAML folds it
    const env = {PATH: `${folder}:${process.env['PATH']}`};
    return spawnSync('sh', ['-c', inOneLine], {env, encoding: 'utf8'}).stdout.trim();
  }

  it('begins a run, and goes on with it once there is a checkpoint', () => {
    expect(run()).to.equal(`--allow-run-as-root --bind-to none gan fit /data/photos --out ${folder}/runs/gan`);
    mkdirSync(path.join(folder, 'runs/gan/checkpoints/step-00000100'), {recursive: true});
    expect(run()).to.equal(`--allow-run-as-root --bind-to none gan fit --resume ${folder}/runs/gan`);
  });
});
