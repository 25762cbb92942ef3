import {expect} from 'chai';
import {execFileSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import {folder, removeFolders, write} from '../plugin/helpers.js';
import {gan, root} from './helpers.js';

interface Known {
  flags: Record<string, {allowNo?: boolean; aliases?: string[]; char?: string}>;
}

const {commands} = JSON.parse(readFileSync(path.join(root, 'oclif.manifest.json'), 'utf8')) as {
  commands: Record<string, Known>;
};

/** The command that words begin with, and how many of them it takes. */
function commandOf(words: readonly string[]): {id: string; command: Known; length: number} | undefined {
  for (const length of [2, 1]) {
    const id = words.slice(0, length).join(':');
    if (commands[id]) return {id, command: commands[id], length};
  }
  return undefined;
}

const hasFlag = ({flags}: Known, name: string): boolean =>
  ['help', 'version', 'all'].includes(name) ||
  Object.entries(flags).some(
    ([flag, {allowNo, aliases = []}]) =>
      [flag, ...aliases].includes(name) || (allowNo === true && name === `no-${flag}`),
  );

/** All texts in a file of the sources; of templates what stands between the values, with N for each of these. */
function textsOf(file: string): string[] {
  const content = readFileSync(path.join(root, file), 'utf8');
  if (!/gan [a-z-]/.test(content)) return [];
  const source = ts.createSourceFile(file, content, ts.ScriptTarget.Latest);
  const texts: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) texts.push(node.text);
    if (ts.isTemplateExpression(node))
      texts.push(node.head.text + node.templateSpans.map(({literal}) => `N${literal.text}`).join(''));
    ts.forEachChild(node, visit);
  };
  visit(source);
  return texts;
}

