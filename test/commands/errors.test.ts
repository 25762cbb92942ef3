import {spawnSync} from 'node:child_process';
import path from 'node:path';
import {expect} from 'chai';
import {folder, removeFolders, write} from '../plugin/helpers.js';
import {gan, root} from './helpers.js';

const ESC = '\u001B';

describe('errors of the command line', () => {
  after(removeFolders);

  const cases: [what: string, args: string[], code: number, says: RegExp][] = [
    ['an unknown command', ['fti'], 2, /no command 'fti'[\s\S]*gan fit/],
    ['an unknown flag', ['fit', '--siez', '3'], 2, /--siez[\s\S]*Did you mean --size/],
    ['a flag without its value', ['fit', '--out'], 2, /--out/],
    [
      'a value of a flag that has none',
      ['fit', 'a', '--conditional=true'],
      2,
      /--conditional takes no value[^]*--no-conditional/,
    ],
    [
      'a number out of range',
      ['interpolate', 'a', '--fps', '90'],
      2,
      /--fps needs a whole number of at most 50, not 90\n/,
    ],
    ['what is no number', ['fit', 'a', '--ranks', 'two'], 2, /--ranks needs a whole number, not two\n/],
    [
      'an address of another kind',
      ['fit', 'ftp://host/a.zip'],
      3,
      /ftp:\/\/host\/a.zip is no address of data[^]*https:/,
    ],
    [
      'metrics of points for pictures',
      ['fit', 'builtin:shapes', '--recipe', 'points', '--size', '8', '--backend', 'wasm', '--out', 'x'],
      3,
      /no known modes[^]*--metrics none/,
    ],
    ['an argument too many', ['fit', 'a', 'b'], 2, /Unexpected argument: b/],
    [
      'a flag out of range',
      ['fit', '--size', '0'],
      2,
      /size must be a whole number from 1 to 4096, or two, HEIGHTxWIDTH; --size gives '0'/,
    ],
    ['a flag of the wrong type', ['fit', '--lr', 'fast'], 2, /lr must be a number.*'fast'/],
    [
      'a flag for an option that the part does not have',
      ['fit', '--switcher', 'adaptive', '--n-crit', '3'],
      2,
      /switcher adaptive has no option 'switcher.nCrit' \(from --n-crit\)/,
    ],
    ['an unknown backend', ['fit', '--backend', 'wsam'], 2, /no backend 'wsam'[\s\S]*Did you mean 'wasm'/],
    ['an unknown architecture', ['fit', '--arch', 'basci'], 2, /Did you mean 'basic'/],
    ['unknown built-in data', ['fit', 'builtin:shape'], 2, /Did you mean 'shapes'/],
    ['a wrong --set', ['fit', '--set', 'switcher.ncrit=3'], 3, /Did you mean 'switcher.nCrit'/],
    [
      'a missing configuration file',
      ['fit', '--config', 'no.json'],
      3,
      /The configuration file .*no\.json does not exist/,
    ],
    ['a bad configuration file', ['fit', '--config', 'bad.json'], 3, /bad\.json/],
    [
      'networks that no process can hold',
      ['fit', '--recipe', 'wgan', '--set', 'arch.nFeatures=1000000', '--batch-size', '2', '--backend', 'wasm'],
      4,
      /larger than a process can hold[\s\S]*fewer features/,
    ],
    ['--device where there is one', ['fit', '--backend', 'wasm', '--device', '1'], 2, /wasm has only one device/],
    ['a missing folder of images', ['fit', 'nowhere'], 5, /folder does not exist: .*nowhere/],
    ['a folder without images', ['fit', 'empty', '--size', '8'], 5, /empty/],
    ['a run folder that is none', ['generate', 'empty', '--out', 'x.png'], 5, /not a run folder/],
    ['--resume of a folder that is no run', ['fit', '--resume', 'nowhere'], 5, /not a run folder/],
    ['--out of a folder in use', ['fit', '--out', 'used'], 2, /used is not empty[\s\S]*--resume used/],
    [
      'a picture in a format that is not written',
      ['generate', 'used', '--out', 'a.bmp'],
      2,
      /not as \.bmp[\s\S]*--out a\.png/,
    ],
    ['None for a number that may be none', ['fit', '--clip', 'None'], 2, /'None'[\s\S]*Did you mean 'none'/],
    ['None for a number', ['fit', '--lr', 'None'], 2, /lr must be a number of at least 0; --lr gives 'None'/],
    ['a metric that is none to keep the best by', ['fit', '--keep-best', 'X'], 3, /There are: .*swd/],
    [
      'the data behind a flag',
      ['fit', '--data', 'imgs', '--size', '8'],
      2,
      /-> DATA is an argument.*gan fit imgs --size 8\n/,
    ],
    ['a flag of other programs', ['fit', '--image-size=8'], 2, /Did you mean --size/],
    ['the word of other programs', ['train', 'builtin:shapes', '-e', '2'], 2, /-> gan fit builtin:shapes -e 2\n/],
    ['a run to resume without its name', ['resume'], 2, /-> gan fit --resume latest\n/],
    ['latest of no run', ['runs', 'show', 'latest'], 5, /There is no run in runs yet/],
    ['export in an unknown format', ['export', 'used', '--format', 'bmp', '--out', 'x'], 2, /bmp/],
  ];

  const files = {'bad.json': '{', 'empty/readme.txt': 'no image', 'used/config.json': '{}'};

  for (const [what, args, code, says] of cases) {
    it(`${what}: exit ${code}, said on stderr alone`, async () => {
      const cwd = folder();
      write(cwd, files);
      const ran = await gan(args, {cwd});
      expect(ran.stderr).to.match(says);
      expect({code: ran.code, stdout: ran.stdout}).to.deep.equal({code, stdout: ''});
      expect(ran.stderr).to.not.match(/^ +at /m, 'no stack for what the user can mend');
      expect(ran.stderr).to.not.contain(ESC);
    });
  }

  it('--json gives one JSON object on stdout, also for errors of parsing', async () => {
    for (const [args, code] of [
      [['fit', 'nowhere'], 5],
      [['fit', '--nope'], 2],
      [['generate', 'nowhere', '--out', 'x.png'], 5],
    ] as const) {
      const ran = await gan([...args, '--json'], {cwd: folder()});
      expect(ran.code).to.equal(code);
      const {error} = JSON.parse(ran.stdout) as {error: Record<string, unknown>};
      expect(error).to.include.keys('code', 'message', 'suggestions').and.to.include({exitCode: code});
    }
  });

  it('a fault of the program exits 1 with its stack and how to report it', async () => {
    const cwd = folder();
    write(cwd, {
      'boom.mjs':
        "import fs from 'node:fs'; import {syncBuiltinESMExports} from 'node:module'; const {statSync} = fs; fs.statSync = (path, options) => { if (path.endsWith('somewhere')) throw new TypeError('boom'); return statSync(path, options); }; syncBuiltinESMExports();",
    });
    const ran = await gan(['fit', 'somewhere'], {cwd, env: {NODE_OPTIONS: `--import ${cwd}/boom.mjs`}});
    expect(ran.code).to.equal(1);
    expect(ran.stderr)
      .to.contain('GAN_BUG')
      .and.contain('boom')
      .and.contain('report')
      .and.match(/^ +at /m);
  });

  it('a user whom the system does not know, as in containers, is none', function () {
    if (process.getuid?.() !== 0) return this.skip(); // only root can become one
    const {status, stdout, stderr} = spawnSync(process.execPath, [path.join(root, 'bin/run.js'), '--help'], {
      uid: 54_321,
      cwd: '/',
      env: {PATH: process.env['PATH']},
      encoding: 'utf8',
    });
    expect(stderr).to.equal('');
    expect([status, stdout.includes('USAGE')]).to.deep.equal([0, true]);
  });
}).timeout(60_000);
