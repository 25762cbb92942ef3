import {expect} from 'chai';
import {createLoader} from '../../dist/gan/data/loader.js';
import {Rng} from '../../dist/gan/rng.js';
import {drawerOfRows, placesOfRank, rowsOfRank, setRows} from '../../dist/gan/shard.js';

describe('the part of a batch that a rank computes', () => {
  it('is a part of each pass: all images are computed once, and their shares add up to 1', () => {
    for (const [total, passSize, size] of [
      [12, 12, 2],
      [14, 7, 4],
      [64, 16, 3],
      [7, 5, 2],
    ] as const) {
      const places = Array.from({length: size}, (_, rank) => placesOfRank(total, passSize, {rank, size}));
      expect(places.flat().sort((a, b) => a - b)).to.deep.equal(Array.from({length: total}, (_, i) => i));
      const shares = Array.from({length: size}, (_, rank) => rowsOfRank(passSize, {rank, size}).share);
      expect(shares.reduce((a, b) => a + b)).to.be.closeTo(1, 1e-12);
    }
  });

  it('is all of it where there are fewer images than ranks', () => {
    expect(rowsOfRank(3, {rank: 2, size: 4})).to.deep.equal({from: 0, count: 3, share: 1 / 4});
  });

  it('is read by that rank alone: in an epoch of 4 ranks each image is read once, and all see the batches of one', async () => {
    const shape = [1];
    const loaderOf = (read: number[]) =>
      createLoader(
        {shape, size: 37, read: (index) => (read.push(index), Float32Array.of(index))},
        {batchSize: 9, rng: new Rng(1), latentSize: 2, dropLast: false},
      );
    const whole: {target: number[]; input: number[]}[] = [];
    for await (const {target, input} of loaderOf([]).epoch(1))
      whole.push({target: [...target.data], input: [...input.data]});
    const read: number[][] = [];
    const merged = whole.map(() => ({target: [] as number[], input: [] as number[]}));
    for (let rank = 0; rank < 4; rank++) {
      const own: number[] = [];
      let batch = 0;
      for await (const {target, input, size} of loaderOf(own).epoch(1, 0, (n) => placesOfRank(n, 9, {rank, size: 4}))) {
        if (size >= 4) {
          merged[batch]!.target.push(...target.data);
          merged[batch]!.input.push(...input.data);
        }
        batch++;
      }
      read.push(own);
    }
    // the last batch has 1 image, fewer than ranks: each rank has it
    expect(merged.slice(0, -1)).to.deep.equal(whole.slice(0, -1));
    const seen = read.flat();
    const once = new Set(seen);
    expect(once.size).to.equal(37);
    expect(seen.length).to.equal(36 + 4);
  });

  it('has the random numbers that one process would have drawn for it', () => {
    const rng = (): Rng => new Rng('numbers');
    const all = rng().uniform(12 * 2);
    const parts = [0, 1, 2].flatMap((rank) => {
      setRows({...rowsOfRank(12, {rank, size: 3}), total: 12});
      const stream = rng();
      return [...drawerOfRows(4, (rows) => stream.uniform(rows * 2))()];
    });
    setRows(undefined);
    expect(parts).to.deep.equal([...all]);
  });
});
