import {expect} from 'chai';
import fc from 'fast-check';
import {setImmediate as tick} from 'node:timers/promises';
import {createLoader} from '../../../dist/gan/data/loader.js';
import {InvisibleTensor} from '../../../dist/gan/data/noise.js';
import type {EndlessSource} from '../../../dist/gan/data/types.js';
import {Rng} from '../../../dist/gan/rng.js';
import {GanError} from '../../../dist/errors.js';
import {collect, ganError, itemsOf, numbers} from './helpers.js';

const seeded = (batchSize: number) => ({batchSize, rng: new Rng(7)});
const sorted = (list: number[]) => [...list].sort((a, b) => a - b);
const upTo = (n: number) => Array.from({length: n}, (_, i) => i);

/** What is rejected with nobody listening while `action` runs. */
async function unhandledRejections(action: () => Promise<void>): Promise<unknown[]> {
  const unseen: unknown[] = [];
  const others = process.listeners('unhandledRejection');
  const listen = (reason: unknown) => unseen.push(reason);
  process.removeAllListeners('unhandledRejection').on('unhandledRejection', listen);
  try {
    await action();
  } finally {
    process.off('unhandledRejection', listen);
    for (const other of others) process.on('unhandledRejection', other);
  }
  return unseen;
}

describe('createLoader', () => {
  describe('order', () => {
    it('gives every item once an epoch, in batches of the size asked for', () =>
      fc.assert(
        fc.asyncProperty(
          fc.integer({min: 1, max: 40}),
          fc.integer({min: 1, max: 12}),
          fc.nat(5),
          fc.boolean(),
          async (size, batchSize, epoch, shuffle) => {
            const loader = createLoader(numbers(size), {...seeded(batchSize), shuffle, dropLast: false});
            const batches = await collect(loader, epoch);
            expect(batches)
              .to.have.length(loader.length)
              .and.length(Math.ceil(size / batchSize));
            expect(sorted(itemsOf(batches))).to.deep.equal(upTo(size));
            for (const [i, {size: count, target, input}] of batches.entries()) {
              expect(count).to.equal(Math.min(batchSize, size - i * batchSize));
              expect(target.shape).to.deep.equal([count, 1]);
              expect(input.shape).to.deep.equal([count, 100]);
            }
          },
        ),
        {numRuns: 60},
      ));

    it('gives full batches only, and no item twice, when the last is dropped', () =>
      fc.assert(
        fc.asyncProperty(fc.integer({min: 1, max: 12}), fc.nat(30), async (batchSize, more) => {
          const size = batchSize + more;
          const loader = createLoader(numbers(size), seeded(batchSize));
          const items = itemsOf(await collect(loader));
          expect(items).to.have.length(Math.floor(size / batchSize) * batchSize);
          expect(new Set(items).size).to.equal(items.length);
        }),
        {numRuns: 40},
      ));

    it('keeps the order of the source when not shuffled', async () => {
      const loader = createLoader(numbers(10), {...seeded(4), shuffle: false, dropLast: false});
      expect(itemsOf(await collect(loader))).to.deep.equal(upTo(10));
    });

    it('differs between epochs and between seeds, and is the same for the same ones', async () => {
      const order = async (seed: number, epoch: number) =>
        itemsOf(await collect(createLoader(numbers(30), {batchSize: 5, rng: new Rng(seed)}), epoch)).join();
      expect(await order(1, 0)).to.equal(await order(1, 0));
      expect(await order(1, 0)).not.to.equal(await order(1, 1));
      expect(await order(1, 0)).not.to.equal(await order(2, 0));
    });

    it('continues in mid-epoch with the very batches of an uninterrupted run', () =>
      fc.assert(
        fc.asyncProperty(fc.nat(8), fc.nat(3), async (start, epoch) => {
          const make = () => createLoader(numbers(23, [2, 3, 11]), {...seeded(3), dropLast: false});
          const whole = await collect(make(), epoch);
          expect(await collect(make(), epoch, start)).to.deep.equal(whole.slice(start));
        }),
        {numRuns: 20},
      ));

    it('uses the given items only', async () => {
      const loader = createLoader(numbers(10), {...seeded(2), indices: [1, 4, 7, 9]});
      expect(sorted(itemsOf(await collect(loader)))).to.deep.equal([1, 4, 7, 9]);
      expect(loader.size).to.equal(4);
    });

    it('gives nothing from the end on, or when there are no items', async () => {
      expect(await collect(createLoader(numbers(6), seeded(3)), 0, 2)).to.deep.equal([]);
      const none = createLoader(numbers(0), {...seeded(3), dropLast: false});
      expect(none.length).to.equal(0);
      expect(await collect(none)).to.deep.equal([]);
    });
  });

  describe('input', () => {
    it('is fresh standard normal noise for every item, invisible', async () => {
      const loader = createLoader(numbers(400), {...seeded(100), latentSize: 50});
      const batches = [...(await collect(loader, 0)), ...(await collect(loader, 1))];
      const values = batches.flatMap(({input}) => [...input.data]);
      expect(new Set(values).size).to.be.above(values.length * 0.99);
      const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
      const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length;
      expect(mean).to.be.closeTo(0, 0.025); // 40 000 draws: 5 standard errors of 1 / 200
      expect(variance).to.be.closeTo(1, 0.036); // 5 times sqrt(2 / 40 000)
      expect(batches[0]!.input).to.be.instanceOf(InvisibleTensor).and.have.property('shape').deep.equal([100, 50]);
    });

    it('comes from the second source, item by item, when there is one', async () => {
      const input = {shape: [2], size: 20, read: (index: number) => Float32Array.of(index * 10, -index)};
      const loader = createLoader(numbers(20, [3]), {...seeded(4), input});
      for (const {target, input: given} of await collect(loader)) {
        expect(given.shape).to.deep.equal([4, 2]);
        expect([...given.data]).to.deep.equal([...target.data].flatMap((index) => [index * 10, -index]));
      }
    });

    it('is refused when the two sources differ in length or one is endless', async () => {
      const other = await ganError(() => createLoader(numbers(5), {...seeded(1), input: numbers(4)}));
      expect(other).to.include({code: 'GAN_DATA_PAIRS', kind: 'data'});
      expect(other.message).to.contain('4 inputs').and.contain('5 targets');
      const endless = {shape: [1], batch: () => new Float32Array(1)};
      expect(await ganError(() => createLoader(endless, {...seeded(1), input: numbers(4)}))).to.include({
        code: 'GAN_DATA_PAIRS',
      });
    });
  });

  describe('an endless source', () => {
    const ring: EndlessSource = {shape: [2], batch: (n, rng) => rng.uniform(n * 2)};

    it('counts an epoch as told, and depends on seed, epoch and batch only', async () => {
      const loader = createLoader(ring, {...seeded(4), epochItems: 18, dropLast: false, latentSize: 3});
      expect([loader.size, loader.length]).to.deep.equal([18, 5]);
      const whole = await collect(loader, 2);
      expect(whole.map(({target}) => target.shape)).to.deep.equal([
        [4, 2],
        [4, 2],
        [4, 2],
        [4, 2],
        [2, 2],
      ]);
      expect(await collect(loader, 2, 3)).to.deep.equal(whole.slice(3));
      expect((await collect(loader, 3))[0]!.target.data).not.to.deep.equal(whole[0]!.target.data);
    });

    it('is told off when it gives another number of values', async () => {
      const loader = createLoader({shape: [2], batch: (n) => new Float32Array(n)}, seeded(4));
      const error = await ganError(() => collect(loader));
      expect(error.code).to.equal('GAN_DATA_SHAPE');
      expect(error.message).to.contain('4 values').and.contain('[4, 2]');
    });
  });

  describe('broken items', () => {
    const bad = [1, 5, 6, 13];
    const clean = async (epoch: number) => itemsOf(await collect(createLoader(numbers(20), seeded(4)), epoch));

    it('leave all other slots and the number of batches as they were', async () => {
      const expected = await clean(0);
      const items = itemsOf(await collect(createLoader(numbers(20, bad), seeded(4))));
      expect(items).to.have.length(20);
      for (const [slot, item] of items.entries()) {
        if (bad.includes(expected[slot]!)) expect(bad).not.to.include(item);
        else expect(item).to.equal(expected[slot]);
      }
    });

    it('are replaced by the same items whatever is known to be broken already', async () => {
      const fresh = createLoader(numbers(20, bad), seeded(4));
      const seasoned = createLoader(numbers(20, bad), seeded(4));
      for (const epoch of [0, 1, 2]) await collect(seasoned, epoch);
      expect(itemsOf(await collect(seasoned, 3))).to.deep.equal(itemsOf(await collect(fresh, 3)));
    });

    it('are warned about once each, read once each, and reported', async () => {
      const warnings: string[] = [];
      const source = numbers(20, bad);
      const loader = createLoader(source, {...seeded(4), concurrency: 1, warn: (message) => warnings.push(message)});
      expect(loader.report()).to.deep.equal({items: 20, skipped: []});
      for (const epoch of [0, 1, 2]) await collect(loader, epoch);
      expect(warnings).to.have.length(4);
      for (const index of bad) {
        expect(warnings.filter((message) => message.includes(`number ${index}:`))).to.have.length(1);
        expect(loader.report().skipped).to.deep.include({path: `number ${index}`, reason: `number ${index} is broken`});
      }
      expect(loader.report().skipped).to.have.length(4);
      for (const index of bad) expect(source.reads.filter((read) => read === index)).to.have.length(1);
    });

    it('are replaced from the same part of a split', async () => {
      const loader = createLoader(numbers(20, [2]), {...seeded(3), indices: [0, 2, 4], dropLast: false});
      for (const epoch of upTo(10)) expect([0, 4]).to.include.members(itemsOf(await collect(loader, epoch)));
    });

    it('end the run when all are, saying how many, with an example', async () => {
      const warnings: string[] = [];
      const source = numbers(5, upTo(5));
      const error = await ganError(() =>
        collect(createLoader(source, {...seeded(2), warn: (message) => warnings.push(message)})),
      );
      expect(error).to.include({code: 'GAN_DATA_BROKEN', kind: 'data', exitCode: 5});
      expect(error.message)
        .to.contain('5 of 5')
        .and.match(/number \d is broken/);
      expect(warnings).to.have.length(5);
      expect(source.atOnce).to.equal(0);
    });

    it('end the run when nearly all are, long before all have been tried', async () => {
      const source = numbers(100_000, {
        *[Symbol.iterator]() {
          for (let i = 1; i < 100_000; i++) yield i;
        },
      });
      const error = await ganError(() => collect(createLoader(source, {...seeded(64), concurrency: 4})));
      expect(error.code).to.equal('GAN_DATA_BROKEN');
      expect(source.reads.length).to.be.below(1000);
    });

    it('do not hide a GanError of the source, nor items of a wrong length', async () => {
      const fatal = {shape: [1], size: 4, read: () => Promise.reject(new GanError('config', 'GAN_X', 'no licence'))};
      expect(await ganError(() => collect(createLoader(fatal, seeded(2))))).to.include({code: 'GAN_X'});
      const wrong = {shape: [2], size: 4, read: () => new Float32Array(3)};
      expect((await ganError(() => collect(createLoader(wrong, seeded(2))))).message).to.match(/item \d has 3 values/);
      const mixed = {
        shape: [1],
        size: 4,
        read: (index: number) => (index % 2 ? new Uint8Array(1) : new Float32Array(1)),
      };
      expect((await ganError(() => collect(createLoader(mixed, seeded(4))))).message).to.match(
        /some are bytes, some floats/,
      );
    });
  });

  describe('reading ahead', () => {
    it('never has more reads under way than allowed, whatever the batch size', async () => {
      const source = numbers(64);
      await collect(createLoader(source, {...seeded(16), concurrency: 3, ahead: 2}));
      expect(source.most).to.equal(3);
    });

    it('stays `ahead` batches in front of a consumer that is busy, and no further', async () => {
      const source = numbers(100);
      const batches = createLoader(source, {...seeded(10), ahead: 2})
        .epoch(0)
        [Symbol.asyncIterator]();
      await batches.next();
      for (let i = 0; i < 200; i++) await tick();
      expect(source.reads).to.have.length(30); // the one handed over and two more
      await batches.return?.();
    });

    it('reads nothing before the first batch is asked for', async () => {
      const source = numbers(10);
      createLoader(source, seeded(5)).epoch(0);
      await tick();
      expect(source.reads).to.deep.equal([]);
    });

    it('stops when the consumer leaves early: nothing is under way afterwards, nothing is rejected unseen', async () => {
      const source = numbers(1000, upTo(1000).slice(40));
      const unseen = await unhandledRejections(async () => {
        for await (const batch of createLoader(source, {...seeded(10), shuffle: false, ahead: 4, concurrency: 2}).epoch(
          0,
        )) {
          if (batch.target.data.includes(39)) break;
        }
        expect(source.atOnce).to.equal(0);
        const {length} = source.reads;
        for (let i = 0; i < 20; i++) await tick();
        expect(source.reads).to.have.length(length);
        expect(length).to.be.below(200);
      });
      expect(unseen).to.deep.equal([]);
    });

    it('passes an error on when its batch is due, after the good ones', async () => {
      const source = {
        shape: [1],
        size: 8,
        read: (index: number) =>
          index < 6 ? Float32Array.of(index) : Promise.reject(new GanError('data', 'GAN_X', 'gone')),
      };
      const seen: number[] = [];
      const unseen = await unhandledRejections(async () => {
        const error = await ganError(async () => {
          for await (const batch of createLoader(source, {...seeded(2), shuffle: false, ahead: 3}).epoch(0)) {
            seen.push(...batch.target.data);
            for (let i = 0; i < 5; i++) await tick(); // busy while the bad batch fails
          }
        });
        expect(error.code).to.equal('GAN_X');
      });
      expect(unseen).to.deep.equal([]);
      expect(seen).to.deep.equal([0, 1, 2, 3, 4, 5]);
    });
  });

  describe('options', () => {
    it('refuses data smaller than a batch when the last is dropped, naming both numbers and what to do', async () => {
      const error = await ganError(() => createLoader(numbers(5), seeded(8)));
      expect(error).to.include({code: 'GAN_DATA_TOO_SMALL', kind: 'data'});
      expect(error.message).to.contain('5 items').and.contain('batch of 8');
      expect(error.suggestions.join()).to.contain('batch size of 5');
      expect(createLoader(numbers(5), {...seeded(8), dropLast: false}).length).to.equal(1);
    });

    for (const name of ['batchSize', 'latentSize', 'epochItems', 'ahead', 'concurrency']) {
      it(`refuses a ${name} that is no whole number of at least 1`, async () => {
        for (const value of [0, -1, 1.5, NaN]) {
          const error = await ganError(() => createLoader(numbers(5), {...seeded(1), [name]: value}));
          expect(error).to.include({code: 'GAN_LOADER_OPTIONS', kind: 'config'});
          expect(error.message).to.contain(name).and.contain(String(value));
        }
      });
    }
  });
});
