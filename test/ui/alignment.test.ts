import {expect} from 'chai';
import {allPlaces, lastCommon, nearestTo, placesOf, secondsAt} from '../../src/ui/page/alignment.js';

const run = (samples: number[], config: Record<string, unknown> = {}) => ({samples, config});

describe('sample grids of several runs', () => {
  it('are placed by step, by real images read, by seconds of training', () => {
    const detail = run([10, 20], {batchSize: 8, accumulate: 2});
    const times = {steps: [10, 30], values: [5, 25]};
    expect(placesOf(detail, undefined, 'step')).to.deep.equal([
      {step: 10, at: 10},
      {step: 20, at: 20},
    ]);
    expect(placesOf(detail, undefined, 'images')).to.deep.equal([
      {step: 10, at: 160},
      {step: 20, at: 320},
    ]);
    expect(placesOf(detail, times, 'time')).to.deep.equal([
      {step: 10, at: 5},
      {step: 20, at: 15},
    ]);
    expect(placesOf(detail, undefined, 'time')).to.equal(undefined);
    expect(placesOf(run([10]), undefined, 'images')).to.equal(undefined);
  });

  it('have times that are even within an epoch, before the end of the first and after that of the last', () => {
    const times = {steps: [100, 200, 250], values: [10, 40, 60]};
    for (const [step, seconds] of [
      [0, 0],
      [50, 5],
      [100, 10],
      [150, 25],
      [200, 40],
      [225, 50],
      [250, 60],
      [300, 80],
    ] as const)
      expect(secondsAt(times, step), String(step)).to.be.closeTo(seconds, 1e-9);
    expect(secondsAt({steps: [4], values: [2]}, 6)).to.be.closeTo(3, 1e-9);
  });

  it('are compared at the last place that all have come to; each run shows its nearest grid', () => {
    const [long, short] = [
      [100, 200, 300, 400],
      [150, 260],
    ].map((steps) => placesOf(run(steps), undefined, 'step')!) as [
      {step: number; at: number}[],
      {step: number; at: number}[],
    ];
    const places = allPlaces([long, short]);
    expect(places).to.deep.equal([100, 150, 200, 260, 300, 400]);
    expect(places[lastCommon(places, [long, short])]).to.equal(260);
    expect(nearestTo(long, 260).step).to.equal(300);
    expect(nearestTo(long, 150).step, 'of two as near, the earlier').to.equal(100);
    expect(nearestTo(short, 400).step).to.equal(260);
    expect(lastCommon([], [])).to.equal(-1);
  });
});
