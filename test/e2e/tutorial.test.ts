/** docs/plugins.md, followed to the letter: with a registry on loopback instead of npm's, and from packed sources. */
import {expect} from 'chai';
import {execFile} from 'node:child_process';
import {chmodSync, existsSync, readFileSync} from 'node:fs';
import path from 'node:path';
import {promisify} from 'node:util';
import {gan, jsonLines, root} from '../commands/helpers.js';
import {folder, removeFolders, write} from '../plugin/helpers.js';
import {startRegistry, type RegistryServer} from '../registry/start.js';
import {json, stepsOf, tinyFlags} from './helpers.js';

const page = readFileSync(path.join(root, 'docs/plugins.md'), 'utf8');

/** What the page says to do instead of `npm install` while the package is not on npm. */
const [fromSources, , installTarballs] = /<!-- sources: instead of npm install -->\n```(sh)\n([^]*?)```\n/.exec(page)!;

/** The shell blocks of the page, and files to be written, marked `<!-- FILE -->`, in their order. */
function tutorial(): string[] {
  const blocks = [...page.replace(fromSources, '').matchAll(/(?:<!-- (\S+) -->\n)?```(sh|ts)\n([^]*?)```/g)];
  const steps = blocks.filter(([, file, language]) => language === 'sh' || file !== undefined);
  return steps.map(([, file, language, body]) =>
    language === 'sh' ? body! : `cat > ${file} <<'END OF FILE'\n${body}END OF FILE\n`,
  );
}

/** Only what says that the registry cannot be reached. */
const isOffline = (error: unknown): boolean =>
  /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ENOTCACHED/.test((error as {stderr?: string}).stderr ?? (error as Error).message);

/** Runs a script with bash, without what `npm test` tells its children. */
async function shell(script: string, cwd: string, env: Record<string, string>): Promise<{stdout: string}> {
  const own = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_|^INIT_CWD$|^NODE_OPTIONS$|^FORCE_COLOR$/i.test(name)),
  );
  return promisify(execFile)('bash', ['-euo', 'pipefail', '-c', script], {
    cwd,
    env: {...own, ...env},
    maxBuffer: 2 ** 26,
  }).catch((error: {stdout: string; stderr: string}) => {
    throw new Error(`${error.stdout.slice(-3000)}\n${error.stderr.slice(-3000)}`);
  });
}

