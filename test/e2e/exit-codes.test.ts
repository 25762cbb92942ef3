import {expect} from 'chai';
import {existsSync, readFileSync} from 'node:fs';
import {constants} from 'node:os';
import path from 'node:path';
import {pathToFileURL} from 'node:url';
import {exitCodes} from '../../dist/errors.js';
import {gan, jsonLines, root} from '../commands/helpers.js';
import {folder, removeFolders, write} from '../plugin/helpers.js';
import {tinyFlags} from './helpers.js';

const ESC = '\u001B';
const tiny = ['fit', ...tinyFlags, '--steps', '3', '--out', 'run'];

/** Files in the folder that commands run in; the modules are for NODE_OPTIONS. */
const files = {
  'bad.json': '{"size": "large"}',
  'empty/readme.txt': 'no picture',
  'no-wasm.mjs': 'WebAssembly.validate = () => false;',
  'bug.mjs':
    "import fs from 'node:fs'; import {syncBuiltinESMExports} from 'node:module'; const {open} = fs.promises; fs.promises.open = async (path, flags, ...rest) => { if (flags === 'a+') throw new TypeError('boom'); return open(path, flags, ...rest); }; syncBuiltinESMExports();",
  'terminal.mjs':
    'for (const out of [process.stdout, process.stderr]) Object.assign(out, {isTTY: true, columns: 80, getWindowSize: () => [80, 24]});',
};

interface Case {
  what: string;
  args: string[];
  code: number;
  /** Of the error; none for success. */
  name?: string;
  preload?: keyof typeof files;
}

/** Of the signals that have a row of their own (their tests are in interruption.test.ts), and of a reader that left. */
const ofSignals = (['SIGTERM', 'SIGHUP', 'SIGPIPE'] as const).map((name) => 128 + constants.signals[name]);

/** One for each code of an error. */
const cases: Case[] = [
  {what: 'a training to its end', args: tiny, code: exitCodes.ok},
  {
    what: 'a fault of the program in the middle of a training',
    args: tiny,
    code: exitCodes.bug,
    name: 'GAN_BUG',
    preload: 'bug.mjs',
  },
  {what: 'a flag out of range', args: ['fit', '--size', '-1'], code: exitCodes.usage, name: 'GAN_CONFIG_VALUE'},
  {
    what: 'a bad value in a file',
    args: ['fit', '--config', 'bad.json'],
    code: exitCodes.config,
    name: 'GAN_CONFIG_VALUE',
  },
  {
    what: 'a backend that cannot run here',
    args: [...tiny, '--backend', 'wasm'],
    code: exitCodes.backend,
    name: 'GAN_BACKEND_UNAVAILABLE',
    preload: 'no-wasm.mjs',
  },
  {
    what: 'no backend at all',
    args: tiny,
    code: exitCodes.backend,
    name: 'GAN_BACKEND_UNAVAILABLE',
    preload: 'no-wasm.mjs',
  },
  {what: 'a folder without images', args: ['fit', 'empty'], code: exitCodes.data, name: 'GAN_DATA_EMPTY'},
  {
    what: 'a loss that is not finite',
    args: ['fit', ...tinyFlags, '--steps', '200', '--out', 'run', '--opt', 'sgd', '--lr', '1e38', '--clip', 'none'],
    code: exitCodes.diverged,
    name: 'GAN_DIVERGED',
  },
];

