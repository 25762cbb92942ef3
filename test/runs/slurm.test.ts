/** The batch script of docs/clusters.md, with commands of Slurm that note how they are called. */
import {spawnSync} from 'node:child_process';
import {chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {expect} from 'chai';
import {root} from '../commands/helpers.js';

const script = /## Slurm\n\n```\n(#!\/bin\/bash\n[^]+?)```/.exec(
  readFileSync(path.join(root, 'docs/clusters.md'), 'utf8'),
)![1]!;

describe('the Slurm script of docs/clusters.md', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'gan-slurm-'))));
  afterEach(() => rmSync(folder, {recursive: true}));

  /** Runs it where srun ends with a code. @returns its exit code, and what it called */
  function run(code: number): {code: number | null; calls: string[]} {
    const calls = path.join(folder, 'calls');
    for (const [name, ends] of Object.entries({srun: code, scontrol: 0})) {
      const file = path.join(folder, name);
      writeFileSync(file, `#!/bin/sh\necho "${name} $*" >> ${calls}\nexit ${ends}\n`);
      chmodSync(file, 0o755);
    }
    const env = {PATH: `${folder}:${process.env['PATH']}`, SLURM_JOB_ID: '4711'};
    const {status} = spawnSync('bash', ['-c', script], {cwd: folder, env});
    return {code: status, calls: readFileSync(calls, 'utf8').trim().split('\n')};
  }

  for (const [name, code] of [
    ['SIGTERM, pre-empted', 143],
    ['SIGUSR2, two minutes before the end of the time', 140],
    ['SIGUSR1', 138],
  ] as const)
    it(`is queued again after ${name}, with the code of the signal`, () => {
      const {code: ended, calls} = run(code);
      expect(ended).to.equal(code);
      expect(calls).to.have.length(2);
      expect(calls[0]).to.match(/^srun .*gan fit \/data\/photos --out runs\/4711 /);
      expect(calls[1]).to.equal('scontrol requeue 4711');
    });

  for (const code of [0, 4, 6]) {
    it(`is not queued again after ${code}`, () => {
      expect(run(code)).to.deep.include({code}).and.property('calls').to.have.length(1);
    });
  }

  it('goes on with its run when it comes back, once there is a checkpoint', () => {
    mkdirSync(path.join(folder, 'runs/4711/checkpoints/step-00000100'), {recursive: true});
    expect(run(0).calls[0]).to.match(/^srun .*gan fit --resume runs\/4711$/);
  });

  it('asks for the signal that the ranks end by, and to be queued again', () => {
    expect(script)
      .to.match(/^#SBATCH --requeue$/m)
      .and.to.match(/^#SBATCH --signal=USR2@\d+$/m);
  });
});
