import {Config} from '@oclif/core';
import {expect} from 'chai';
import {existsSync} from 'node:fs';
import path from 'node:path';
import {folder, removeFolders} from '../plugin/helpers.js';
import {gan, jsonLines, root} from './helpers.js';

const commands = ['backends', 'bench', 'doctor', 'export', 'fit', 'generate', 'parts', 'show-batch', 'ui'];

describe('what does no training', () => {
  after(removeFolders);
  const run = (...args: string[]) => gan(args, {cwd: folder(), withoutTfjs: true});

  it('the watch that these tests rely on works', async () => {
    const {code, stderr} = await run('fit', 'builtin:shapes');
    expect(code).to.not.equal(0);
    expect(stderr).to.contain('FORBIDDEN');
  });

  it('gan --help lists the commands, each with one line, without tfjs', async () => {
    const {code, stdout, stderr} = await run('--help');
    expect({code, stderr}).to.deep.equal({code: 0, stderr: ''});
    for (const command of commands) expect(stdout).to.match(new RegExp(`^  ${command} +[A-Z].*`, 'm'));
  });

  it('gan alone helps, too', async () => expect((await run()).stdout).to.contain('COMMANDS'));

  for (const command of [...commands, 'plugins install', 'plugins uninstall', 'plugins inspect', 'plugins create']) {
    it(`gan ${command} --help has examples and loads no tfjs`, async () => {
      const {code, stdout, stderr} = await run(...command.split(' '), '--help');
      expect({code, stderr}).to.deep.equal({code: 0, stderr: ''});
      expect(stdout).to.contain('EXAMPLES').and.contain(`$ gan ${command}`);
    });
  }

  it('gan fit --help --all shows parts, their options, and the defaults, those of the recipe without a number', async () => {
    const {stdout} = await run('fit', '--help', '--all');
    expect(stdout).to.match(/--lr=X +learning rate\s+\[default:\s+of\s+the\s+recipe\]/);
    expect(stdout).to.match(/RECIPES: --recipe NAME[\s\S]*wgan[\s\S]*gan/);
    expect(stdout).to.match(/ARCHITECTURES: --arch NAME[\s\S]*gan-critic[\s\S]*p=0\.15/);
    expect(stdout).to.match(/BACKENDS: --backend NAME[\s\S]*wasm/);
  });

  it('gan fit --help is short, and says where the rest is', async () => {
    const {stdout} = await run('fit', '-h');
    expect(stdout)
      .to.match(/-e, --epochs=N/)
      .and.contain('gan fit --help --all')
      .and.contain('gan help KIND');
    expect(stdout)
      .to.not.contain('--histogram-every')
      .and.not.match(/^LOSSES/m);
    expect(stdout.split('\n')).to.have.length.below(90);
    expect(stdout.split('\n').filter((line) => line.length > 80)).to.deep.equal([]);
  });

  for (const [words, says] of [
    [['help'], /COMMANDS/],
    [['-h'], /COMMANDS/],
    [['help', 'fit'], /\$ gan fit \[DATA\]/],
    [['help', 'runs', 'list'], /\$ gan runs list/],
    [['help', 'losses'], /^LOSSES: --loss NAME[\s\S]*hinge/],
    [['help', 'exporter'], /^EXPORTERS: --format NAME[\s\S]*onnx/],
  ] as const)
    it(`gan ${words.join(' ')}`, async () => {
      const {code, stdout, stderr} = await run(...words);
      expect({code, stderr}).to.deep.equal({code: 0, stderr: ''});
      expect(stdout).to.match(says);
    });

  it('gan --version and -v print what oclif would', async () => {
    const {userAgent} = await Config.load({root});
    for (const flag of ['--version', '-v'])
      expect(await run(flag)).to.include({code: 0, stdout: `${userAgent}\n`, stderr: ''});
  });

  it('gan backends says what can run, without tfjs', async () => {
    const text = await run('backends');
    expect(text.code).to.equal(0);
    expect(text.stdout).to.match(
      /^backend +state +version +memory +device\n[^]*^wasm +can run +\d+\.\d+\.\d+ +[\d.]+ GB +\S/m,
    );
    const json = await run('backends', '--json');
    expect(jsonLines(json.stdout)[0]).to.have.keys(
      'name',
      'state',
      'package',
      'version',
      'summary',
      'choosable',
      'probe',
    );
  });

  it('gan show-batch draws a grid, without tfjs', async () => {
    const cwd = folder();
    const {code, stdout, stderr} = await gan(
      ['show-batch', 'builtin:shapes', '--size', '16', '--n', '6', '--out', 'deep/er/b.png'],
      {cwd, withoutTfjs: true},
    );
    expect({code, stdout, stderr}).to.deep.equal({code: 0, stdout: 'deep/er/b.png\n', stderr: ''});
    expect(existsSync(path.join(cwd, 'deep/er/b.png'))).to.equal(true);
  });
}).timeout(30_000);
