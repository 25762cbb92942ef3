import {expect} from 'chai';
import {readFileSync} from 'node:fs';
import {bce, hinge, relativistic, wgan} from './losses.js';
import {compare, distances, type Look} from '../../../dist/runs/watch/look.js';
import {lossLevels, type LossLevels} from '../../../dist/runs/watch/loss-levels.js';
import {Judge} from '../../../dist/runs/watch/watch.js';
import {openCpu, tinyConfig} from '../helpers.js';
import type {RunConfig} from '../../../dist/options/run-config.js';
import type {Device} from '../../../dist/backends/device.js';

interface Recorded {
  /** What was trained, over the defaults, on builtin:shapes. */
  set: string[];
  levels: LossLevels | null;
  start: Look['weights'];
  looks: Look[];
}

/** The last 24 looks, every 50 steps, of trainings of 600 to 1200 steps. */
const recorded = JSON.parse(readFileSync(new URL('recorded.json', import.meta.url), 'utf8')) as Record<
  string,
  Recorded
>;
const broken: Record<string, string> = {
  'lr 1': 'diverged',
  'critic lr x 100': 'diverged',
  'generator lr 0': 'critic-won',
  'critic lr 0': 'critic-lost',
};

const healthyLook = (step: number): Look => ({
  step,
  diversity: 0.8,
  nearest: 0.8,
  scores: {real: 1, fake: -1, spread: 1, realAbove: 0.85},
  critic: {count: 50, median: 1.2, spread: 0.1},
  generator: {count: 50, median: 0.8, spread: 0.1},
  weights: {critic: 0.06, generator: 0.06},
});

let config: RunConfig;
/** What is told of looks, as `step name state`. */
function judge(looks: readonly Look[], levels?: LossLevels, start?: Look['weights']): string[] {
  const one = new Judge(config);
  one.levels = levels;
  one.start = start;
  return looks.flatMap((look) => one.add(look).map(({name, state}) => `${look.step} ${name} ${state}`));
}
/** `count` looks, changed by `change` where it gives something. */
const series = (count: number, change: (i: number) => Partial<Look> = () => ({})): Look[] =>
  Array.from({length: count}, (_, i) => ({...healthyLook(i + 1), ...change(i)}));