describe('a plug-in, from its first line to its removal', () => {
  let registry: RegistryServer;
  let cwd: string;
  let env: Record<string, string>;
  before(async function () {
    try {
      registry = await startRegistry();
    } catch (error) {
      if (process.env['CI'] !== undefined || !isOffline(error)) throw error;
      this.skip();
    }
    const {workspaces} = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {workspaces: string[]};
    for (const part of ['.', ...workspaces]) await registry.publish(path.join(root, part));
    cwd = folder();
    write(cwd, {'bin/gan': `#!/bin/sh\nexec "${process.execPath}" "${path.join(root, 'bin/run.js')}" "$@"\n`});
    chmodSync(path.join(cwd, 'bin/gan'), 0o755);
    env = {
      ...registry.env,
      GAN_DATA_DIR: path.join(cwd, 'data'),
      GAN_CACHE_DIR: path.join(cwd, 'cache'),
      PATH: `${path.join(cwd, 'bin')}${path.delimiter}${process.env['PATH']}`,
    };
  });
  after(() => {
    registry?.stop();
    removeFolders();
  });

  const run = () => path.join(cwd, 'gan-plugin-turns/run');

  it('works as the tutorial says', async () => {
    const steps = tutorial();
    expect(steps).to.have.length(6);
    const {stdout} = await shell(steps.join('\n'), cwd, env);
    expect(stdout.match(/7 passing/g)).to.have.length(2);
    expect(stdout).to.match(
      /turns {2}Many critic steps at first, then a few\. \(gan-plugin-turns\)\n +first=10 {2}critic steps in a row at the beginning/,
    );
    expect(stdout).to.contain('gan-plugin-turns 0.1.0: architecture turns, switcher turns');
    const lines = jsonLines(readFileSync(path.join(run(), 'metrics.jsonl'), 'utf8')).filter(
      ({mode}) => mode !== undefined,
    );
    const rounds = lines
      .map(({mode}) => (mode as string)[0])
      .join('')
      .split('g')
      .map((critic) => critic.length);
    expect(rounds.slice(0, 3)).to.deep.equal([5, 5, 5]); // --set switcher.first=5, three rounds
    expect(new Set(rounds.slice(3, -1))).to.deep.equal(new Set([2])); // also after the stop at step 60
    expect(lines).to.have.length(90);
  });

  it('is named in the run, which cannot go on without it', async () => {
    expect(json(path.join(run(), 'config.json'))).to.have.nested.property('switcher.name', 'gan-plugin-turns:turns');
    const {code, stderr} = await gan(['fit', '--resume', run(), '--steps', '120'], {cwd, env});
    expect(code).to.equal(3);
    expect(stderr).to.match(
      /GAN_PLUGIN_MISSING: The (architecture|switcher) 'turns' comes from the plug-in gan-plugin-turns, which is not installed\.\n.*gan plugins install gan-plugin-turns/,
    );
  });

  it('goes on once it is there again, from the file that npm pack made', async () => {
    const ok = await gan(['plugins', 'install', 'gan-plugin-turns/gan-plugin-turns-0.1.0.tgz'], {cwd, env});
    expect(ok.code, ok.stderr).to.equal(0);
    const {stdout, code} = await gan(['fit', '--resume', run(), '--steps', '95', '--json'], {cwd, env});
    expect(code).to.equal(0);
    expect(stepsOf(stdout)).to.have.length(5);
    expect(existsSync(path.join(cwd, 'data/node_modules/gankit')), 'a second copy of gan').to.equal(false);
  });

  /** Publishes a plug-in of plain JavaScript: a switcher, and a command of the name given. */
  async function publish(
    name: string,
    api: number,
    {version = '1.0.0', command}: {version?: string; command?: string} = {},
  ): Promise<void> {
    const dir = folder();
    write(dir, {
      'package.json': JSON.stringify({
        name,
        version,
        type: 'module',
        oclif: command === undefined ? {} : {commands: './commands'},
        gan: {api, switchers: {swap: './swap.js'}},
        peerDependencies: {gankit: '*'},
      }),
      'swap.js':
        "export default ({switcher}) => switcher({name: 'swap', summary: 'One each.', create: () => ({last}) => (last === 'critic' ? 'generator' : 'critic')});",
      ...(command !== undefined && {
        [`commands/${command}.js`]: `export default class {static summary = 'A test.'; static flags = {}; static args = {}; static async run() {console.log('${command} of ${version}');}}`,
      }),
    });
    await registry.publish(dir);
  }

  it('can be in a scope, and comes without the gan that it names as its peer', async () => {
    await publish('@me/gan-plugin-swap', 2);
    const {code, stdout, stderr} = await gan(['plugins', 'install', '@me/swap', '--json'], {cwd, env});
    expect(code, stderr).to.equal(0);
    expect(jsonLines(stdout)).to.deep.equal([
      {name: '@me/gan-plugin-swap', version: '1.0.0', parts: [{kind: 'switcher', name: 'swap'}]},
    ]);
    expect(existsSync(path.join(cwd, 'data/node_modules/gankit')), 'a second copy of gan').to.equal(false);
    expect((await gan(['plugins', 'uninstall', '@me/swap'], {cwd, env})).code).to.equal(0);
  });

  it('is updated to its newest version, which may bring other commands', async () => {
    await publish('gan-plugin-swap', 2, {command: 'before'});
    expect((await gan(['plugins', 'install', 'swap'], {cwd, env})).code).to.equal(0);
    expect((await gan(['before'], {cwd, env})).stdout).to.equal('before of 1.0.0\n');
    await publish('gan-plugin-swap', 2, {version: '1.1.0', command: 'after'});
    const {code, stdout, stderr} = await gan(['plugins', 'update', '--json'], {cwd, env});
    expect(code, stderr).to.equal(0);
    expect(jsonLines(stdout).find(({name}) => name === 'gan-plugin-swap')).to.deep.include({
      before: '1.0.0',
      version: '1.1.0',
      commands: ['after'],
      problems: [],
    });
    expect((await gan(['after'], {cwd, env})).stdout).to.equal('after of 1.1.0\n');
    expect((await gan(['before'], {cwd, env})).code).to.equal(2);
    expect(existsSync(path.join(cwd, 'data/node_modules/gankit')), 'a second copy of gan').to.equal(false);
  });

  it('is named and left out where its newest version does not fit', async () => {
    await publish('gan-plugin-swap', 99, {version: '2.0.0', command: 'after'});
    const {code, stdout, stderr} = await gan(['plugins', 'update'], {cwd, env});
    expect(code, stderr).to.equal(0);
    expect(stdout).to.contain('gan-plugin-swap 1.1.0 -> 2.0.0');
    expect(stderr).to.contain('gan-plugin-swap is not used: it is made for plug-in API 99, this version of gan has 2');
    expect((await gan(['plugins', 'uninstall', 'swap'], {cwd, env})).code).to.equal(0);
  });

  it('for another version of the API is taken away again, with the reason', async () => {
    await publish('gan-plugin-old', 0);
    const {code, stderr} = await gan(['plugins', 'install', 'old'], {cwd, env});
    expect(code).to.equal(3);
    expect(stderr).to.contain(
      'GAN_PLUGIN_REFUSED: gan-plugin-old was not kept: it is made for plug-in API 0, this version of gan has 2',
    );
    expect((await gan(['plugins'], {cwd, env})).stdout).to.not.contain('old');
  });

  it('that nobody has published is an error of its own', async () => {
    const {code, stderr} = await gan(['plugins', 'install', 'gan-nobody-has-this-one'], {cwd, env});
    expect(code).to.equal(2);
    expect(stderr).to.contain(
      'GAN_PLUGIN_NOT_FOUND: The npm registry has no gan-plugin-gan-nobody-has-this-one and no gan-nobody-has-this-one.',
    );
  });
}).timeout(240_000);

