import {expect} from 'chai';
import {mkdirSync} from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import {imagesAtOnce, imagesAtOnceAnywhere} from '../../dist/gan/images-at-once.js';
import type {HostTensor} from '../../dist/gan/data/types.js';
import {drawSamples} from '../../dist/runs/run-callbacks.js';
import {RunFolder} from '../../dist/runs/run-folder.js';
import {folder, removeFolders} from '../plugin/helpers.js';
import {fit, openCpu, results} from './helpers.js';

describe('the sample grid', () => {
  after(removeFolders);

  it('is drawn in passes of the images of a training pass, or of a few small ones', () => {
    const sizes = [16, 64, 128, 256, 512, 1024, 4096];
    expect(sizes.map((size) => imagesAtOnce(size, 1))).to.deep.equal([256, 16, 4, 1, 1, 1, 1]);
    expect(imagesAtOnce(512, 32)).to.equal(32);
    expect(sizes.map((size) => imagesAtOnceAnywhere(size, 64))).to.deep.equal([256, 64, 64, 16, 4, 1, 1]);
    expect(imagesAtOnceAnywhere(512, 1)).to.equal(1);
  });

  it('comes by steps, after five seconds, and whenever as long as it says has passed without one', async () => {
    const dir = folder();
    mkdirSync(path.join(dir, 'samples'));
    const drawn: number[] = [];
    let clock = 0;
    const image = {data: new Uint8Array(4), shape: [1, 2, 2, 1]};
    const callback = drawSamples(
      {generate: () => Promise.resolve(image)} as unknown as Parameters<typeof drawSamples>[0],
      new RunFolder(dir),
      {sampleEvery: 12, sampleSeconds: 20, size: 2, batchSize: 1},
      {data: new Float32Array(1), shape: [1, 1]},
      ({step}) => Promise.resolve(void drawn.push(step)),
      (message) => expect.fail(message),
      () => clock * 1000,
    );
    const afterBatch = callback.afterBatch!;
    for (let step = 1; step <= 30; step++, clock += 3)
      await afterBatch({training: true, step} as unknown as Parameters<typeof afterBatch>[0]);
    // seconds 0, 3, 6: step 3; from second 6 on 20: step 10 (27 s);
    // step 12 by its number (33 s); step 19 (54 s); 24 (69 s)
    expect(drawn).to.deep.equal([3, 10, 12, 19, 24]);
  });

  it('changes nothing of the training, however often it comes', async () => {
    const device = await openCpu();
    try {
      const found: Record<string, unknown>[] = [];
      for (const every of [0, 1]) {
        const dir = folder();
        await fit({dir, device, set: ['steps=9', 'switcher.nCrit=2', `sampleEvery=${every}`]});
        found.push(await results(dir));
      }
      expect(found[1]).to.deep.equal(found[0]);
    } finally {
      await device.close();
    }
  });

  for (const [size, batchSize, passes] of [
    [32, 1, [64]],
    [512, 1, Array.from({length: 64}, () => 1)],
    [128, 10, [10, 10, 10, 10, 10, 10, 4]],
  ] as const) {
    it(`of ${size} pixels is the same picture in ${passes.length} passes`, async () => {
      const dir = folder();
      mkdirSync(path.join(dir, 'samples'));
      const drawn: number[] = [];
      // each image has the level of its latent
      const generate = async ({data, shape}: HostTensor): Promise<HostTensor> => {
        drawn.push(shape[0]!);
        const bytes = new Uint8Array(shape[0]! * size * size);
        for (let i = 0; i < shape[0]!; i++) bytes.fill(data[i * shape[1]!]!, i * size * size, (i + 1) * size * size);
        return {data: bytes, shape: [shape[0]!, size, size, 1]};
      };
      const latents = {data: Float32Array.from({length: 128}, (_, i) => Math.floor(i / 2) * 3), shape: [64, 2]};
      const callback = drawSamples(
        {generate} as unknown as Parameters<typeof drawSamples>[0],
        new RunFolder(dir),
        {sampleEvery: 0, sampleSeconds: 0, size, batchSize},
        latents,
        async () => {},
        (message) => expect.fail(message),
      );
      await callback.afterFit!({step: 7} as unknown as Parameters<NonNullable<typeof callback.afterFit>>[0]);
      expect(drawn).to.deep.equal(passes);
      const {data, info} = await sharp(callback.latest).raw().toBuffer({resolveWithObject: true});
      for (let i = 0; i < 64; i++) {
        const [x, y] = [i % 8, Math.floor(i / 8)].map((at) => 2 + at! * (size + 2));
        expect(data[(y! * info.width + x!) * info.channels]).to.equal(3 * i);
      }
    });
  }
});
