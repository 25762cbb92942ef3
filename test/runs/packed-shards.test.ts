/** A packed set that several ranks read, each its part of every batch. */
import {mkdirSync} from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import sharp from 'sharp';
import {packRecords} from '../../dist/gan/data/pack.js';
import {openRecords} from '../../dist/gan/data/records/open.js';
import {placesOfRank} from '../../dist/gan/shard.js';
import {resolveConfig} from '../../dist/config/resolve.js';
import {openRegistry} from '../../dist/plugin/discover.js';
import {makeDataLoaders} from '../../dist/runs/data.js';
import {folder, removeFolders} from '../plugin/helpers.js';

const [pictures, ranks, batchSize] = [26, 3, 8];

describe('a packed set in several ranks', () => {
  after(removeFolders);

  it('has no picture twice in an epoch, and each once over two files, in another order in the next', async () => {
    const dir = folder();
    const photos = path.join(dir, 'photos');
    mkdirSync(photos);
    for (let i = 0; i < pictures; i++) {
      const background = {r: 9 * i, g: 0, b: 0}; // the red tells the picture
      await sharp({create: {width: 8, height: 8, channels: 3, background}})
        .png()
        .toFile(path.join(photos, `${i}.png`));
    }
    const packs = path.join(dir, 'packs');
    mkdirSync(packs);
    const pack = path.join(packs, 'packed.safetensors');
    const sizes = {size: [8, 8], channels: 3} as const;
    const made = await packRecords(await openRecords(photos), pack, {...sizes, shards: 2});
    expect(made.files).to.have.length(2);
    const settings = {data: packs, size: 8, batchSize, recipe: 'none', validPct: 0};
    const {config} = await resolveConfig({
      registry: openRegistry(),
      settings: {values: settings, origin: 'test'},
      onGpu: async () => false,
    });
    const orders: number[][] = [];
    for (const epoch of [0, 1]) {
      const seen: number[] = [];
      for (let rank = 0; rank < ranks; rank++) {
        const {train} = await makeDataLoaders(config, {augmentations: []}); // each rank opens the data itself
        const places = (size: number) => placesOfRank(size, batchSize, {rank, size: ranks});
        for await (const {target} of train.epoch(epoch, 0, places))
          for (let at = 0; at < target.data.length; at += 8 * 8 * 3)
            seen.push(Math.round(((target.data[at]! + 1) * 127.5) / 9));
      }
      expect(new Set(seen).size, 'each at most once').to.equal(seen.length);
      expect(seen.length).to.be.within(pictures - batchSize + 1, pictures);
      orders.push(seen);
    }
    expect(orders[0]).not.to.deep.equal(orders[1]);
  });
});