describe('the judge of looks at a training', () => {
  let device: Device;
  before(async () => {
    device = await openCpu();
    config = await tinyConfig(['recipe=gan', 'loss=hinge']);
  });
  after(() => device.close());

  for (const [name, {looks, levels, start}] of Object.entries(recorded)) {
    const wanted = broken[name];
    it(wanted === undefined ? `finds nothing in ${name}` : `finds '${wanted}' in ${name}`, () => {
      const found = judge(looks, levels ?? undefined, looks[0]!.step === 50 ? start : undefined);
      if (wanted === undefined) expect(found).to.deep.equal([]);
      else
        expect(
          found.some((each) => each.endsWith(`${wanted} seen`)),
          found.join(),
        ).to.equal(true);
    });
  }

  it('finds a collapse after three looks, and its end after two', () => {
    const fall = (i: number): Partial<Look> => (i >= 5 && i < 10 ? {diversity: 0.1, nearest: 0.1} : {});
    expect(judge(series(20, fall))).to.deep.equal(['8 collapse seen', '12 collapse over']);
  });

  it('finds a few modes, though the images differ on average', () => {
    expect(judge(series(12, (i) => (i >= 5 ? {nearest: 0.02} : {})))).to.deep.equal(['8 collapse seen']);
  });

  it('a constant output is a collapse from the start; alike images that get more different are none', () => {
    expect(judge(series(4, () => ({diversity: 0, nearest: 0})))).to.deep.equal(['3 collapse seen']);
    expect(judge(series(12, (i) => ({diversity: 0.08 + 0.03 * i, nearest: 0.1 + 0.03 * i})))).to.deep.equal([]);
  });

  it('single bad looks, and values that swing around a threshold, are no findings', () => {
    expect(judge(series(30, (i) => (i % 3 === 2 ? {diversity: 0.01, nearest: 0.01} : {})))).to.deep.equal([]);
    expect(judge(series(30, (i) => (i >= 5 && i % 2 ? {diversity: 0.19, nearest: 0.19} : {})))).to.deep.equal([]);
  });

  it('a finding that swings is told once', () => {
    const swing = (i: number): Partial<Look> => (i >= 5 ? {diversity: i % 2 ? 0.1 : 0.21} : {});
    const found = judge(series(40, (i) => (i < 9 ? (i >= 5 ? {diversity: 0.1} : {}) : swing(i))));
    expect(found).to.deep.equal(['8 collapse seen']);
  });

  it('finds a critic that has won by its ranking and its floor, whichever side real images score on', () => {
    const levels = {chance: 2, floor: 0};
    for (const realAbove of [0, 1]) {
      const won = {scores: {...healthyLook(0).scores, realAbove}, critic: {count: 50, median: 0.001, spread: 0}};
      expect(
        judge(
          series(6, () => won),
          levels,
        ),
      ).to.deep.equal(['5 critic-won seen']);
      expect(
        judge(
          series(6, () => won),
          {chance: 0},
        ),
        'no floor',
      ).to.deep.equal([]);
      expect(
        judge(
          series(6, () => ({...won, critic: {count: 50, median: 0.3, spread: 0}})),
          levels,
        ),
      ).to.deep.equal([]);
    }
  });

  it('finds a critic that cannot tell, by rankings at chance and by a loss above that of guessing', () => {
    const swing = (i: number): Partial<Look> => ({scores: {...healthyLook(0).scores, realAbove: i % 2 ? 0.43 : 0.57}});
    expect(judge(series(15, swing))).to.deep.equal(['12 critic-lost seen']);
    const fooled = {scores: {...healthyLook(0).scores, realAbove: 0}, critic: {count: 50, median: 3, spread: 0}};
    expect(
      judge(
        series(15, () => fooled),
        {chance: 2, floor: 0},
      ),
    ).to.deep.equal(['7 critic-lost seen']);
  });

  it('finds losses that explode, an oscillation that grows, weights that explode', () => {
    const from = (change: Partial<Look>) => (i: number) => (i >= 8 ? change : {});
    for (const change of [
      {critic: {count: 50, median: 40, spread: 1}},
      {generator: {count: 50, median: -40, spread: 1}},
      {generator: {count: 50, median: 0.8, spread: 20}},
      {weights: {critic: 0.06, generator: 0.6}},
    ])
      expect(judge(series(11, from(change))), JSON.stringify(change)).to.deep.equal(['10 diverged seen']);
    expect(judge(series(3), undefined, {critic: 0.01, generator: 0.06})[0]).to.equal('2 diverged seen');
  });

  it('losses that drift, as those of Wasserstein do, and weights that grow as a walk does are healthy', () => {
    const drift = (i: number): Partial<Look> => ({
      critic: {count: 50, median: -0.5 * i, spread: 0.1},
      generator: {count: 50, median: 0.3 * i, spread: 0.05},
      weights: {critic: 0.05 * Math.sqrt(1 + i), generator: 0.05 * Math.sqrt(1 + i)},
    });
    expect(judge(series(24, drift))).to.deep.equal([]);
  });

  it("finds overfitting by ADA's r_v, whichever side real images score on", () => {
    for (const side of [1, -1]) {
      const scores = (heldOut: number) => () => ({
        scores: {real: side, fake: -side, heldOut: side * heldOut, spread: 1, realAbove: 0.85},
      });
      // r_v = (1 - h) / 2
      expect(judge(series(12, scores(-0.6)))).to.deep.equal(['8 overfitting seen']); // 0.8
      expect(judge(series(12, scores(0)))).to.deep.equal([]); // 0.5
    }
  });

  it("knows the levels of a critic's loss from the loss itself", async () => {
    const near = (levels: LossLevels | undefined, chance: number, floor?: number): void => {
      expect(levels!.chance).to.be.closeTo(chance, 1e-5);
      if (floor === undefined) expect(levels!.floor).to.equal(undefined);
      else expect(levels!.floor).to.be.closeTo(floor, 1e-5);
    };
    near(await lossLevels(await hinge()), 2, 0);
    near(await lossLevels(await bce()), Math.log(2), 0);
    near(await lossLevels(await relativistic()), Math.log(2), 0);
    near(await lossLevels(await wgan()), 0);
    const plain = await hinge();
    const other = {...plain, repeatable: false};
    expect(await lossLevels(other), 'it may count its calls').to.equal(undefined);
    expect(await lossLevels({...plain, critic: ({latents}) => latents})).to.equal(undefined);
  });

  it('measures distances from inner products, and rankings as Mann and Whitney count them', () => {
    const points = [
      [0, 0],
      [3, 4],
      [0, 1],
      [6, 8],
    ];
    const gram = Float32Array.from(points.flatMap(([a, b]) => points.map(([c, d]) => a! * c! + b! * d!)));
    const to = ([a, b]: number[], [c, d]: number[]): number => Math.hypot(a! - c!, b! - d!);
    const pairs = points.flatMap((one, i) => points.slice(i + 1).map((other) => to(one, other)));
    const got = distances(gram);
    expect(got.mean).to.be.closeTo(pairs.reduce((sum, each) => sum + each, 0) / 6, 1e-5);
    expect(got.nearest).to.be.closeTo((1 + Math.hypot(3, 3) + 1 + 5) / 4, 1e-5);
    const {realAbove, spread, real, fake, heldOut} = compare([1, 2, 3], [2, 0], [5, 7]);
    expect({real, fake, heldOut}).to.deep.equal({real: 2, fake: 1, heldOut: 6});
    expect(realAbove).to.be.closeTo((0 + 1 + 0.5 + 1 + 1 + 1) / 6, 1e-12);
    expect(spread).to.be.closeTo(Math.sqrt((2 / 3 + 1) / 2), 1e-12);
  });
});