describe('exit codes', () => {
  after(removeFolders);

  const start = ({args, preload}: Case, more: string[] = []) => {
    const cwd = folder();
    write(cwd, files);
    const env: Record<string, string> =
      preload === undefined ? {} : {NODE_OPTIONS: `--import ${pathToFileURL(path.join(cwd, preload)).href}`};
    return gan([...args, ...more], {cwd, env});
  };

  for (const each of cases) {
    const {what, code, name} = each;
    it(`${code}: ${what}; results on stdout, errors on stderr`, async () => {
      const ran = await start(each);
      expect({code: ran.code, signal: ran.signal}, ran.stderr).to.deep.equal({code, signal: null});
      if (name === undefined) expect(ran.stdout).to.match(/^run folder +run$/m);
      else expect(ran.stderr).to.contain(name);
      expect(ran.stdout).to.not.match(/error|warning|GAN_/i);
      expect(ran.stdout + ran.stderr).to.not.contain(ESC);
      expect(/^ +at /m.test(ran.stderr), 'a stack for faults of the program only').to.equal(code === exitCodes.bug);
    });

    it(`${code}: ${what}; with --json one object a line on stdout, nothing else`, async () => {
      const ran = await start(each, ['--json', '--quiet']);
      expect({code: ran.code, stderr: ran.stderr}).to.deep.equal({code, stderr: ''});
      expect(ran.stdout).to.match(/\n$/);
      const lines = jsonLines(ran.stdout);
      for (const line of lines) expect(line).to.be.an('object');
      const {error, ...rest} = lines.at(-1)!;
      if (name === undefined) expect(rest).to.include({type: 'end', interrupted: false});
      else
        expect(error).to.include({code: name, exitCode: code}).and.to.have.property('suggestions').that.is.an('array');
      expect(lines.filter((line) => 'error' in line)).to.have.length(name === undefined ? 0 : 1);
    });
  }

  it('docs/exit-codes.md lists exactly those that there are', () => {
    const text = readFileSync(path.join(root, 'docs/exit-codes.md'), 'utf8');
    const listed = [...text.matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code));
    expect(listed).to.deep.equal([...Object.values(exitCodes), ...ofSignals]);
    expect(new Set([...cases.map(({code}) => code), exitCodes.sigint])).to.deep.equal(
      new Set(Object.values(exitCodes)),
    );
  });

  describe('every command with --json', () => {
    it('gives one object a line on stdout, and nothing else', async () => {
      const cwd = folder();
      expect((await gan([...tiny, '--quiet'], {cwd})).code).to.equal(0);
      const commands = [
        ['generate', 'run', '--n', '2', '--out', 'x.png'],
        ['export', 'run', '--out', 'x.safetensors'],
        ['show-batch', 'builtin:shapes', '--size', '8', '--out', 'y.png'],
        ['backends'],
      ];
      for (const command of commands) {
        const {code, stdout, stderr} = await gan([...command, '--json'], {cwd});
        expect({code, stderr}, command.join(' ')).to.deep.equal({code: 0, stderr: ''});
        for (const line of jsonLines(stdout)) expect(line, command.join(' ')).to.be.an('object');
      }
    });
  });

  describe('on a terminal', () => {
    const ask = (env: Record<string, string>) => {
      const cwd = folder();
      write(cwd, files);
      return gan(['fit', 'nowhere'], {
        cwd,
        env: {NODE_OPTIONS: `--import ${pathToFileURL(path.join(cwd, 'terminal.mjs')).href}`, TERM: 'xterm', ...env},
      });
    };

    it('errors have colours', async () => expect((await ask({})).stderr).to.contain(`${ESC}[31mError`));
    it('NO_COLOR takes them away', async () => {
      const {code, stderr} = await ask({NO_COLOR: '1'});
      expect(code).to.equal(exitCodes.data);
      expect(stderr).to.contain('GAN_DATA_NOT_FOUND').and.not.contain(ESC);
    });
  });

  describe('a training that diverges', () => {
    it('keeps and names the last good checkpoint, from which images and weights can be had', async () => {
      const cwd = folder();
      const {code, stderr} = await gan(
        [
          'fit',
          ...tinyFlags,
          '--steps',
          '500',
          '--opt',
          'sgd',
          '--lr',
          '3000',
          '--clip',
          'none',
          '--checkpoint-every',
          '1',
          '--out',
          'run',
        ],
        {cwd},
      );
      expect(code).to.equal(exitCodes.diverged);
      const [, checkpoint] = /the last good checkpoint is (\S+)/.exec(stderr)!;
      expect(existsSync(path.join(cwd, checkpoint!, 'tensors.safetensors'))).to.equal(true);
      expect((await gan(['generate', 'run', '--out', 'x.png'], {cwd})).code).to.equal(0);
      expect((await gan(['export', 'run', '--out', 'x.safetensors'], {cwd})).code).to.equal(0);
    });
  });
}).timeout(120_000);