describe('advice', () => {
  after(removeFolders);

  it('every command and flag of it that a text of the sources names is there', () => {
    const files = execFileSync('git', ['ls-files', 'src/*.ts'], {cwd: root, encoding: 'utf8'})
      .trim()
      .split('\n')
      .filter((file) => !/^src\/(ui\/(page|export-page)|scaffold)\//.test(file));
    const wrong: string[] = [];
    let count = 0;
    for (const file of files)
      for (const text of textsOf(file))
        for (const [all, line = ''] of text.matchAll(/(?:^|[`'( ]|-> )gan ((?:[a-z-]+|--[a-z])[^\n`;]*)/g)) {
          const words = line.split(/ {3}|[:.,] /)[0]!.split(' ');
          if (words[0] === 'complete' || words[0]!.startsWith('--')) continue;
          const found = commandOf(words);
          if (!found) {
            // prose such as 'gan cannot ...' is no command: only marked ones and those with flags are looked at
            if (/`gan /.test(all) || words.some((word) => /^--[a-z]/.test(word))) wrong.push(`${file}: ${line}`);
            continue;
          }
          count++;
          for (const word of words) {
            const [, flag] = /^--([a-z][a-z-]*)/.exec(word) ?? [];
            if (flag !== undefined && !hasFlag(found.command, flag)) wrong.push(`${file}: --${flag} in ${line}`);
          }
        }
    expect(wrong).to.deep.equal([]);
    expect(count).to.be.above(60);
  });

  const tiny = [
    '--size',
    '8',
    '--recipe',
    'wgan',
    '--n-features',
    '4',
    '--latent',
    '4',
    '-b',
    '4',
    '--backend',
    'wasm',
  ];
  const small = ['builtin:shapes', ...tiny, '--set', 'source.count=16'];

  /** Command lines that are wrong, in a folder with a run of 4 steps. */
  const mistakes: readonly (readonly string[])[] = [
    ['train', ...small, '--steps', '4'],
    ['sample', 'latest'],
    ['list'],
    ['resume'],
    ['show', 'latest'],
    ['fti', '--help'],
    ['fit', '--data', 'images', ...tiny, '--steps', '4'],
    ['fit', ...small, '--num-epochs'],
    ['fit', ...small, '--out', 'runs/wgan-shapes-1', '--steps', '5'],
    ['fit', '--resume', 'latest'],
    ['fit', '--resume', 'nothing'],
    ['fit', '--resume', 'latest', '--size', '16'],
    ['fit', 'nowhere'],
    ['fit', 'empty'],
    ['fit', ...small, '--keep-best', 'swd'],
    ['fit', ...small, '--keep-best', 'swdd'],
    ['fit', ...small, '--stop-when', 'swd<0.1'],
    ['fit', ...small, '--stop-when', 'collapse', '--watch-every', '0'],
    ['fit', ...small, '--arch', 'basci'],
    ['fit', ...small, '--clip', 'None'],
    ['fit', 'images', ...tiny, '-b', '64', '--steps', '4'],
    ['generate', 'latest', '--out', 'a.bmp'],
    ['generate', 'latest', '--checkpoint', '77'],
    ['generate', 'latest', '--checkpoint', 'best'],
    ['generate', 'latest', '--checkpoint', 'x'],
    ['generate', 'latest', '--seeds', 'x'],
    ['generate', 'latest', '--truncation', 'x'],
    ['generate', 'latest', '--weights', 'averaged'],
    ['interpolate', 'latest', '--out', 'a.png'],
    ['evaluate', 'latest', '--metrics', 'modes'],
    ['export', 'latest', '--format', 'onx'],
    ['runs', 'list', 'nowhere'],
    ['runs', 'rm', 'latest'],
    ['ui', 'nowhere'],
    ['plugins', 'uninstall', 'nothing'],
    ['plugins', 'create', 'loss'],
    ['init', '--size', '8'],
    ['config', 'show', '--set', 'augment.ada.target=0.5'],
    ['config', 'show', '--augment', 'flip', '--set', 'augment.ada.target=0.5'],
  ];

  it('every suggestion that is a command, or flags for the one that was typed, is accepted', async () => {
    const cwd = folder();
    const {default: sharp} = await import('sharp');
    write(cwd, {'empty/readme.txt': 'no image', 'package.json': '{"name": "x"}'});
    const square = sharp({create: {width: 8, height: 8, channels: 3, background: 'red'}}).png();
    for (let i = 0; i < 8; i++) write(cwd, {[`images/${i}.png`]: ''});
    for (let i = 0; i < 8; i++) await square.clone().toFile(path.join(cwd, `images/${i}.png`));
    const env = {GAN_DATA_DIR: path.join(cwd, 'data')};
    expect((await gan(['fit', ...small, '--steps', '4'], {cwd, env})).code).to.equal(0);
    const refused: string[] = [];
    const tried = new Set<string>();
    for (const typed of mistakes) {
      const {stdout} = await gan([...typed, '--json'], {cwd, env});
      const {error} = JSON.parse(stdout.trim().split('\n')[0]!) as {error?: {suggestions: string[]}};
      for (const suggestion of error?.suggestions ?? []) {
        const args = commandIn(suggestion, typed);
        if (args === undefined || tried.has(args.join(' '))) continue;
        tried.add(args.join(' '));
        const ran = await gan(args, {cwd, env});
        // a run that has ended is gone on with by more steps, which that error says
        if (ran.code !== 0 && !/GAN_NOTHING_TO_DO/.test(ran.stderr + ran.stdout))
          refused.push(`gan ${typed.join(' ')}: ${suggestion}\n  gan ${args.join(' ')}\n${ran.stderr}`);
      }
    }
    expect(refused).to.deep.equal([]);
    expect(tried.size).to.be.above(20);
  });

  /** What stands for something in a suggestion, as somebody would fill it in. */
  const filled: Record<string, string> = {
    RUN: 'latest',
    DATA: 'images',
    NAME: 'swd',
    METRIC: 'swd',
    STEP: '4',
    'FILE.gif': 'w.gif',
    DIR: 'dir',
  };

  /** The words of the command that a suggestion is, ends with, or that its flags make of what was typed. */
  function commandIn(suggestion: string, typed: readonly string[]): string[] | undefined {
    const plain = suggestion.replace(/\.$/, '').split('   ')[0]!;
    const line = /(?:^|: |^Use )(gan [a-z-].*|--[a-z].*)$/.exec(plain)?.[1] ?? /'(gan [^']+)'\?/.exec(suggestion)?.[1];
    if (line === undefined || /^--\S+, /.test(line)) return undefined;
    const words = line.split(' ').map((word) => filled[word] ?? word);
    let args = words[0] === 'gan' ? words.slice(1) : merged(typed, words);
    if (args[0] === 'ui' || args.includes('FILE') || args.includes('FILE.mp4')) return undefined;
    if (args[0] === 'plugins' && args[1] === 'install') return undefined; // asks a registry
    if (args[0] === 'fit' && args.length === 1) args = ['fit', ...small];
    return args[0] === 'fit' && !args.includes('--resume') && !args.includes('--help')
      ? ['config', 'show', ...args.slice(1).filter((word, i, all) => word !== '--out' && all[i - 1] !== '--out')]
      : args;
  }

  /** What was typed with these flags in place of the same ones. */
  function merged(typed: readonly string[], flags: readonly string[]): string[] {
    const at = typed.indexOf(flags[0] === '--out-dir' ? '--out' : flags[0]!);
    return at === -1 ? [...typed, ...flags] : [...typed.slice(0, at), ...flags, ...typed.slice(at + flags.length)];
  }
}).timeout(120_000);