describe('gan, from its sources', () => {
  let home: string;
  let env: Record<string, string>;
  before(async () => {
    home = folder();
    env = {
      GAN_DATA_DIR: path.join(home, 'data'),
      GAN_CACHE_DIR: path.join(home, 'cache'),
      GAN_CONFIG_DIR: path.join(home, 'settings'),
      PATH: `${path.join(home, 'prefix/bin')}${path.delimiter}${process.env['PATH']}`,
      npm_config_prefix: path.join(home, 'prefix'),
      npm_config_prefer_offline: 'true',
      npm_config_update_notifier: 'false',
    };
    expect(readFileSync(path.join(root, 'README.md'), 'utf8')).to.match(/^npm install -g \. /m);
    await shell('npm install -g --ignore-scripts .', root, env); // it is built already
  });
  after(removeFolders);

  it('is a command in every folder, by both of its names', async () => {
    for (const command of ['gan', 'gankit']) {
      const {stdout} = await shell(`${command} --version`, home, env);
      expect(stdout).to.match(/^gankit\/\d+\.\d+\.\d+ /);
    }
    await shell(`gan fit ${tinyFlags.join(' ')} --steps 1 --quiet --out run`, home, env);
    expect(existsSync(path.join(home, 'run/metrics.jsonl'))).to.equal(true);
  });

  it('is enough to write, test and use a plug-in, by packed files instead of a registry', async function () {
    // the sources beside the plug-in; `npm pack` would build them again
    const sources = `npm() { [ "$1" = pack ] && [ "\${2-}" = --workspaces ] && set -- "$@" --ignore-scripts; command npm "$@"; }
      cd() { if [ "$1" = ../gan ]; then command cd ${JSON.stringify(root)}; else command cd "$1"; fi; }\n`;
    const pack = installTarballs!.replace('--pack-destination ..', `--pack-destination ${JSON.stringify(home)}`);
    const [create, file, test, link] = tutorial();
    const steps = [create!.replace(/^npm install$/m, pack), file, test, link];
    try {
      const {stdout} = await shell(sources + steps.join('\n'), home, env);
      expect(stdout.match(/7 passing/g)).to.have.length(2);
    } catch (error) {
      if (process.env['CI'] !== undefined || !isOffline(error)) throw error;
      this.skip();
    }
    const plugin = path.join(home, 'gan-plugin-turns');
    await shell(
      'gan plugins unlink turns && npm pack && gan plugins install ./gan-plugin-turns-0.1.0.tgz && gan fit --resume run --steps 61',
      plugin,
      env,
    );
    expect(json(path.join(plugin, 'run/config.json'))).to.have.nested.property(
      'switcher.name',
      'gan-plugin-turns:turns',
    );
    expect(existsSync(path.join(home, 'data/node_modules/gankit')), 'a second copy of gan').to.equal(false);
  });
}).timeout(240_000);
