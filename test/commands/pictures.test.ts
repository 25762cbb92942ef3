import {expect} from 'chai';
import sharp from 'sharp';
import {writeFileSync} from 'node:fs';
import path from 'node:path';
import {detectProtocol} from '../../dist/cli/pictures/detect.js';
import {pictureText} from '../../dist/cli/pictures/protocol.js';
import {choosePictures, parsePictures, SamplePictures} from '../../dist/cli/pictures/sample-pictures.js';
import {folder, removeFolders} from '../plugin/helpers.js';
import {gan} from './helpers.js';

const ESC = '\u001B';
const answers = {
  plain: `${ESC}[?62;22c`,
  sixel: `${ESC}[?62;4;22c`,
  kitty: `${ESC}_Gi=31;OK${ESC}\\${ESC}[?62;c`,
  kittyError: `${ESC}_Gi=31;ENOTSUPPORTED${ESC}\\${ESC}[?62;c`,
  iterm: `${ESC}P>|iTerm2 3.5.0${ESC}\\${ESC}[?62;4c`,
  xterm: `${ESC}P>|XTerm(390)${ESC}\\${ESC}[?64;1;2c`,
  classFour: `${ESC}[?4c`,
} as const;

/** Sixel as in DEC's VT330/VT340 manual, chapter 14: colours in percent, columns of six pixels, lowest bit above. */
function readSixel(text: string): {width: number; height: number; rgb: number[]} {
  const [, body] = /^\u001BP[\d;]*q(.*)\u001B\\$/s.exec(text)!;
  const [, width = 0, height = 0] = /^"1;1;(\d+);(\d+)/.exec(body!)!.map(Number);
  const rgb = new Array<number>(width * height * 3).fill(-1);
  const colours: number[][] = [];
  let [colour, x, top] = [0, 0, 0];
  for (const [token, name, definition, repeat, pattern] of body!
    .replace(/^"[\d;]*/, '')
    .matchAll(/#(\d+)(?:;2;([\d;]+))?|(?:!(\d+))?([?-~])|[$-]/g)) {
    if (token === '$') x = 0;
    else if (token === '-') [x, top] = [0, top + 6];
    else if (definition !== undefined)
      colours[Number(name)] = definition.split(';').map((percent) => Math.round(Number(percent) * 2.55));
    else if (name !== undefined) colour = Number(name);
    else {
      const bits = pattern!.charCodeAt(0) - 63;
      for (const end = x + Number(repeat ?? 1); x < end; x++) {
        for (let y = 0; y < 6; y++)
          if (bits & (1 << y)) colours[colour]!.forEach((value, c) => (rgb[((top + y) * width + x) * 3 + c] = value));
      }
    }
  }
  return {width, height, rgb};
}

describe('pictures in a terminal', () => {
  afterEach(removeFolders);

  const cases: [what: string, env: NodeJS.ProcessEnv, answer: string, wanted: string | undefined][] = [
    ['kitty that answers', {TERM: 'xterm-kitty'}, answers.kitty, 'kitty'],
    ['kitty that refuses', {TERM: 'xterm-kitty'}, answers.kittyError, undefined],
    [
      "another terminal that inherited kitty's variables",
      {TERM: 'xterm-256color', KITTY_WINDOW_ID: '1'},
      answers.plain,
      undefined,
    ],
    ['iTerm2', {TERM: 'xterm-256color', TERM_PROGRAM: 'iTerm.app'}, answers.iterm, 'iterm2'],
    ["xterm with iTerm2's variables", {TERM: 'xterm-256color', TERM_PROGRAM: 'iTerm.app'}, answers.xterm, undefined],
    ['a terminal with sixel', {TERM: 'xterm-256color'}, answers.sixel, 'sixel'],
    ['a terminal of class 4, which is not sixel', {TERM: 'xterm'}, answers.classFour, undefined],
    ['a terminal without pictures', {TERM: 'xterm-256color'}, answers.plain, undefined],
    ['tmux in kitty', {TERM: 'tmux-256color', TMUX: '/x', KITTY_WINDOW_ID: '1'}, answers.plain, undefined],
    ['one that says nothing', {TERM: 'xterm-kitty'}, '', undefined],
  ];
  for (const [what, env, answer, wanted] of cases) {
    it(`${what}: ${wanted ?? 'none'}`, async () =>
      expect(await detectProtocol(env, async () => answer)).to.equal(wanted));
  }

  for (const env of [{}, {TERM: 'dumb'}, {TERM: 'linux'}, {TERM: 'xterm-256color', TERM_PROGRAM: 'Apple_Terminal'}]) {
    it(`asks nothing where the environment is ${JSON.stringify(env)}`, async () => {
      expect(await detectProtocol(env, () => Promise.reject(new Error('asked')))).to.equal(undefined);
    });
  }

  it('are off where there is no terminal', async () => {
    expect(await choosePictures('auto', {write: () => {}}, {TERM: 'xterm-kitty'})).to.equal(undefined);
    expect(await choosePictures('sixel', {write: () => {}}, {})).to.equal('sixel');
    expect(await choosePictures('none', {write: () => {}, isTTY: true}, {TERM: 'xterm-kitty'})).to.equal(undefined);
    expect(() => parsePictures('bmp')).to.throw('wanted one of auto, none, kitty');
  });

  describe('as the terminal gets them', () => {
    // Four colours in blocks: few enough for sixel's palette to be exact.
    const [width, height] = [40, 24];
    const rgba = Uint8Array.from({length: width * height * 4}, (_, i) => {
      const [x, y] = [Math.floor(i / 4) % width, Math.floor(i / 4 / width)];
      return [x < 20 ? 255 : 0, y < 12 ? 255 : 0, 0, 255][i % 4]!;
    });
    let png: Buffer;
    before(async () => {
      png = await sharp(Buffer.concat([rgba]), {raw: {width, height, channels: 4}})
        .png({compressionLevel: 0})
        .toBuffer();
    });

    it('kitty: PNG in base64, in chunks of at most 4096 of which all but the last say that more comes', async () => {
      const text = await pictureText('kitty', {png: Buffer.concat([png, Buffer.alloc(9000)]), width, height});
      const parts = [...text.matchAll(/\u001B_G([^;]*);([^\u001B]*)\u001B\\/g)].map(([, keys, data]) => ({
        keys,
        data: data!,
      }));
      expect(parts.map(({data}) => data).join('')).to.equal(
        Buffer.concat([png, Buffer.alloc(9000)]).toString('base64'),
      );
      expect(parts.map(({keys}) => keys)).to.deep.equal([
        'a=T,f=100,q=2,m=1',
        ...new Array<string>(parts.length - 2).fill('m=1'),
        'm=0',
      ]);
      for (const {data} of parts) expect(data.length).to.be.at.most(4096);
    });

    it('iTerm2: PNG in base64, with its length', async () => {
      const [, keys, data] = /^\u001B\]1337;File=([^:]*):([^\u0007]*)\u0007$/.exec(
        await pictureText('iterm2', {png, width, height}),
      )!;
      expect(Buffer.from(data!, 'base64').equals(png)).to.equal(true);
      expect(keys!.split(';')).to.include.members(['inline=1', `size=${png.length}`, 'width=40px']);
    });

    it('sixel: the same pixels, decoded', async () => {
      expect(readSixel(await pictureText('sixel', {png, width, height}))).to.deep.equal({
        width,
        height,
        rgb: [...rgba].filter((_, at) => at % 4 !== 3),
      });
    });

    it('sixel: a picture of more than 256 colours is near the original: within 3 dB of the palette that libimagequant chooses', async () => {
      const [across, down] = [150, 100]; // the last band is not whole
      const smooth = Uint8Array.from({length: across * down * 3}, (_, i) => {
        const [x, y] = [Math.floor(i / 3) % across, Math.floor(i / 3 / across)];
        return [(x * 255) / across, (y * 255) / down, 128 + 100 * Math.sin(x / 9) * Math.cos(y / 7)][i % 3]!;
      });
      const raw = {width: across, height: down, channels: 3} as const;
      const [full, few] = await Promise.all([
        sharp(smooth, {raw}).png().toBuffer(),
        sharp(smooth, {raw}).png({palette: true, colours: 256, dither: 0}).toBuffer(),
      ]);
      const error = (other: ArrayLike<number>): number =>
        smooth.reduce((sum, value, i) => sum + (value - other[i]!) ** 2, 0) / smooth.length;
      const shown = readSixel(await pictureText('sixel', {png: full, width: across, height: down}));
      expect([shown.width, shown.height, shown.rgb.includes(-1)]).to.deep.equal([across, down, false]);
      const best = error(await sharp(few).removeAlpha().raw().toBuffer());
      expect(best).to.be.greaterThan(10);
      expect(error(shown.rgb)).to.be.below(2 * best);
    });
  });

  it('come at most every 20 seconds, and one that cannot be read is left out', async () => {
    const dir = folder();
    const file = path.join(dir, 'a.png');
    writeFileSync(
      file,
      await sharp({create: {width: 8, height: 8, channels: 3, background: 'red'}})
        .png()
        .toBuffer(),
    );
    const large = path.join(dir, 'large.png');
    writeFileSync(
      large,
      await sharp({create: {width: 1280, height: 800, channels: 3, background: 'red'}})
        .png()
        .toBuffer(),
    );
    const said: string[] = [];
    let now = 0;
    const pictures = new SamplePictures(
      'kitty',
      (text) => said.push(text),
      () => now,
    );
    for (const [at, step] of [
      [0, 1],
      [5000, 2],
      [19_999, 3],
      [20_001, 4],
      [50_000, 5],
      [80_000, 6],
    ] as const) {
      now = at;
      pictures.show({step, path: step === 5 ? `${file}.missing` : step === 6 ? large : file});
    }
    await pictures.done();
    expect(said.map((text) => text.split('\n')[0])).to.deep.equal([
      'samples after step 1',
      'samples after step 4',
      'samples after step 6',
    ]);
    const sizes = await Promise.all(
      said.map((text) =>
        sharp(
          Buffer.from([...text.matchAll(/m=[01];([^\u001B]*)/g)].map(([, data]) => data).join(''), 'base64'),
        ).metadata(),
      ),
    );
    expect(sizes.map(({width, height}) => [width, height])).to.deep.equal([
      [8, 8],
      [8, 8],
      [640, 400],
    ]);
  });

  it('gan fit shows none in a file, shows what it is told to, and never in --json', async () => {
    const cwd = folder();
    const fit = (out: string, ...args: string[]) =>
      gan(
        [
          'fit',
          '--size',
          '8',
          '--n-features',
          '4',
          '--n-extra-layers',
          '0',
          '--latent',
          '4',
          '--batch-size',
          '4',
          '--set',
          'source.count=16',
          '--steps',
          '1',
          '--out',
          out,
          ...args,
        ],
        {cwd},
      );
    expect((await fit('a')).stderr).to.not.contain(ESC);
    const forced = await fit('b', '--pictures', 'kitty');
    expect(forced.stderr).to.contain(`samples after step 1\n${ESC}_Ga=T,f=100`);
    expect(forced.stdout).to.not.contain(ESC);
    expect((await fit('c', '--pictures', 'kitty', '--json')).stderr).to.not.contain(ESC);
    expect((await fit('d', '--pictures', 'bmp')).code).to.equal(2);
  });
}).timeout(60_000);
