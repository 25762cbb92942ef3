import {expect} from 'chai';
import {spawnSync} from 'node:child_process';
import {setTimeout as sleep} from 'node:timers/promises';
import {mkdirSync, readdirSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {fileURLToPath, pathToFileURL} from 'node:url';
import sharp from 'sharp';
import {readCheckpoint} from '../../../dist/gan/checkpoint.js';
import {Rng} from '../../../dist/gan/rng.js';
import {openTraining} from '../../../dist/runs/open-training.js';
import {RunFolder} from '../../../dist/runs/run-folder.js';
import {folder, removeFolders} from '../../plugin/helpers.js';
import {isThere, needs, processOf, root, startFit, type Ended} from './support.js';

const isLong = process.env['GAN_SUITE'] === 'long';
const failLater = fileURLToPath(new URL('fail-later.mjs', import.meta.url));

const settings = ['builtin:shapes', '--size=16', '--latent=8', '--batch-size=8', '--recipe=dcgan', '--arch=basic'];
const quick = ['--set=arch.nFeatures=4', '--set=source.count=64', '--sample-every=0', '--watch-every=0', '--quiet'];
const onOneThread = ['--backend=wasm', '--set=backend.threads=1'];

const checkpoints = (dir: string): string[] => {
  try {
    return readdirSync(path.join(dir, 'checkpoints')).filter((name) => /^step-\d+$/.test(name));
  } catch {
    return [];
  }
};

/** Lets a training go until it has written a checkpoint, and then some milliseconds more. */
async function began(dir: string, ended: Promise<Ended>, more: number): Promise<void> {
  let over: Ended | undefined;
  void ended.then((end) => (over = end));
  while (checkpoints(dir).length === 0) {
    if (over) throw new Error(`it ended with ${over.code}: ${over.output}`);
    await sleep(50);
  }
  await sleep(more);
}

/** The newest checkpoint is whole, and one process goes on from it. */
async function goesOn(dir: string): Promise<void> {
  const run = new RunFolder(dir);
  const {position} = await readCheckpoint(await run.latestCheckpoint());
  const steps = position.step + 4;
  const training = await openTraining({...(await run.readConfig()), steps}, {resume: dir});
  const result = await training.fit(dir).finally(() => training.close());
  expect(result.step).to.equal(steps);
}

describe('a rank that fails', function () {
  this.timeout(120_000);
  after(removeFolders);

  const rng = new Rng(process.env['GAN_SUITE_SEED'] ?? '1').fork('ranks');
  const jobs = Array.from({length: isLong ? 20 : 2}, (_, i) => ({
    signal: i % 2 === 0 ? ('SIGKILL' as const) : ('SIGSTOP' as const),
    rank: rng.int(2),
    more: 1000 + rng.int(1000), // a sign of life, which tells the step, goes each second
  }));

  for (const {signal, rank, more} of jobs) {
    it(`by ${signal} at rank ${rank} ends all, says so, and the run goes on with one (after ${more} ms)`, async function () {
      const dir = path.join(folder(), 'run');
      const args = [...settings, ...quick, ...onOneThread, '--steps=100000', '--checkpoint-every=5', '--out', dir];
      const {ended} = startFit(needs('openmpi', 2, this), args, {GAN_RANK_TIMEOUT: '3'});
      await began(dir, ended, more);
      const victim = processOf(rank, dir)!;
      process.kill(victim, signal);
      const killedAt = performance.now();
      const {code, output} = await ended;
      expect(performance.now() - killedAt).to.be.below(60_000);
      if (signal === 'SIGSTOP') {
        expect(output).to.match(new RegExp(`GAN_RANK_LOST: rank ${rank} on \\S+ has not answered for`));
        expect(output).to.match(/GAN_RANK_LOST: .* It was at step \d+/);
        expect(code).to.equal(4);
      } else {
        expect(output).to.match(new RegExp(`rank ${rank} .* exited on signal 9`)); // mpirun's own words
        expect(code).to.equal(137);
      }
      expect(output).not.to.match(/bug in gan/);
      while (isThere(victim)) await sleep(50); // a stopped process is not left behind
      await goesOn(dir);
    });
  }

  it('SIGTERM at one rank ends all with a checkpoint, as the signal asks for', async function () {
    const dir = path.join(folder(), 'run');
    const args = [...settings, ...quick, ...onOneThread, '--steps=100000', '--checkpoint-every=5', '--out', dir];
    const {ended} = startFit(needs('mpich', 2, this), args);
    await began(dir, ended, 0);
    process.kill(processOf(1, dir)!, 'SIGTERM');
    const {code, output} = await ended;
    expect(code, output).to.equal(143);
    await goesOn(dir);
  });

  it('by an error that nothing waits for ends all with its exit code and a checkpoint, and is told once', async function () {
    const dir = path.join(folder(), 'run');
    const sign = `${dir}-fail`;
    const args = [...settings, ...quick, ...onOneThread, '--steps=100000', '--checkpoint-every=5', '--out', dir];
    const env = {NODE_OPTIONS: `--import=${pathToFileURL(failLater).href}`, FAIL_RANK: '1', FAIL_SIGN: sign};
    const {ended} = startFit(needs('openmpi', 2, this), args, env);
    await began(dir, ended, 0);
    const before = checkpoints(dir).length;
    writeFileSync(sign, '');
    const {code, output} = await ended;
    expect(code, output).to.equal(1);
    expect(output.match(/GAN_BUG: something odd/g), output).to.have.length(1);
    expect(output).not.to.match(/GAN_RANK/);
    expect(checkpoints(dir).length).to.be.at.least(before);
    await goesOn(dir);
  });
});

describe('ranks on machines that differ', function () {
  this.timeout(120_000);
  after(removeFolders);

  const colours = ['red', 'green', 'blue', 'white'];
  const ofPictures = settings.slice(1).map((word) => word.replace('=8', '=4')); // there are four

  /** Two ranks, of which the second sees other pictures under the path of the data. */
  async function trainApart(test: Mocha.Context, others: readonly string[]): Promise<Ended & {dir: string}> {
    if (spawnSync('unshare', ['--mount', 'true']).status !== 0) {
      console.log('      skipped: no mounts of its own for a process (unshare --mount)');
      test.skip();
    }
    const home = folder();
    const [data, ofSecond] = await Promise.all(
      [colours, others].map(async (each, rank) => {
        const photos = path.join(home, String(rank));
        mkdirSync(photos);
        for (const [i, background] of each.entries())
          await sharp({create: {width: 16, height: 16, channels: 3, background}})
            .png()
            .toFile(path.join(photos, `${i}.png`));
        return photos;
      }),
    );
    const dir = path.join(home, 'run');
    const args = [data!, ...ofPictures, ...onOneThread, '--steps=4', '--quiet', '--out', dir];
    const run = [process.execPath, path.join(root, 'bin/run.js'), 'fit', ...args];
    const mounted = ['sh', '-c', 'mount --bind "$1" "$2" && shift 2 && exec "$@"', 'sh', ofSecond!, data!, ...run];
    const {ended} = startFit(needs('openmpi', 1, test), [...args, ':', '-n', '1', 'unshare', '--mount', ...mounted]);
    return {...(await ended), dir};
  }

  it('are refused before anything is trained, for other pictures under the same path', async function () {
    const {code, output, dir} = await trainApart(this, ['red', 'green', 'blue', 'black']);
    expect(code, output).to.equal(3);
    expect(output.match(/GAN_RANKS_DIFFER/g), output).to.have.length(1);
    expect(output).to.match(/rank 1 on \S+: other data/);
    expect(checkpoints(dir)).to.deep.equal([]);
  });

  it('end with the error of the one that lacks the pictures', async function () {
    const {code, output} = await trainApart(this, []);
    expect(code, output).to.equal(5);
    expect(output.match(/^Error GAN_/gm), output).to.have.length(1);
    expect(output).to.match(/GAN_DATA_EMPTY/);
  });
});
