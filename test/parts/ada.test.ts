import {expect} from 'chai';
import {execFileSync} from 'node:child_process';
import {fileURLToPath} from 'node:url';
import {
  adam,
  adaAugmentation,
  basicCritic,
  basicGenerator,
  CriticAugmentations,
  fromBatches,
  GANLearner,
  Rng,
  setSeed,
  tf,
  wganLosses,
  type AdaPipe,
  type AugmentationDraw,
  type GANLearnerOptions,
  type Tensor,
} from 'gankit';
import {bandGains, channelMap, colorMatrix, cutoutBox, geometricMap} from '../../dist/gan/augmentations/ada.js';
import {affineResample, amplifyBands} from '../../dist/gan/augmentations/resample.js';
import {gradients, gradientsOfPenalty} from '../../dist/testing/conformance/differences.js';
import {plain, type Plain} from '../../dist/testing/conformance/plain.js';
import {expectClose, withDevice} from '../device.js';
import {allState, latent, noiseBatches, side, valuesOf} from '../gan/helpers.js';

/** A Python with scipy; undefined where there is none. */
const python = ['python3', '/usr/bin/python3', process.env['PYTHON'] ?? 'python3'].find((each) => {
  try {
    execFileSync(each, ['-c', 'import scipy.ndimage'], {stdio: 'ignore'});
    return true;
  } catch {
    return false;
  }
});

/** Random numbers as written, so that one transform can be looked at. */
function scripted({floats = [], ints = [], normals = []}: Record<string, number[]>): Rng {
  const next = (list: number[]) => (): number => list.shift() ?? 0.999; // 0.999: not decided for
  const normal = next(normals);
  return {float: next(floats), int: next(ints), normal: () => [normal()]} as unknown as Rng;
}
const [yes, no] = [0, 0.999];
const p = 0.5;

