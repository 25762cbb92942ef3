import {expect} from 'chai';
import path from 'node:path';
import sharp from 'sharp';
import {imageLines} from '../../../dist/cli/training/image-lines.js';
import {commonFacts, sizeWith} from '../../../dist/gan/data/common-facts.js';
import {openRecords} from '../../../dist/gan/data/records/open.js';
import {readSize, sidesOf} from '../../../dist/options/image-size.js';
import {folder, removeFolders} from '../../plugin/helpers.js';

const picture = (width: number, height: number, file: string, deep = false): Promise<unknown> => {
  const data = (deep ? new Uint16Array(width * height * 3) : new Uint8Array(width * height * 3)).fill(90);
  const image = sharp(data, {raw: {width, height, channels: 3}});
  return (deep ? image.toColourspace('rgb16') : image).png().toFile(file);
};

describe('what most pictures have in common', () => {
  after(removeFolders);

  it('are their proportions and their depth, where 80 % agree', async () => {
    const data = folder();
    for (let i = 0; i < 9; i++) await picture(90 + (i % 3), 60, path.join(data, `${i}.png`), true);
    await picture(50, 50, path.join(data, 'x.png'));
    const facts = await commonFacts(await openRecords(data));
    expect(facts.proportions).to.be.closeTo(1.5, 0.04);
    expect(facts.deep).to.equal(true);

    const told = (size: 64 | '64x96', chosen: string[], resize: 'crop' | 'pad' = 'crop'): Promise<string[]> =>
      imageLines({size, resize, depth: 8}, {commonFacts: () => Promise.resolve(facts)}, (key) => chosen.includes(key));
    const [shape = '', depth = ''] = await told(64, []);
    expect(shape).to.match(
      /^Most pictures are 1\.5\d times as wide as tall, and 64x64 cuts off their ends; --size \d+x\d+ /,
    );
    expect(depth).to.contain('--depth 16');
    const size = readSize(/--size (\S+)/.exec(shape)![1]);
    const [height, width] = sidesOf(size!);
    expect(width / height).to.be.closeTo(1.5, 0.05);
    expect(height * width).to.be.within(3000, 5000);
    expect((await told(64, ['depth'], 'pad'))[0]).to.contain('fills up');
    expect(await told(64, ['size', 'depth'])).to.deep.equal([]);
    expect(await told('64x96', ['depth'])).to.deep.equal(['Images: 64x96 (height x width)']);

    for (let i = 0; i < 5; i++) await picture(50, 50 + 20 * i, path.join(data, `y${i}.png`));
    expect(await commonFacts(await openRecords(data))).to.deep.equal({proportions: undefined, deep: false});
  });

  it('proposes sizes with about as many pixels', () => {
    for (const side of [16, 32, 64, 128, 256])
      for (const ratio of [0.5, 2 / 3, 0.75, 4 / 3, 1.5, 16 / 9, 2]) {
        const [height, width] = sizeWith(ratio, side);
        expect(Math.abs(Math.log(width / height / ratio))).to.be.lessThan(0.1);
        expect(Math.abs(Math.log2((height * width) / side ** 2))).to.be.lessThan(0.6);
      }
  });
});

describe('the size of images', () => {
  it('is a number, or height x width; equal sides are one number', () => {
    for (const [given, wanted] of [
      [64, 64],
      ['64', 64],
      ['64x96', '64x96'],
      [' 64 X 96 ', '64x96'],
      ['64×96', '64x96'],
      ['064x96', '64x96'],
      ['64x64', 64],
      [[64, 96], '64x96'],
      [[64, 64], 64],
      ...[
        '',
        '64x',
        'x64',
        '64x96x3',
        '0x4',
        '-4',
        '1.5',
        '1e3x2',
        'wide',
        null,
        true,
        {},
        [],
        [1, 2, 3],
        ['4', '6'],
        NaN,
        0,
      ].map((wrong) => [wrong, undefined]),
    ] as const)
      expect(readSize(given), JSON.stringify(given)).to.equal(wanted);
    expect(sidesOf('64x96')).to.deep.equal([64, 96]);
  });
});
