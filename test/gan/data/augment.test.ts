import {expect} from 'chai';
import type {Augmentation} from '../../../dist/gan/data/augment.js';
import {createLoader} from '../../../dist/gan/data/loader.js';
import type {EndlessSource, FiniteSource} from '../../../dist/gan/data/types.js';
import {Rng} from '../../../dist/gan/rng.js';
import {openRegistry} from '../../../dist/plugin/discover.js';

async function flip(p: number): Promise<Augmentation> {
  const made = await openRegistry().create('augmentation', 'flip', new Map([['p', {value: p, origin: 'a test'}]]));
  if (typeof made !== 'function') throw new Error('flip is not of items');
  return made;
}

/** 2x3 pixels of two channels. */
const image = Uint8Array.of(0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15);
const mirrored = [4, 5, 2, 3, 0, 1, 14, 15, 12, 13, 10, 11];
const source: FiniteSource = {shape: [2, 3, 2], size: 40, read: () => image};

describe('augmentation', () => {
  const batches = async (augment: Augmentation[], epoch = 0, start = 0, concurrency = 4) => {
    const loader = createLoader(source, {batchSize: 10, rng: new Rng(5), augment, concurrency});
    const out: number[][] = [];
    for await (const {target} of loader.epoch(epoch, start))
      for (let i = 0; i < 10; i++) out.push([...target.data.subarray(i * 12, (i + 1) * 12)]);
    return out;
  };
  const isFlipped = (item: number[]): boolean => item.join() === mirrored.join();

  it('flip: exchanges left and right, keeps pixels whole, leaves the item as it was', async () => {
    const item = image.slice();
    expect([...(await flip(1))(item, [2, 3, 2], new Rng(0))]).to.deep.equal(mirrored);
    expect([...item]).to.deep.equal([...image]);
    expect((await flip(0))(item, [2, 3, 2], new Rng(0))).to.equal(item);
  });

  it('is of a share of the images, other ones in each epoch', async () => {
    const augment = [await flip(0.5)];
    const [first, second] = [(await batches(augment)).map(isFlipped), (await batches(augment, 1)).map(isFlipped)];
    expect(first.filter(Boolean).length).to.be.within(10, 30);
    expect(second).to.not.deep.equal(first);
  });

  it('is the same again for any batch, whatever was read before and however many at a time', async () => {
    const augment = [await flip(0.5)];
    const whole = await batches(augment, 3);
    expect(await batches(augment, 3, 2)).to.deep.equal(whole.slice(20));
    expect(await batches(augment, 3, 0, 1)).to.deep.equal(whole);
  });

  it('gives each augmentation random numbers of its own', async () => {
    const half = await flip(0.5);
    expect((await batches([half, half])).map(isFlipped))
      .to.include(true)
      .and.include(false);
  });

  it('is done to endless sources, too', async () => {
    const endless: EndlessSource = {
      shape: [2, 3, 2],
      batch: (n) => Float32Array.from(Array.from({length: n}, () => [...image]).flat()),
    };
    const loader = createLoader(endless, {batchSize: 2, rng: new Rng(5), augment: [await flip(1)], epochItems: 2});
    for await (const {target} of loader.epoch(0)) expect([...target.data]).to.deep.equal([...mirrored, ...mirrored]);
  });
});
