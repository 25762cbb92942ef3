import {expect} from 'chai';
import {mkdir, rename, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import sharp from 'sharp';
import {fromSource} from '../../../dist/gan/data/data-loaders.js';
import {dataDifference} from '../../../dist/gan/data/identity.js';
import {packRecords} from '../../../dist/gan/data/pack.js';
import {retries} from '../../../dist/gan/io/remote/transport.js';
import {mixedOrder} from '../../../dist/gan/data/mixed-order.js';
import {recordSource} from '../../../dist/gan/data/record-source.js';
import {describeRecords, openRecords} from '../../../dist/gan/data/records/open.js';
import {randomSplitter} from '../../../dist/gan/data/splitters.js';
import {Rng} from '../../../dist/gan/rng.js';
import {collect, ganError, inFolder} from './helpers.js';
import {serve} from './server.js';

/** A folder of pictures of one grey each: `first`, `first + 1`, ... */
async function greys(folder: string, first: number, count: number): Promise<void> {
  await mkdir(folder);
  for (let i = 0; i < count; i++) {
    const colour = {r: first + i, g: first + i, b: first + i};
    await sharp({create: {width: 2, height: 2, channels: 3, background: colour}})
      .png()
      .toFile(join(folder, `${i + 10}.png`));
  }
}

describe('mixtures', () => {
  const inMixture = (weights: [number, number], use: (dir: string, file: string) => Promise<void>): Promise<void> =>
    inFolder(async (dir) => {
      await greys(join(dir, 'few'), 0, 3);
      await greys(join(dir, 'many, all: of them'), 100, 9);
      const file = join(dir, 'mixture.json');
      const mixture = [
        {data: 'few', weight: weights[0]},
        {data: 'many, all: of them', weight: weights[1]},
      ];
      await writeFile(file, JSON.stringify({mixture}));
      await use(dir, file);
    });

  it('have the share of each set in every epoch, and each picture of a set as often as the others', () =>
    inMixture([3, 1], async (_, file) => {
      const records = await openRecords(file);
      expect(describeRecords(records)).to.equal('mixture of folder 75 % and folder 25 %, 12 pictures');
      const source = recordSource(records, {size: [2, 2], channels: 1});
      const {train} = fromSource(source, {batchSize: 4, seed: 5});
      const seen = new Map<number, number>();
      for (let epoch = 0; epoch < 3; epoch++) {
        const greysOf = (await collect(train, epoch)).flatMap(({target}) =>
          [...target.data].filter((_value, i) => i % 4 === 0),
        );
        expect(greysOf.filter((grey) => grey < 100)).to.have.length(9);
        expect(greysOf.filter((grey) => grey >= 100)).to.have.length(3);
        for (const grey of greysOf) seen.set(grey, (seen.get(grey) ?? 0) + 1);
        // in the middle of an epoch, and of another loader, the same
        const again = fromSource(source, {batchSize: 4, seed: 5}).train;
        const late = await collect(again, epoch, 2);
        expect(late[0]!.target.data).to.deep.equal((await collect(train, epoch))[2]!.target.data);
      }
      expect([...seen].sort(([a], [b]) => a - b)).to.deep.equal([
        ...[0, 1, 2].map((grey) => [grey, 9]),
        ...[100, 101, 102, 103, 104, 105, 106, 107, 108].map((grey) => [grey, 1]),
      ]);
    }));

  it('hold out pictures of all sets, and give the rest by weight', () =>
    inMixture([1, 1], async (_, file) => {
      const source = recordSource(await openRecords(file), {size: [2, 2], channels: 1});
      const {train, valid} = fromSource(source, {batchSize: 1, seed: 5, splitter: randomSplitter(25)});
      expect([train.size, valid!.size]).to.deep.equal([9, 3]);
      const held = new Set((await collect(valid!)).map(({target}) => target.data[0]));
      const trained = (await collect(train)).map(({target}) => target.data[0]);
      expect(trained.some((grey) => held.has(grey))).to.equal(false);
    }));

  it('are other data with other weights', () =>
    inMixture([3, 1], async (_, file) => {
      const before = await (await openRecords(file)).identify();
      await inMixture([1, 3], async (_dir, other) => {
        const {source, ...same} = await (await openRecords(other)).identify();
        expect({...same, source: before.source}).to.deep.equal(before);
        expect([before.source, source]).to.deep.equal(['shares 75 %, 25 %', 'shares 25 %, 75 %']);
      });
    }));

  it('of a folder here and a set on a server are those of both here, in the same order', () =>
    inMixture([3, 1], async (dir, file) => {
      const [many, before] = [join(dir, 'many, all: of them'), process.env['GAN_CACHE_DIR']];
      await mkdir(join(dir, 'www'));
      const options = {size: [2, 2], channels: 1} as const;
      await packRecords(await openRecords(many), join(dir, 'www/many.safetensors'), options);
      const server = await serve(join(dir, 'www'));
      Object.assign(server, {dropEvery: 3});
      const {firstWaitMs} = retries;
      retries.firstWaitMs = 5;
      process.env['GAN_CACHE_DIR'] = join(dir, 'cache');
      try {
        const opened = async (place: string) => {
          const sets = [{data: 'few', weight: 3}, {data: place}];
          await writeFile(file, JSON.stringify({mixture: sets}));
          return openRecords(file);
        };
        const here = await opened('www/many.safetensors');
        const there = await opened(`${server.url}/many.safetensors`);
        expect(describeRecords(there)).to.equal('mixture of folder 75 % and packed set 25 %, 12 pictures');
        expect(await there.identify()).to.deep.equal(await here.identify());
        const [a, b] = [here, there].map((records) => fromSource(recordSource(records, options), {batchSize: 4}).train);
        for (let epoch = 0; epoch < 2; epoch++)
          expect((await collect(b!, epoch)).map(({target}) => target.data)).to.deep.equal(
            (await collect(a!, epoch)).map(({target}) => target.data),
          );
        expect(server.requests.length).to.be.greaterThan(1);
        // the mixture itself on the server, with its sets
        await packRecords(await openRecords(join(dir, 'few')), join(dir, 'www/few.safetensors'), options);
        const sets = [{data: 'few.safetensors', weight: 3}, {data: './many.safetensors'}];
        await writeFile(join(dir, 'www/all.json'), JSON.stringify({mixture: sets}));
        const all = await openRecords(`${server.url}/all.json`);
        expect(describeRecords(all)).to.equal('mixture of packed set 75 % and packed set 25 %, 12 pictures');
        expect(await all.read(11)).to.deep.equal(await here.read(11));
        // one that has become another one is noticed
        await rename(join(dir, 'www/few.safetensors'), join(dir, 'www/many.safetensors'));
        const changed = await opened(`${server.url}/many.safetensors`);
        expect(dataDifference(await here.identify(), await changed.identify())).to.contain('now there are 6 items');
      } finally {
        retries.firstWaitMs = firstWaitMs;
        if (before === undefined) delete process.env['GAN_CACHE_DIR'];
        else process.env['GAN_CACHE_DIR'] = before;
        await server.close();
      }
    }));

  it('have shares that add up, for any weights', () => {
    const rng = new Rng(4);
    for (let i = 0; i < 50; i++) {
      const parts = Array.from({length: 1 + rng.int(4)}, () => ({size: 1 + rng.int(30), weight: 0.01 + rng.float()}));
      const size = parts.reduce((sum, part) => sum + part.size, 0);
      const order = mixedOrder(
        rng,
        rng.int(100),
        Uint32Array.from({length: size}, (_, k) => k),
        parts,
      );
      expect(order.length).to.equal(size);
      const sum = parts.reduce((all, {weight}) => all + weight, 0);
      let from = 0;
      for (const part of parts) {
        const own = [...order].filter((item) => item >= from && item < from + part.size).length;
        expect(own).to.be.closeTo((size * part.weight) / sum, 1);
        from += part.size;
      }
    }
  });

  it('are refused without sets, with wrong weights, in each other', () =>
    inMixture([1, 1], async (dir, file) => {
      const wrong: [text: string, says: RegExp][] = [
        ['{"mixture": []}', /without sets/],
        ['{"mixture": [{"data": "few", "weight": 0}]}', /wrong weight/],
        ['{"mixture": [{"weight": 1}]}', /without data/],
        ['{"mixture": [{"data": "few", "wieght": 2}]}', /'wieght' of few/],
        ['{"mixture": [{"data": "builtin:shapes"}]}', /names builtin:shapes; sets of a mixture are files/],
        ['{"mixture": [', /no JSON/],
        [`{"mixture": [{"data": ${JSON.stringify(file)}}]}`, /names another mixture/],
        ['{"mixture": [{"data": "wrong.json"}]}', /names itself/],
      ];
      for (const [text, says] of wrong) {
        await writeFile(join(dir, 'wrong.json'), text);
        const error = await ganError(() => openRecords(join(dir, 'wrong.json')));
        expect(error).to.include({code: 'GAN_DATA_FORMAT', exitCode: 5});
        expect(error.message).to.match(says);
      }
    }));
});
