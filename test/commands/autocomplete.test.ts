import {expect} from 'chai';
import {execFile, execFileSync} from 'node:child_process';
import {chmodSync} from 'node:fs';
import path from 'node:path';
import {promisify} from 'node:util';
import {complete, type CompletionContext} from '../../dist/cli/completion/completions.js';
import {completions, shells} from '../../dist/cli/completion/shells.js';
import {openRegistry} from '../../dist/plugin/discover.js';
import {folder, pack, removeFolders, write} from '../plugin/helpers.js';
import {root} from './helpers.js';
import {readFileSync} from 'node:fs';

const has = (program: string): boolean => {
  try {
    execFileSync(program, ['--version'], {stdio: 'ignore'});
    return true;
  } catch {
    return false;
  }
};

describe('completion', () => {
  let context: CompletionContext;
  before(() => {
    const {commands} = JSON.parse(readFileSync(path.join(root, 'oclif.manifest.json'), 'utf8')) as {
      commands: Record<string, CompletionContext['commands'][number]>;
    };
    const plugin = pack(
      'gan-plugin-t',
      {api: 2, switchers: {turns: './t.js'}},
      {
        't.js':
          "export default ({switcher, opt}) => switcher({name: 'turns', summary: 'A test.', options: {often: opt.int(1)}, create: () => () => 'critic'});",
      },
    );
    const registry = openRegistry([plugin]);
    context = {
      commands: Object.values(commands),
      registry: async () => registry,
      runs: async () => ['runs/a'],
      plugins: () => ['t'],
    };
  });
  after(removeFolders);

  const cases: [line: string, wanted: string[]][] = [
    ['f', ['fit']],
    ['plugins ins', ['inspect', 'install']],
    ['plugins inspect ', ['t']],
    ['runs show ', ['runs/a']],
    ['runs diff runs/a ', ['runs/a']],
    ['fit builtin:s', ['builtin:shapes']],
    ['fit --n-', ['--n-crit', '--n-extra-layers', '--n-features', '--n-gen']],
    ['fit --switcher ', ['adaptive', 'fixed', 'turns']],
    ['fit --lr 0.1 --switcher=t', ['--switcher=turns']],
    ['fit --penalty r', ['r1', 'r2']],
    ['fit --augment flip,', ['flip,ada', 'flip,color', 'flip,cutout', 'flip,translation']],
    ['fit --augment f', ['flip']],
    ['fit --metrics=sw', ['--metrics=swd', '--metrics=swd-pyramid']],
    ['fit --keep-best sw', ['swd', 'swd-pyramid']],
    ['fit --set keepBest=s', ['keepBest=swd', 'keepBest=swd-pyramid']],
    ['fit --set switcher=t', ['switcher=turns']],
    ['fit --set resize=', ['resize=crop', 'resize=pad', 'resize=squish']],
    ['plugins create x --provides switcher,s', ['switcher,schedule', 'switcher,source']],
    ['fit --set switcher.o', ['switcher.often=']],
    ['fit --set augment.f', ['augment.flip.p=']],
    ['fit --resize ', ['crop', 'pad', 'squish']],
    ['fit --out ', []],
    ['parts sw', ['switcher', 'switchers']],
    ['backends test wa', ['wasm']],
    ['config sh', ['show']],
    ['autocomplete ', ['bash', 'fish', 'powershell', 'zsh']],
    ['fit --resume ', ['runs/a']],
    ['fit -b 4 builtin:s', ['builtin:shapes']],
    ['help lo', ['losses']],
    ['nonsense ', []],
  ];
  for (const [line, wanted] of cases)
    it(`of 'gan ${line}'`, async () => expect(await complete(line.split(' '), context)).to.deep.equal(wanted));

  it('there is a script for each shell', () => expect(Object.keys(completions)).to.deep.equal([...shells]));

  /** A shell in which `gan` is this one. */
  async function inShell(program: string, script: string): Promise<string> {
    const cwd = folder();
    write(cwd, {
      'bin/gan': `#!/bin/sh\nexec "${process.execPath}" "${path.join(root, 'bin/run.js')}" "$@"\n`,
      script: script,
    });
    chmodSync(path.join(cwd, 'bin/gan'), 0o755);
    const env = {
      ...process.env,
      PATH: `${path.join(cwd, 'bin')}${path.delimiter}${process.env['PATH']}`,
      GAN_DATA_DIR: path.join(cwd, 'data'),
    };
    return (
      await promisify(execFile)(
        program,
        {zsh: ['-f', 'script'], fish: ['--no-config', 'script']}[program] ?? ['--norc', 'script'],
        {cwd, env},
      )
    ).stdout;
  }

  it('works in bash, with its word breaks at : and =', async function () {
    if (!has('bash')) this.skip();
    const ask = (line: string): string =>
      `COMP_LINE='gan ${line}'; COMP_POINT=\${#COMP_LINE}; COMPREPLY=(); _gan; echo "\${COMPREPLY[*]}"`;
    const out = await inShell(
      'bash',
      [
        'eval "$(gan autocomplete bash)"',
        'complete -p gan',
        ask('fit --arch '),
        ask('fit builtin:s'),
        ask('runs s'),
      ].join('\n'),
    );
    expect(out).to.equal('complete -o default -F _gan gan\nbasic gan-critic light mlp resnet\nshapes\nshow\n');
  });

  it('puts names into the line as words, whatever is in them', async function () {
    if (!has('bash')) this.skip();
    const names = [
      '$(touch ran)',
      '`touch ran`',
      'a b',
      "it's",
      'a"b',
      'a;touch ran',
      'a&touch ran',
      '*',
      'a:b=c',
      'back\\slash',
    ];
    const runs = [...names, 'line\nfeed', '\u001B[2J'].map((name) => `runs/${name}`);
    const found = await complete(['runs', 'show', ''], {...context, runs: async () => runs});
    expect(found).to.deep.equal(names.map((name) => `runs/${name}`).sort());
    const quoted = found.map((name) => `'${name.replaceAll("'", "'\\''")}'`).join(' ');
    const ask = (line: string): string =>
      `COMP_LINE='gan ${line}'; COMP_POINT=\${#COMP_LINE}; COMPREPLY=(); _gan; for each in "\${COMPREPLY[@]}"; do eval "printf '%s\\n' $each"; done`;
    const out = await inShell(
      'bash',
      [
        'eval "$(gan autocomplete bash)"',
        `gan() { printf '%s\\n' ${quoted}; }`, // what would be completed here
        ask('runs show '),
        `gan() { printf '%s\\n' "$@"; }`,
        'COMP_LINE="gan runs show runs/a\\ b"; COMP_POINT=${#COMP_LINE}; _gan >/dev/null; printf "%s\\n" "${COMPREPLY[@]}"',
        'ls ran 2>/dev/null',
        'true',
      ].join('\n'),
    );
    const lines = out.trimEnd().split('\n');
    expect(lines.slice(0, found.length)).to.deep.equal(found); // each is one word, and nothing was run
    expect(lines.at(-1)).to.equal('=runs/a\\ b'); // what is typed is understood
    expect(lines).to.not.include('ran');
  });

  it('works in fish', async function () {
    if (!has('fish')) this.skip();
    const ask = (line: string): string => `complete -C 'gan ${line}'`;
    const out = await inShell(
      'fish',
      ['gan autocomplete fish | source', ask('fit --arch b'), ask('runs s')].join('\n'),
    );
    expect(out).to.equal('basic\nshow\n');
  });

  it('works in zsh', async function () {
    if (!has('zsh')) this.skip();
    const ask = (words: string): string => `words=(gan ${words}); CURRENT=$#words; _gan`;
    const out = await inShell(
      'zsh',
      [
        'compdef() { echo "compdef $@"; }',
        'compadd() { while [[ $1 != -- ]]; do shift; done; shift; (( $# )) && print -- "$@"; return 0; }',
        'eval "$(gan autocomplete zsh)"',
        ask("fit --arch ''"),
        ask('fit --set arch.nF'),
        ask("fit --out ''").replace('_gan', '_files() { echo files; }; _gan'),
      ].join('\n'),
    );
    expect(out).to.equal('compdef _gan gan\nbasic gan-critic\narch.nFeatures=\nfiles\n');
  });
}).timeout(60_000);
