import {expect} from 'chai';
import {appendFileSync, readFileSync, readdirSync, rmSync, truncateSync} from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import type {Device} from '../../dist/backends/device.js';
import {readCheckpoint} from '../../dist/gan/checkpoint.js';
import {folder, removeFolders} from '../plugin/helpers.js';
import {eventFiles, tagged} from './event-reader.js';
import {fit, metrics, newest, openCpu} from './helpers.js';

describe("TensorBoard's event files", () => {
  let device: Device;
  before(async () => {
    device = await openCpu();
  });
  after(() => device.close());
  after(removeFolders);

  const set = ['recipe=wgan', 'switcher.nCrit=2', 'tensorboard=true', 'sampleEvery=5', 'schedule=linear'];
  const eventNames = (dir: string) =>
    readdirSync(dir)
      .filter((name) => name.includes('tfevents'))
      .sort();

  /** The scalars of a run must be those of its metrics.jsonl: no step twice, none missing, none that is too late. */
  function expectAsInMetrics(dir: string): void {
    const lines = metrics(dir);
    const steps = lines.filter(({mode}) => mode !== undefined);
    const float32 = (values: unknown[][]) => values.map(([step, value]) => [step, Math.fround(value as number)]);
    for (const network of ['critic', 'generator']) {
      expect(tagged(dir, `loss/${network}`, 'simple_value'), network).to.deep.equal(
        float32(steps.filter(({mode}) => mode === network).map(({step, loss}) => [step, loss])),
      );
    }
    expect(tagged(dir, 'learning_rate', 'simple_value')).to.deep.equal(float32(steps.map(({step, lr}) => [step, lr])));
    const rows = lines.filter(({row}) => row !== undefined);
    for (const column of ['train_loss', 'gen_loss', 'crit_loss']) {
      const wanted = rows
        .map(({step, row}) => [step, (row as Record<string, number | null>)[column]])
        .filter(([, value]) => typeof value === 'number');
      expect(tagged(dir, `epoch/${column}`, 'simple_value'), column).to.deep.equal(float32(wanted));
    }
  }

  it('are not written unless asked for', async () => {
    const dir = path.join(folder(), 'run');
    await fit({device, dir, set: ['recipe=wgan', 'steps=2']});
    expect(eventNames(dir)).to.deep.equal([]);
  });

  it('hold the losses of both networks, the learning rate, the rows of epochs and the speed', async () => {
    const dir = path.join(folder(), 'run');
    await fit({device, dir, set: [...set, 'steps=20', 'histogramEvery=0']});
    const [events, ...more] = eventFiles(dir);
    expect(more).to.deep.equal([]);
    expect(events![0]).to.include({file_version: 'brain.Event:2', step: 0});
    expect(events!.some(({session_log}) => session_log)).to.equal(false);
    for (const {wall_time} of events!) expect(Date.now() / 1000 - wall_time).to.be.within(0, 600);
    expectAsInMetrics(dir);
    expect(metrics(dir).filter(({row}) => row)).to.have.length(3); // so that the above was of something
    for (const [, speed] of tagged(dir, 'images_per_second', 'simple_value')) expect(speed).to.be.within(0.1, 1e6);
  });

  it('hold the sample grids as they are in the run folder', async () => {
    for (const [channels, colorspace] of [
      [3, 3],
      [1, 1],
      [2, 2],
      [4, 4],
    ] as const) {
      const dir = path.join(folder(), 'run');
      await fit({device, dir, set: [...set, 'steps=6', `channels=${channels}`]});
      const images = tagged(dir, 'samples', 'image');
      expect(images.map(([step]) => step)).to.deep.equal([5, 6]);
      for (const [step, image] of images) {
        expect(
          Buffer.from(image.encoded_image_string).equals(
            readFileSync(path.join(dir, `samples/step-0000000${step}.png`)),
          ),
        ).to.equal(true);
        const {width, height} = await sharp(image.encoded_image_string).metadata();
        expect({width, height, colorspace}).to.deep.equal({
          width: image.width,
          height: image.height,
          colorspace: image.colorspace,
        });
      }
    }
  });

  it('hold histograms of all weights, as the checkpoint has them', async () => {
    const dir = path.join(folder(), 'run');
    await fit({device, dir, set: ['recipe=gan', 'steps=6', 'histogramEvery=3']});
    const {model} = await readCheckpoint(newest(dir, 'checkpoints'));
    const weights = [...model].filter(
      ([name, {dtype}]) => dtype === 'F32' && !name.includes('running_') && !/weight_[uv]/.test(name),
    );
    expect(weights.length).to.be.greaterThan(8);
    for (const [name, {data}] of weights) {
      const values = [...data].map(Number);
      const [[first], [step, histogram]] = tagged(dir, name.replace('.', '/'), 'histo') as [
        [number, unknown],
        [
          number,
          {
            min: number;
            max: number;
            num: number;
            sum: number;
            sum_squares: number;
            bucket_limit: number[];
            bucket: number[];
          },
        ],
      ];
      expect([first, step]).to.deep.equal([3, 6]);
      expect({min: histogram.min ?? 0, max: histogram.max ?? 0, num: histogram.num}, name).to.deep.equal({
        min: Math.min(...values),
        max: Math.max(...values),
        num: values.length,
      });
      expect(histogram.sum ?? 0).to.be.closeTo(
        values.reduce((a, b) => a + b),
        1e-4,
      );
      expect(histogram.sum_squares ?? 0).to.be.closeTo(
        values.reduce((a, b) => a + b * b, 0),
        1e-4,
      );
      const limits = histogram.bucket_limit;
      const inBucket = limits.map(
        (limit, i) => values.filter((value) => value <= limit && (i === 0 || value > limits[i - 1]!)).length,
      );
      expect(histogram.bucket.reduce((a, b) => a + b)).to.equal(values.length);
      // a value on a border
      for (const [i, count] of histogram.bucket.entries()) expect(count, `${name} ${i}`).to.be.closeTo(inBucket[i]!, 1);
    }
  });

  it('of a run that goes on hold no step twice, in a file of its own that tells TensorBoard where to go on', async () => {
    const dir = path.join(folder(), 'run');
    for (const [i, steps] of [4, 9, 14].entries())
      await fit({device, dir, set: [...set, `steps=${steps}`], resume: i > 0});
    const files = eventFiles(dir);
    expect(
      files.map(([version, start]) => [version!.file_version, start!.session_log?.status, start!.step]),
    ).to.deep.equal([
      ['brain.Event:2', undefined, 1],
      ['brain.Event:2', 1, 5],
      ['brain.Event:2', 1, 10],
    ]);
    expectAsInMetrics(dir);
    expect(tagged(dir, 'samples', 'image').map(([step]) => step)).to.deep.equal([4, 5, 9, 10, 14]);
  });

  it('of a run that crashed are cut back to its last checkpoint, half a record included', async () => {
    const dir = path.join(folder(), 'run');
    // 6 batches an epoch: also at the ends of epochs
    await fit({device, dir, set: [...set, 'checkpointEvery=6', 'steps=13']});
    // as if it had crashed after step 13, with a checkpoint of step 12
    rmSync(newest(dir, 'checkpoints'), {recursive: true});
    const file = path.join(dir, eventNames(dir)[0]!);
    appendFileSync(file, readFileSync(file).subarray(0, 30)); // not finished
    await fit({device, dir, set: [...set, 'checkpointEvery=6', 'steps=20'], resume: true});
    expectAsInMetrics(dir);
    expect(metrics(dir).filter(({row}) => row)).to.have.length(3);
  });

  it('that are broken from the start are emptied, and the run goes on', async () => {
    const dir = path.join(folder(), 'run');
    await fit({device, dir, set: [...set, 'steps=3']});
    truncateSync(path.join(dir, eventNames(dir)[0]!), 7);
    await fit({device, dir, set: [...set, 'steps=5'], resume: true});
    expect(tagged(dir, 'learning_rate', 'simple_value').map(([step]) => step)).to.deep.equal([4, 5]);
  });
});
