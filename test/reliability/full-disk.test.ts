import {expect} from 'chai';
import {spawnSync} from 'node:child_process';
import {closeSync, existsSync, openSync, rmSync, statSync, statfsSync, writeSync} from 'node:fs';
import path from 'node:path';
import {setTimeout} from 'node:timers/promises';
import type {Device} from '../../dist/backends/device.js';
import {GanError} from '../../dist/errors.js';
import type {Callback} from '../../dist/gan/callback.js';
import {checkpointBytes} from '../../dist/gan/checkpoint.js';
import {roomForLines} from '../../dist/runs/reserve.js';
import type {TrainEvent} from '../../dist/runs/train.js';
import {folder, removeFolders} from '../plugin/helpers.js';
import {tagged} from '../runs/event-reader.js';
import {fit, newest, openCpu} from '../runs/helpers.js';
import {contentOf, differences} from './support.js';

/** The smallest networks; so many steps between checkpoints that the lines that wait are larger than one. */
const tiny = ['size=8', 'latent=4', 'batchSize=4', 'arch.nFeatures=2', 'source.count=24', 'tensorboard=true'];
const [every, steps] = [300, 304];
const set = [...tiny, `steps=${steps}`, 'epochs=100', `checkpointEvery=${every}`];

/** A disk of 4 MiB, where one can be mounted. */
function mountDisk(at: string): boolean {
  const {status, error, stderr} =
    process.platform === 'linux'
      ? spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', at], {encoding: 'utf8'})
      : {status: null, error: undefined, stderr: 'there is no tmpfs'};
  if (status !== 0) console.log(`      skipped: no disk was mounted: ${error?.message ?? stderr.trim()}`);
  return status === 0;
}

/** Fills a disk to its last byte. */
function fill(file: string): void {
  const opened = openSync(file, 'w');
  for (let size = 1 << 16; size > 0;)
    try {
      writeSync(opened, Buffer.alloc(size, 1));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      size >>= 1;
    }
  closeSync(opened);
}

describe('a training on a disk that gets full', function () {
  this.timeout(60_000);
  let disk: string;
  let device: Device;
  let whole: string;
  let isMounted = false;

  before(async function () {
    disk = folder();
    isMounted = mountDisk(disk);
    if (!isMounted) return this.skip();
    device = await openCpu();
    whole = path.join(folder(), 'run');
    await fit({device, dir: whole, set});
  });
  after(async () => {
    await device?.close();
    if (isMounted) spawnSync('umount', [disk]);
    removeFolders();
  });

  const filler = (): string => path.join(disk, 'filler');

  /** Fills the disk after step 3, when the room is reserved; then does what is given. */
  const filling = (dir: string, then: () => void = () => {}): Callback => ({
    name: 'filling',
    async afterBatch(learn) {
      if (!learn.training || learn.step !== 3) return;
      const reserved = checkpointBytes(learn) + roomForLines;
      while ((statSync(path.join(dir, 'checkpoints/reserve'), {throwIfNoEntry: false})?.size ?? 0) < reserved)
        await setTimeout(5);
      fill(filler());
      expect(statfsSync(disk).bfree).to.equal(0);
      then();
    },
  });

  /** @returns what it ended with */
  async function train(dir: string, settings: readonly string[], callback: Callback): Promise<unknown> {
    const events: TrainEvent[] = [];
    const request = {notify: (event: TrainEvent) => void events.push(event)};
    const error: unknown = await fit({device, dir, set: settings, parts: {callbacks: [callback]}, ...request}).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    const warnings = events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
    expect(warnings.filter((text) => text.includes('reserved'))).to.deep.equal([]);
    expect(existsSync(path.join(dir, 'checkpoints/reserve'))).to.equal(false);
    return error;
  }

  async function goesOnAsIfNothingHadBeen(dir: string): Promise<void> {
    rmSync(filler());
    await fit({device, dir, set, resume: true});
    const isSame = (fault: string): boolean =>
      fault.includes('tfevents') || fault.startsWith('checkpoints/step-00000003');
    expect(differences(contentOf(dir), contentOf(whole)).filter((fault) => !isSame(fault))).to.deep.equal([]);
    for (const tag of ['loss/critic', 'loss/generator', 'learning_rate'])
      expect(tagged(dir, tag, 'simple_value'), tag).to.deep.equal(tagged(whole, tag, 'simple_value'));
    rmSync(dir, {recursive: true});
  }

  it('ends with its next checkpoint, exit code 5, and goes on as if nothing had been', async () => {
    const dir = path.join(disk, 'due');
    const error = await train(dir, set, filling(dir));
    expect(error).to.be.instanceOf(GanError).and.include({code: 'GAN_NO_SPACE', exitCode: 5});
    expect((error as GanError).message).to.contain(dir);
    expect((error as GanError).suggestions.at(-1)).to.equal(
      `The training is saved up to step ${every} and can go on there: gan fit --resume ${dir}`,
    );
    await goesOnAsIfNothingHadBeen(dir);
  });

  it('has its last checkpoint when it ends by itself', async () => {
    const dir = path.join(disk, 'ending');
    const error = await train(dir, [...set, 'steps=5', 'checkpointEvery=0'], filling(dir));
    expect(error).to.equal(undefined);
    expect(path.basename(newest(dir, 'checkpoints'))).to.equal('step-00000005');
    rmSync(filler());
    rmSync(dir, {recursive: true});
  });

  it('is saved when something else fails', async () => {
    const dir = path.join(disk, 'failing');
    const fails = filling(dir, () => {
      throw new GanError('config', 'GAN_TEST', 'something else');
    });
    const error = await train(dir, set, fails);
    expect(error).to.include({code: 'GAN_TEST', exitCode: 3});
    expect(path.basename(newest(dir, 'checkpoints'))).to.equal('step-00000003');
    await goesOnAsIfNothingHadBeen(dir);
  });
});
