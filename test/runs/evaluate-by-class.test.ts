import {expect} from 'chai';
import type {Tensor} from '../../dist/backends/tf.js';
import {tf} from '../../dist/backends/tf.js';
import type {Classes} from '../../dist/gan/classes.js';
import {Normalization} from '../../dist/gan/data/normalize.js';
import type {NamedImageMetric, PictureSets} from '../../dist/gan/metrics/image-metrics.js';
import {pixelFeatures} from '../../dist/gan/metrics/pixel-features.js';
import {evaluateByClass} from '../../dist/runs/evaluate-by-class.js';
import {openCpu} from './helpers.js';

/** How many of the pictures of both sides have partners of the same pixels. */
const partners: NamedImageMetric = {
  name: 'partners',
  of: 'pictures',
  better: 'higher',
  compute({real, fake}: PictureSets) {
    const texts = ({data, shape}: PictureSets['real']): string[] =>
      Array.from({length: shape[0]!}, (_, i) => data.subarray(i * 4, i * 4 + 4).join()).sort();
    const wanted = texts(real);
    return texts(fake).filter((text, i) => text === wanted[i]).length;
  },
};

/** Pictures of 1x1 pixel whose channels are the shares of up to four rows: a generator shows what it was asked for. */
const shown = (latents: Tensor, labels?: Tensor): Tensor => {
  const [n = 0, rows = 0] = labels!.shape;
  const padded = tf.pad(labels as Parameters<typeof tf.pad>[0], [
    [0, 0],
    [0, 4 - rows],
  ]);
  expect(latents.shape[0]).to.equal(n);
  return tf.reshape(tf.sub(tf.mul(padded, 2), 1), [n, 1, 1, 4]);
};

describe('metrics by class', () => {
  it('compare the images of each class with as many generated ones of that class, with all of their other attributes', async () => {
    const device = await openCpu();
    const measure = async (classes: Classes, rows: number[][]) => {
      const data = Uint8Array.from(rows.flatMap((own) => [0, 1, 2, 3].map((row) => (own.includes(row) ? 255 : 0))));
      const pictures = {data, shape: [rows.length, 1, 1, 4]};
      return evaluateByClass([partners], {pictures, rows}, classes, {
        draw: shown,
        normalization: Normalization.symmetric(4),
        extractor: pixelFeatures,
        latent: 3,
        seed: 1,
      });
    };
    try {
      const sets = (counts: [row: number[], count: number][]): number[][] =>
        counts.flatMap(([row, count]) => Array.from({length: count}, () => row));
      const names = ['cat', 'dog', 'owl'];
      const one = await measure(
        {names, each: 'one', unlabelled: true, common: [{rows: [0], images: 1}]},
        // two of the first and one without a label change places
        [
          [3],
          ...sets([
            [[0], 70],
            [[1], 49],
            [[2], 120],
            [[3], 50],
          ]),
          [0],
          [0],
        ],
      );
      expect(one.map(({name, images, metrics}) => [name, images, metrics[0]?.value])).to.deep.equal([
        ['cat', 72, 72],
        ['dog', 49, undefined], // too few
        ['owl', 120, 120],
        ['no class', 51, 51],
      ]);
      const several = await measure(
        {names: ['small', 'striped', 'old'], each: 'several', unlabelled: false, common: [{rows: [0], images: 1}]},
        sets([
          [[0], 30],
          [[0, 1], 40],
          [[1, 2], 25],
          [[], 60],
          [[2], 10],
        ]),
      );
      expect(several.map(({name, images, metrics}) => [name, images, metrics[0]?.value])).to.deep.equal([
        ['small', 70, 70],
        ['striped', 65, 65],
        ['old', 35, undefined],
      ]);
    } finally {
      await device.close();
    }
  });
});
