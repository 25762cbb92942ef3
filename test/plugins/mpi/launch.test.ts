/** `gan fit --ranks`, which starts mpirun itself. */
import {expect} from 'chai';
import {spawn} from 'node:child_process';
import {existsSync, readdirSync} from 'node:fs';
import path from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {readCheckpoint} from '../../../dist/gan/checkpoint.js';
import {RunFolder} from '../../../dist/runs/run-folder.js';
import {folder, removeFolders} from '../../plugin/helpers.js';
import {isThere, needs, processOf, root, type Library} from './support.js';

const settings = ['builtin:shapes', '--size=16', '--latent=8', '--batch-size=8', '--recipe=dcgan', '--arch=basic'];
const quick = ['--set=arch.nFeatures=4', '--sample-every=0', '--watch-every=0'];
const forever = ['--backend=wasm', '--set=backend.threads=1', '--steps=100000', '--checkpoint-every=25', '--ranks=2'];

const isLong = process.env['GAN_SUITE'] === 'long';

describe('gan fit --ranks', function () {
  this.timeout(120_000);
  after(removeFolders);

  /** Trains with two ranks on so many images, and does something once there is a checkpoint. */
  async function fit(
    library: Library,
    images: number,
    act: (gan: number, dir: string) => unknown,
    env: Record<string, string> = {},
  ): Promise<{code: number | null; output: string; dir: string}> {
    const dir = path.join(folder(), 'run');
    const running = spawn(
      process.execPath,
      [
        path.join(root, 'bin/run.js'),
        'fit',
        ...settings,
        ...quick,
        `--set=source.count=${images}`,
        ...forever,
        '--out',
        dir,
      ],
      {env: {...process.env, GAN_MPIRUN: `mpirun.${library}`, ...env}},
    );
    let output = '';
    for (const stream of [running.stdout, running.stderr]) stream.on('data', (text) => (output += String(text)));
    let code: number | null | undefined;
    running.on('close', (ended) => (code = ended));
    const folderOfCheckpoints = path.join(dir, 'checkpoints');
    while (code === undefined && !(existsSync(folderOfCheckpoints) && readdirSync(folderOfCheckpoints).some(isWhole)))
      await sleep(50);
    if (code === undefined) await act(running.pid!, dir);
    while (code === undefined) await sleep(50);
    return {code, output, dir};
  }
  const isWhole = (name: string): boolean => /^step-\d+$/.test(name);
  const newestStep = (dir: string): number =>
    Math.max(
      ...readdirSync(path.join(dir, 'checkpoints'))
        .filter(isWhole)
        .map((name) => Number(name.slice('step-'.length))),
    );

  for (const [library, images] of [
    ['openmpi', 64],
    ['mpich', 8], // a step an epoch: the ranks agree to stop when one has ended
  ] as const) {
    it(`ends at Ctrl-C with a checkpoint, as one process does (${library})`, async function () {
      needs(library, 2, this);
      const {code, output, dir} = await fit(library, images, (gan) => process.kill(gan, 'SIGINT'));
      expect(code, output).to.equal(130);
      expect(output.match(/finishing the step and writing a checkpoint/g), output).to.have.length(1);
      const {position} = await readCheckpoint(await new RunFolder(dir).latestCheckpoint());
      expect(output).to.contain(`Stopped after step ${position.step}.`);
    });

    if (library === 'mpich' || isLong)
      it(`goes on when its terminal is closed, under nohup (${library})`, async function () {
        needs(library, 2, this);
        const act = async (gan: number, dir: string): Promise<void> => {
          process.kill(gan, 'SIGHUP');
          const wanted = newestStep(dir) + 50;
          while (newestStep(dir) < wanted && isThere(gan)) await sleep(50);
          if (isThere(gan)) process.kill(gan, 'SIGINT');
        };
        const {code, output} = await fit(library, images, act, {_: '/usr/bin/nohup'});
        expect(code, output).to.equal(130);
      });

    if (library === 'mpich' || isLong)
      it(`ends with the code of a fault when a rank is killed (${library})`, async function () {
        needs(library, 2, this);
        const {code, output} = await fit(library, images, (_, dir) => process.kill(processOf(1, dir)!, 'SIGKILL'));
        expect(code, output).to.equal(4);
      });
  }
});
