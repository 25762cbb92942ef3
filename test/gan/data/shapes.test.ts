import {expect} from 'chai';
import {createHash} from 'node:crypto';
import {outlines, shapeNames} from '../../../dist/gan/data/shape-outlines.js';
import {drawScene, shapesScene, shapesSource, type Scene} from '../../../dist/gan/data/shapes.js';
import {ganError} from './helpers.js';

const scenes = Array.from({length: 8192}, (_, i) => shapesScene(i));
const spread = (values: number[]) => {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  return {mean, std: Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length)};
};
const still: Scene = {
  kind: 'circle',
  x: 0,
  y: 0,
  radius: 0.4,
  angle: 0,
  slope: 0,
  colour: [255, 255, 255],
  background: [
    [0, 0, 0],
    [0, 0, 0],
  ],
};

/** Area of a shape of radius 100 pixels, from the brightness of its picture. */
function area(kind: Scene['kind'], angle: number): number {
  const data = drawScene({...still, kind, angle}, 250, 250, 1);
  return data.reduce((sum, v) => sum + v / 255, 0);
}

describe('builtin:shapes', () => {
  it('has 8192 images of 64x64, all different', () => {
    const source = shapesSource();
    expect([source.size, ...source.shape]).to.deep.equal([8192, 64, 64, 3]);
    const hashes = new Set<string>();
    for (let i = 0; i < source.size; i++)
      hashes.add(
        createHash('sha1')
          .update(source.read(i) as Uint8Array)
          .digest('base64'),
      );
    expect(hashes.size).to.equal(8192);
  });

  it('gives the same image for the same index and seed, another for another seed', () => {
    expect(shapesSource().read(5)).to.deep.equal(shapesSource().read(5));
    expect(shapesSource({seed: 1}).read(5)).not.to.deep.equal(shapesSource().read(5));
  });

  it('shows every kind equally often', () => {
    for (const kind of shapeNames) {
      const count = scenes.filter((scene) => scene.kind === kind).length;
      expect(count).to.be.closeTo(1024, 150); // 5 standard deviations of 30
    }
  });

  it('varies place, size, angle and colour widely', () => {
    expect(spread(scenes.map(({x}) => x)).std).to.be.above(0.1);
    expect(spread(scenes.map(({y}) => y)).std).to.be.above(0.1);
    expect(spread(scenes.map(({x}) => x)).mean).to.be.closeTo(0, 0.01);
    expect(spread(scenes.map(({radius}) => radius)).std).to.be.above(0.035);
    expect(spread(scenes.map(({angle}) => angle)).std).to.be.above(1.7); // uniform: 2 pi / sqrt(12) = 1.81
    for (const c of [0, 1, 2] as const) {
      expect(spread(scenes.map(({colour}) => colour[c])).std).to.be.above(60);
      expect(spread(scenes.map(({background}) => background[0][c])).std).to.be.above(60);
    }
  });

  it('keeps each shape inside of the image and apart from its background', () => {
    for (const {x, y, radius, colour, background} of scenes) {
      expect(Math.max(Math.abs(x), Math.abs(y)) + radius).to.be.at.most(0.47 + 1e-9);
      for (const back of background) expect(Math.hypot(...colour.map((v, c) => v - back[c]!))).to.be.above(60);
    }
  });

  it('draws areas as geometry has them, at any angle', () => {
    const radius = 100;
    const edge = 2 * 0.49 * Math.sqrt(3); // of a triangle with apothem 0.49
    const expected: Partial<Record<Scene['kind'], number>> = {
      circle: Math.PI * 0.85 ** 2,
      ring: Math.PI * (0.9 ** 2 - 0.46 ** 2),
      square: 1.4 ** 2,
      triangle: (Math.sqrt(3) / 4) * edge ** 2,
      cross: 2 * 1.84 * 0.56 - 0.56 ** 2,
      hexagon: 2 * Math.sqrt(3) * 0.8 ** 2,
      star: 1.12257 * 0.98 ** 2, // pentagram of circumradius 1: 10 tan(18 deg) / (3 - tan(18 deg)^2)
    };
    for (const [kind, value] of Object.entries(expected)) {
      for (const angle of [0, 0.3, 1])
        expect(area(kind as Scene['kind'], angle) / radius ** 2, kind).to.be.closeTo(value, 0.01 * value);
    }
  });

  it('fits all outlines into the unit circle', () => {
    for (const kind of shapeNames) {
      for (let angle = 0; angle < 2 * Math.PI; angle += 0.01)
        expect(outlines[kind](Math.cos(angle), Math.sin(angle)), kind).to.be.above(0);
    }
  });

  it('smooths edges: partly covered pixels exist, and only next to the edge', () => {
    const data = drawScene({...still, radius: 20 / 0.85 / 64}, 64, 64, 1); // a circle of 20 pixels
    data.forEach((value, i) => {
      const distance = Math.hypot((i % 64) + 0.5 - 32, Math.floor(i / 64) + 0.5 - 32) - 20;
      expect(value).to.be.closeTo(255 * Math.min(Math.max(0.5 - distance, 0), 1), 1);
    });
    expect(data.some((value) => value > 50 && value < 200)).to.equal(true);
  });

  it('draws any size and number of channels: grey is the luma, transparency is none', () => {
    const [rgb, grey, rgba, greyAlpha] = ([3, 1, 4, 2] as const).map(
      (channels) => shapesSource({size: [20, 30], channels}).read(3) as Uint8Array,
    );
    expect([rgb!.length, grey!.length, rgba!.length]).to.deep.equal([1800, 600, 2400]);
    for (let i = 0; i < 600; i++) {
      expect([...rgba!.subarray(4 * i, 4 * i + 4)]).to.deep.equal([...rgb!.subarray(3 * i, 3 * i + 3), 255]);
      expect([...greyAlpha!.subarray(2 * i, 2 * i + 2)]).to.deep.equal([grey![i], 255]);
      expect(grey![i]).to.be.closeTo(0.299 * rgb![3 * i]! + 0.587 * rgb![3 * i + 1]! + 0.114 * rgb![3 * i + 2]!, 1.01);
    }
  });

  it('refuses sizes and counts that make no sense', async () => {
    for (const options of [{size: 0}, {size: [64, 2.5]}, {items: 0}] as const) {
      expect(await ganError(() => shapesSource(options))).to.include({code: 'GAN_SHAPES_OPTIONS', kind: 'config'});
    }
  });
});
