import {expect} from 'chai';
import {existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {npmMessage, npmProgram} from '../../dist/cli/plugins/npm.js';
import {packageSpec} from '../../dist/cli/plugins/plugin-packages.js';
import {folder, removeFolders, write} from '../plugin/helpers.js';
import {gan, jsonLines} from './helpers.js';

const swap =
  "export default ({switcher}) => switcher({name: 'swap', summary: 'One each.', create: () => ({last}) => (last === 'critic' ? 'generator' : 'critic')});";

describe('gan plugins, with the npm of the user', () => {
  let cwd: string;
  let data: string;
  let env: Record<string, string>;
  let scriptRan: string;
  before(() => {
    cwd = folder();
    data = path.join(cwd, 'data');
    env = {GAN_DATA_DIR: data, GAN_CACHE_DIR: path.join(cwd, 'cache'), GAN_NPM_REGISTRY: 'http://127.0.0.1:1/'};
    scriptRan = path.join(cwd, 'script-ran');
    write(path.join(cwd, 'swap'), {
      'package.json': JSON.stringify({
        name: 'gan-plugin-swap',
        version: '1.0.0',
        type: 'module',
        oclif: {},
        gan: {api: 2, switchers: {swap: './swap.js'}},
        scripts: {postinstall: 'node ran.cjs'},
      }),
      'swap.js': swap,
      'ran.cjs': `require('node:fs').writeFileSync(${JSON.stringify(scriptRan)}, '')`,
    });
    write(path.join(cwd, 'no-oclif'), {
      'package.json': JSON.stringify({name: 'gan-plugin-no-oclif', version: '1.0.0', gan: {api: 2}}),
    });
  });
  after(removeFolders);

  const plugins = (...args: string[]) => gan(['plugins', ...args], {cwd, env});
  const ok = async (...args: string[]) => {
    const ran = await plugins(...args);
    expect(ran.code, ran.stderr).to.equal(0);
    return ran;
  };
  const noted = () =>
    (
      JSON.parse(readFileSync(path.join(data, 'package.json'), 'utf8')) as {oclif: {plugins: {name: string}[]}}
    ).oclif.plugins.map(({name}) => name);
  const installed = () => path.join(data, 'node_modules/gan-plugin-swap');

  it('install from a folder, and say that install scripts did not run, and how they would', async () => {
    const {stdout, stderr} = await ok('install', './swap');
    expect(stdout).to.equal('gan-plugin-swap 1.0.0: switcher swap\n');
    expect(stderr).to.contain(
      'Install scripts did not run: gan-plugin-swap 1.0.0. If the plug-in needs them: gan plugins uninstall gan-plugin-swap, then gan plugins install ./swap --allow-scripts',
    );
    expect(existsSync(scriptRan)).to.equal(false);
    expect(noted()).to.deep.equal(['gan-plugin-swap']);
    await ok('install', './swap'); // once more: the source that npm has noted already
    expect(noted()).to.deep.equal(['gan-plugin-swap']);
    await ok('update');
  });

  it('uninstall by the short name, with the files', async () => {
    const {stdout} = await ok('uninstall', 'swap', '--json');
    expect(jsonLines(stdout)).to.deep.equal([{uninstalled: ['gan-plugin-swap']}]);
    expect(existsSync(installed())).to.equal(false);
    expect(noted()).to.deep.equal([]);
    const again = await plugins('uninstall', 'swap');
    expect(again.code).to.equal(2);
    expect(again.stderr).to.contain('GAN_PLUGIN_NOT_FOUND: The plug-in swap is not installed.');
  });

  it('run install scripts with --allow-scripts, whatever the version of npm', async () => {
    const {stderr} = await ok('install', './swap', '--allow-scripts');
    expect(stderr).to.not.contain('did not run');
    expect(existsSync(scriptRan)).to.equal(true);
    await ok('reset', '--yes');
    expect(noted()).to.deep.equal([]);
    expect(existsSync(installed())).to.equal(false);
  });

  it('link and unlink by a folder, in place of the installed one, without npm', async () => {
    const {stdout} = await gan(['plugins', 'link', 'swap', '--no-install'], {
      cwd,
      env: {...env, PATH: path.join(cwd, 'nothing')},
    });
    expect(stdout).to.contain(`gan-plugin-swap 1.0.0 -> ${path.join(cwd, 'swap')}: switcher swap`);
    expect(noted()).to.deep.equal(['gan-plugin-swap']);
    await ok('unlink', './swap');
    expect(noted()).to.deep.equal([]);
  });

  it('say that npm is missing, and what needs none', async () => {
    const {code, stderr} = await gan(['plugins', 'install', './swap'], {
      cwd,
      env: {...env, PATH: path.join(cwd, 'nothing')},
    });
    expect(code).to.equal(3);
    expect(stderr).to.contain('GAN_NPM_MISSING: npm was not found').and.contain('gan plugins link FOLDER --no-install');
  });

  it("pass npm's error on, without its stack", async () => {
    writeFileSync(path.join(cwd, 'broken.tgz'), 'no archive');
    const broken = await plugins('install', 'broken.tgz');
    expect(broken.code).to.equal(3);
    expect(broken.stderr).to.match(/GAN_PLUGIN_INSTALL: file:\S+broken\.tgz cannot be installed: TAR_BAD_ARCHIVE/);
    const offline = await gan(['plugins', 'install', 'anything'], {cwd, env: {...env, npm_config_fetch_retries: '0'}});
    expect(offline.code).to.equal(5);
    expect(offline.stderr).to.match(/GAN_REGISTRY: .*gan-plugin-anything: .*ECONNREFUSED/);
    for (const {stderr} of [broken, offline]) expect(stderr).to.not.match(/^\s*at |npm error|\.log/m);
  });

  it('keep nothing of a package that is no plug-in', async () => {
    const {code, stderr} = await plugins('install', './no-oclif');
    expect(code).to.equal(3);
    expect(stderr).to.contain('GAN_PLUGIN_INSTALL: gan-plugin-no-oclif cannot be installed').and.contain('"oclif": {}');
    expect(existsSync(path.join(data, 'node_modules/gan-plugin-no-oclif'))).to.equal(false);
    expect(noted()).to.deep.equal([]);
  });

  it('refuse a list that cannot be read, and set it aside with reset', async () => {
    mkdirSync(data, {recursive: true});
    const file = path.join(data, 'package.json');
    writeFileSync(file, '{"private": tr');
    const {code, stderr} = await plugins('install', './swap');
    expect(code).to.equal(3);
    expect(stderr).to.contain(`GAN_PLUGINS_FILE: The list of plug-ins, ${file}, cannot be read`);
    expect(readFileSync(file, 'utf8')).to.equal('{"private": tr');
    await ok('reset', '--yes');
    expect(existsSync(`${file}.broken`)).to.equal(true);
    expect((await ok()).stderr).to.contain('No plug-in is installed.');
  });
}).timeout(120_000);

describe('npmProgram', () => {
  it('is npm elsewhere; on Windows the script that npm.cmd runs, which needs no shell', () => {
    expect(npmProgram('linux')).to.deep.equal(['npm']);
    const there = ['C:\\Users\\a b\\npm.cmd', 'D:\\node\\npm.cmd', 'D:\\node\\node_modules\\npm\\bin\\npm-cli.js'];
    const env = {Path: 'C:\\Windows;C:\\Users\\a b;D:\\node;'};
    expect(npmProgram('win32', env, (file) => there.includes(file))).to.deep.equal([
      process.execPath,
      'D:\\node\\node_modules\\npm\\bin\\npm-cli.js',
    ]);
    expect(npmProgram('win32', env, () => false)).to.deep.equal(['npm.exe']);
  });
});

describe('packageSpec', () => {
  it('takes paths of Windows for folders, not for names of the registry', async () => {
    for (const wanted of ['plug-ins\\mine', '.\\mine', 'C:\\mine', 'c:/mine', '\\\\server\\share\\mine']) {
      const error = await packageSpec({}, wanted).catch((thrown: Error) => thrown);
      expect((error as Error).message, wanted).to.match(/^There is no package in .*mine\.$/);
    }
  });
});

describe('npmMessage', () => {
  it('has what happened, for npm 10 and 11', () => {
    const tail = 'A complete log of this run can be found in: /home/me/.npm/_logs/2026-01-01-debug-0.log';
    const refused = 'FetchError: request to http://x/ failed, reason: connect ECONNREFUSED 127.0.0.1:1';
    expect(npmMessage(`npm error code E404\nnpm error 404 Not Found - GET http://x/a\nnpm error ${tail}\n`)).to.equal(
      '404 Not Found - GET http://x/a',
    );
    expect(
      npmMessage(`npm ERR! ${refused}\nnpm ERR!     at a (b.js:1:2) {\nnpm ERR!   code: 'ECONNREFUSED',\nnpm ERR! }\n`),
    ).to.equal(refused);
  });
});