describe('ADA', function () {
  this.timeout(60_000);
  withDevice();

  const [height, width, channels] = [6, 9, 3];
  const shape = [height, width, channels];
  const image = new Rng(5).uniform(height * width * channels, -1, 1);
  const one = (): Tensor => tf.tensor(image, [1, ...shape]);

  it('leaves images alone at a probability of 0, bit for bit, and changes them at 1', () => {
    for (const pipe of ['blit', 'geom', 'color', 'filter', 'noise', 'cutout', 'bgcfnc'] as AdaPipe[]) {
      const seen = (probability: number): number[] => {
        const augmentations = new CriticAugmentations([{...adaAugmentation(pipe), p: probability}], new Rng(1));
        augmentations.begin('critic', 0);
        return valuesOf(augmentations.apply(one()));
      };
      expect(seen(0), pipe).to.deep.equal(Array.from(image));
      expect(seen(1), pipe).to.not.deep.equal(Array.from(image));
      expect(seen(1).every(Number.isFinite), pipe).to.equal(true);
    }
  });

  describe('geometric transforms', () => {
    const both = {height, width, blit: true, geom: true};
    const at = (x: number, y: number, [a, b, c, d, e, f]: number[]): [number, number] => [
      a! * x + b! * y + c!,
      d! * x + e! * y + f!,
    ];

    it('of whole pixels move them exactly: mirrored, turned by a quarter, shifted', () => {
      const square = {...both, height: 7, width: 7, geom: false};
      const moved = (floats: number[], ints: number[]): number[] => geometricMap(scripted({floats, ints}), p, square);
      expect(at(1, 2, moved([yes, no, no], [1]))).to.deep.equal([5, 2]);
      expect(at(1, 2, moved([no, yes, no], [1]))).to.deep.equal([4, 1]); // [cos, sin] = [0, 1], about (3, 3)
      expect(at(1, 2, moved([no, no, yes, 0.999, 0.001], []))).to.deep.equal([0, 3]); // an eighth of 7, rounded: 1
      expect(geometricMap(scripted({floats: []}), p, both)).to.deep.equal([1, 0, 0, 0, 1, 0]);
    });

    it('bring each point where the transforms, one after the other, bring it', () => {
      const [middleX, middleY] = [(width - 1) / 2, (height - 1) / 2];
      const turn = (x: number, y: number, by: number): [number, number] => [
        Math.cos(by) * x + Math.sin(by) * y,
        -Math.sin(by) * x + Math.cos(by) * y,
      ];
      for (const [x0, y0] of [
        [0, 0],
        [4, 1],
        [2.5, 5],
      ] as const) {
        let [x, y] = [x0 - middleX, y0 - middleY];
        x = -x; // mirrored
        [x, y] = turn(x, y, Math.PI / 2);
        [x, y] = [x + Math.round(0.5 * 0.125 * width), y + Math.round(-0.8 * 0.125 * height)];
        [x, y] = [x * 2 ** (0.2 * 1.3), y * 2 ** (0.2 * 1.3)];
        [x, y] = turn(x, y, 0.4 * Math.PI);
        [x, y] = [x * 2 ** (0.2 * -0.7), y / 2 ** (0.2 * -0.7)];
        [x, y] = turn(x, y, -0.9 * Math.PI);
        [x, y] = [x + 0.125 * 0.6 * width, y + 0.125 * -1.1 * height];
        const map = geometricMap(
          scripted({
            floats: [yes, yes, yes, 0.75, 0.1, yes, yes, 0.7, yes, yes, 0.05, yes],
            ints: [1, 1],
            normals: [1.3, -0.7, 0.6, -1.1],
          }),
          p,
          both,
        );
        const [backX, backY] = at(x + middleX, y + middleY, map);
        expect(backX).to.be.closeTo(x0, 1e-9);
        expect(backY).to.be.closeTo(y0, 1e-9);
      }
    });

    it('come as often as their probabilities say, each by itself', () => {
      const rng = new Rng(3);
      const count = 4000;
      const maps = Array.from({length: count}, () => geometricMap(rng, 0.4, {...both, height: 8, width: 8}));
      const square = {...both, height: 16, width: 16, geom: false};
      const same = Array.from({length: count}, () => geometricMap(rng, 0.4, square)).filter(
        (map) => map.join() === '1,0,0,0,1,0',
      ).length;
      // not mirrored, not turned, not shifted by -2 to 2, of which the outer ones are half as likely
      const unmoved = (1 - 0.4 / 2) * (1 - 0.4 * (3 / 4)) * (1 - 0.4 * (1 - 1 / 16));
      expect(same / count).to.be.closeTo(unmoved, 5 * Math.sqrt((unmoved * (1 - unmoved)) / count));
      const turned = maps.filter(([a, b]) => Math.abs(a!) > 1e-9 && Math.abs(b!) > 1e-9).length;
      expect(turned / count).to.be.closeTo(0.4, 5 * Math.sqrt(0.24 / count)); // one rotation or the other
    });

    it('of a smooth picture give what it is at the places that they say', () => {
      const big = 24;
      const picture = (x: number, y: number): number => Math.cos(0.5 * x + 0.3 * y) * Math.sin(0.4 * y - 0.2);
      const x = tf.tensor(
        Array.from({length: big * big}, (_, i) => picture(i % big, Math.floor(i / big))),
        [1, big, big, 1],
      );
      const [cos, sin] = [0.9 * Math.cos(0.6), 0.9 * Math.sin(0.6)];
      const map = [cos, -sin, 5.3, sin, cos, -2.1];
      const seen = valuesOf(affineResample(x, tf.tensor2d([map])));
      let [worst, inside] = [0, 0];
      for (let i = 0; i < big; i++)
        for (let j = 0; j < big; j++) {
          const [fromX, fromY] = at(j, i, map);
          if (Math.min(fromX, fromY) < 4 || Math.max(fromX, fromY) > big - 5) continue; // reflections reach so far
          worst = Math.max(worst, Math.abs(seen[i * big + j]! - picture(fromX, fromY)));
          inside++;
        }
      expect(inside).to.be.greaterThan(100);
      // bilinear sampling of places half a pixel apart: 1/8 (half the frequency)^2 on each axis
      expect(worst).to.be.lessThan(0.02);
    });
  });

  it('resampling and bands agree with scipy', function () {
    if (python === undefined) {
      console.log('    skipped: no Python with scipy was found (set PYTHON, or install python3-scipy)');
      this.skip();
    }
    const maps = [
      [0.8, -0.6, 2.25, 0.6, 0.8, -1.5],
      [1, 0, 0.3, 0, 1, -0.7],
      [0, 1.7, -1, -0.4, 0, 7.5],
      [-0.35, 0.2, 16, 0.1, 2.1, -9],
    ];
    const gains = [
      [0.25, 1, 1, 1],
      [1, 3, 1, 1],
      [1, 1, 0, 1],
      [1, 1, 1, 2.5],
      [0.5, 0.5, 2, 3],
    ];
    const cases = [
      ...maps.map((numbers) => ({what: 'resample', numbers})),
      ...gains.map((numbers) => ({what: 'amplify', numbers})),
    ].map((each) => ({...each, shape, image: Array.from(image)}));
    const script = fileURLToPath(new URL('ada-reference.py', import.meta.url));
    const wanted = JSON.parse(
      execFileSync(python, [script], {input: JSON.stringify(cases), encoding: 'utf8'}),
    ) as number[][];
    for (const [i, {what, numbers}] of cases.entries()) {
      const got = (what === 'resample' ? affineResample : amplifyBands)(one(), tf.tensor2d([numbers]));
      expectClose(got, wanted[i]!, 'sum');
    }
  });

  describe('colours', () => {
    const color = [0.3, -0.5, 0.8];
    const grey = (color[0]! + color[1]! + color[2]!) / 3;
    const seen = (floats: number[], script: Record<string, number[]> = {}): number[] => {
      const map = channelMap(colorMatrix(scripted({floats, ...script}), p), 3);
      return [0, 4, 8].map((row) => color.reduce((sum, value, k) => sum + value * map[row + k]!, map[row + 3]!));
    };
    const expectColor = (got: number[], wanted: number[]): void =>
      wanted.forEach((value, k) => expect(got[k]).to.be.closeTo(value, 1e-9));

    it('become brighter, of more contrast, of the opposite lightness, more colourful', () => {
      expectColor(
        seen([yes], {normals: [1.5]}),
        color.map((value) => value + 0.3),
      );
      expectColor(
        seen([no, yes], {normals: [-1.2]}),
        color.map((value) => value * 2 ** -0.6),
      );
      expectColor(
        seen([no, no, yes], {ints: [1]}),
        color.map((value) => value - 2 * grey),
      );
      expectColor(
        seen([no, no, no, no, yes], {normals: [0.7]}),
        color.map((value) => grey + 2 ** 0.7 * (value - grey)),
      );
      expectColor(seen([]), color);
    });

    it('turn about the axis of greys', () => {
      const by = (2 * 0.8 - 1) * Math.PI;
      const axis = 1 / Math.sqrt(3);
      const cross = [0, 1, 2].map((k) => axis * (color[(k + 2) % 3]! - color[(k + 1) % 3]!));
      expectColor(
        seen([no, no, no, yes, 0.8]),
        color.map((value, k) => value * Math.cos(by) + cross[k]! * Math.sin(by) + grey * (1 - Math.cos(by))),
      );
    });

    it('of grey images are those of three equal channels', () => {
      const script = (): Rng =>
        scripted({floats: [yes, yes, yes, yes, 0.8, yes], ints: [1], normals: [0.4, 1.1, -0.6]});
      const [factor, shift] = channelMap(colorMatrix(script(), p), 1) as [number, number];
      const rows = channelMap(colorMatrix(script(), p), 3);
      for (const row of [0, 4, 8]) expect(rows[row]! + rows[row + 1]! + rows[row + 2]!).to.be.closeTo(factor, 1e-9);
      expect(rows[3]).to.be.closeTo(shift, 1e-9);
      expect(channelMap(colorMatrix(script(), p), 2)).to.deep.equal([factor, 0, shift, 0, factor, shift]);
    });
  });

  it('gains of bands keep the power of an image with a spectrum of 1 / frequency', () => {
    const power = (gains: number[]): number =>
      gains.reduce((sum, gain, band) => sum + gain ** 2 * (band === 0 ? 10 / 13 : 1 / 13), 0);
    for (let band = 0; band < 4; band++) {
      const floats = [no, no, no, no].map((value, i) => (i === band ? yes : value));
      const gains = bandGains(scripted({floats, normals: [1.4]}), p);
      expect(power(gains)).to.be.closeTo(1, 1e-9);
      expect(gains[band]! / gains[(band + 1) % 4]!).to.be.closeTo(2 ** 1.4, 1e-9);
    }
  });

  it('boxes that are cut out hold half of each side, around a middle in the image', () => {
    expect(cutoutBox(scripted({floats: [yes, 0.5, 0.25]}), p, 8, 16)).to.deep.equal([2, 0, 6, 8]);
    expect(cutoutBox(scripted({floats: [no]}), p, 8, 16)).to.deep.equal([0, 0, 0, 0]);
  });

  it('noise has a strength of its own in each image, and spares the others', () => {
    const augmentations = new CriticAugmentations([{...adaAugmentation('noise'), p: 0.5}], new Rng(2));
    augmentations.begin('critic', 0);
    const [n, pixels] = [400, 100];
    const noise = valuesOf(augmentations.apply(tf.zeros([n, pixels, 1, 1])));
    const strengths = Array.from({length: n}, (_, i) =>
      Math.sqrt(noise.slice(i * pixels, (i + 1) * pixels).reduce((sum, value) => sum + value ** 2, 0) / pixels),
    ).filter((strength) => strength > 0);
    expect(strengths.length / n).to.be.closeTo(0.5, 5 * Math.sqrt(0.25 / n));
    const meanSquare = strengths.reduce((sum, strength) => sum + strength ** 2, 0) / strengths.length;
    expect(meanSquare).to.be.closeTo(0.01, 5 * 0.01 * Math.sqrt(2 / strengths.length)); // 0.1^2, chi squared
  });

  it('has first and second derivatives: of all groups together, by finite differences', () => {
    const small = [1, 3, 4, 3];
    const size = 36;
    /** The same transforms in each call. */
    const apply = (x: Tensor): Tensor => {
      const rng = new Rng(9);
      const draw = {
        perImage: (of: number[], compute: (rng: Rng, p: number) => ArrayLike<number>) =>
          tf.tensor(Float32Array.from(compute(rng, 1)), [1, ...of]),
      } as unknown as AugmentationDraw;
      return adaAugmentation('bgcfnc').apply(x, draw);
    };
    // all of it is one linear map and a shift: A x + b
    const shift = valuesOf(apply(tf.zeros(small)));
    const columns = Array.from({length: size}, (_, k) =>
      valuesOf(apply(tf.reshape(tf.oneHot(tf.scalar(k, 'int32'), size), small))).map((value, i) => value - shift[i]!),
    );
    const weights = new Rng(6).uniform(size, 0.5, 1.5);
    const exact = ({data}: Plain): number =>
      shift.reduce((sum, base, i) => {
        let value = base;
        for (let k = 0; k < size; k++) value += columns[k]![i]! * data[k]!;
        return sum + value ** 3 * weights[i]!;
      }, 0);
    const score = (x: Tensor): Tensor => tf.sum(tf.mul(tf.pow(apply(x), 3), tf.tensor(weights, small)));
    const data = new Rng(8).uniform(size, -1, 1);
    const input = (): Plain => plain(small, Float64Array.from(data));
    const x = tf.tensor(data, small);
    expectClose(tf.grad(score)(x), gradients(exact, [input()])[0]!.data, 'gradient');
    const penalty = (at: Tensor): Tensor => tf.mul(tf.sum(tf.square(tf.grad(score)(at))), 0.5);
    expectClose(tf.grad(penalty)(x), gradientsOfPenalty(exact, [input()], [0])[0]!.data, 'gradient');
  });

  it('gives the same bits in steps that are repeated from recordings', async () => {
    async function trained(capture: GANLearnerOptions['capture']): Promise<[unknown, number]> {
      const streams = setSeed(3);
      const generator = basicGenerator(side, 1, {inSize: latent, nFeatures: 4});
      const critic = basicCritic(side, 1, {nFeatures: 4, normType: null});
      const {genLossFunc, critLossFunc} = wganLosses;
      const learn = new GANLearner(fromBatches(noiseBatches(24)), generator, critic, genLossFunc, critLossFunc, {
        optFunc: adam(),
        lr: 1e-3,
        streams,
        augmentations: [
          {...adaAugmentation('bgcfnc'), name: 'ada', p: 0.4, adapt: {target: 0.1, kimg: 0.05, interval: 2}},
        ],
        ...(capture && {capture}),
      });
      await learn.fit(1);
      const result: [unknown, number] = [
        [await allState(learn.model), learn.hyperparameters.get('augment.ada.p')],
        learn.capture.repeated,
      ];
      learn.dispose();
      return result;
    }
    const [eager] = await trained('off');
    const [captured, repeated] = await trained('auto');
    expect(captured).to.deep.equal(eager);
    expect(repeated).to.be.greaterThan(12);
  });
});
