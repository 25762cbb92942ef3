/** docs/json.md: what the commands print with --json is compiled against the types that the page gives. */
import {expect} from 'chai';
import {mkdirSync, readFileSync} from 'node:fs';
import path from 'node:path';
import {writePng} from 'gankit';
import ts from 'typescript';
import {gan, jsonLines, root} from '../commands/helpers.js';
import {tinyFlags} from '../e2e/helpers.js';
import {folder, removeFolders, write} from '../plugin/helpers.js';

const page = readFileSync(path.join(root, 'docs/json.md'), 'utf8');
const blocks = new Map([...page.matchAll(/```ts\n\/\/ (.+)\n([^]*?)```/g)].map(([, name, body]) => [name!, body!]));

/**
 * What TypeScript says of values written out where the type of that block is wanted: missing and additional keys are
 * errors, too.
 */
function faults(printed: readonly [name: string, values: readonly unknown[]][]): string[] {
  const sections = printed.map(
    ([name, values], i) =>
      `namespace N${i} {\n${blocks.get(name)}\n${values.map((value) => `export const v${Math.random().toString(36).slice(2)}: Shape = ${JSON.stringify(value)};`).join('\n')}\n}`,
  );
  const source = ts.createSourceFile(
    'printed.ts',
    `${blocks.get('shared')}\n${sections.join('\n')}`,
    ts.ScriptTarget.ES2022,
    true,
  );
  const options: ts.CompilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    lib: ['lib.es2022.d.ts'],
    types: [],
    target: ts.ScriptTarget.ES2022,
  };
  const host = ts.createCompilerHost(options);
  const {getSourceFile} = host;
  host.getSourceFile = (name, ...rest) => (name === 'printed.ts' ? source : getSourceFile(name, ...rest));
  return ts
    .getPreEmitDiagnostics(ts.createProgram(['printed.ts'], options, host))
    .map(({messageText}) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

describe('docs/json.md', () => {
  after(removeFolders);

  it('has a section for every command', () => {
    const {commands} = JSON.parse(readFileSync(path.join(root, 'oclif.manifest.json'), 'utf8')) as {
      commands: Record<string, {hidden?: boolean}>;
    };
    const wanted = Object.entries(commands)
      .filter(([, {hidden}]) => !hidden)
      .map(([id]) => `gan ${id.replaceAll(':', ' ')}`);
    const sections = [...page.matchAll(/^## (gan .+)$/gm)].map(([, name]) => name);
    expect(
      wanted.filter((name) => !sections.includes(name)),
      'add a section to docs/json.md',
    ).to.deep.equal([]);
  });

  it('(a key too many, one too few and one of another type are found)', () => {
    const good = {file: 'a', images: 1, skipped: []};
    const bad = [
      {...good, more: 1},
      {file: 'a', images: 1},
      {...good, images: 'one'},
    ];
    expect(faults([['gan show-batch', [good, ...bad]]])).to.have.length(bad.length);
  });

  it('says what the commands print', async () => {
    const cwd = folder();
    const env = {GAN_DATA_DIR: path.join(cwd, 'data'), GAN_CACHE_DIR: path.join(cwd, 'cache')};
    const module =
      "export default ({switcher}) => switcher({name: 'x', summary: 'A test.', create: () => () => 'critic'});";
    write(cwd, {
      'plugin/package.json': JSON.stringify({
        name: 'gan-plugin-x',
        version: '1.0.0',
        type: 'module',
        oclif: {},
        gan: {api: 2, switchers: {x: './x.js', y: './no.js'}},
      }),
      'plugin/x.js': module,
      'images/broken.png': 'x',
      'data/.keep': '',
    });
    for (let i = 0; i < 20; i++) {
      const file = path.join(cwd, 'classes', i % 2 ? 'dark' : 'light', `${i}.png`);
      mkdirSync(path.dirname(file), {recursive: true});
      await writePng(file, {data: new Uint8Array(192).fill(i % 2 ? i : 200 + i), width: 8, height: 8, channels: 3});
    }
    const printed: [string, Record<string, unknown>[]][] = [];
    /** The words of the command come first, then its arguments. */
    const run = async (words: number, args: string, code = 0): Promise<void> => {
      const list = args.split(' ');
      const ran = await gan([...list, '--json'], {cwd, env});
      expect(ran.code, `${args}: ${ran.stdout}${ran.stderr}`).to.equal(code);
      printed.push([code > 1 ? 'error' : ['gan', ...list.slice(0, words)].join(' '), jsonLines(ran.stdout)]);
    };
    await run(
      1,
      `fit ${tinyFlags.join(' ')} --epochs 1 --augment flip --penalty r1 --metrics swd --set metricImages=8 --backend wasm --out runs/a`,
    );
    await run(1, 'fit --config runs/a/config.json --steps 2 --out runs/b --backend wasm');
    await run(1, 'generate runs/a --n 2 --out g.png --backend wasm');
    await run(1, 'interpolate runs/a --frames 2 --out i.gif --backend wasm');
    await run(1, 'timelapse runs/a --out t.gif');
    await run(1, 'evaluate runs/a --images 8 --halves 2 --nearest 2 --metrics swd-pyramid,fd --backend wasm');
    await run(1, 'classify classes --size 8 --epochs 1 --batch-size 2 --out c.safetensors --backend wasm');
    await run(1, 'report runs/a');
    await run(1, 'export runs/a --out w.safetensors');
    await run(1, 'show-batch builtin:shapes --size 8 --n 2 --out b.png');
    await run(2, 'data inspect classes --out sheet.png');
    await run(2, 'data pack classes classes.safetensors --size 8 --shards 2');
    for (const args of ['runs list', 'runs show runs/a', 'runs diff runs/a runs/b', 'runs rm runs/b --yes'])
      await run(2, args);
    await run(1, 'init --yes');
    for (const args of [
      'config show --augment flip',
      'config schema --out s.json',
      'plugins create turns --provides switcher',
    ])
      await run(2, args);
    await run(2, 'plugins link plugin --no-install');
    await run(2, 'plugins inspect x');
    for (const args of ['plugins', 'parts', 'doctor', 'backends']) await run(1, args);
    await run(2, 'plugins uninstall x');
    await run(2, 'plugins reset --yes');
    await run(2, 'backends test wasm --only errors');
    for (const [args, code] of [
      ['fit nowhere', 5],
      ['fit --sise 3', 2],
      ['fti', 2],
    ] as const)
      await run(1, args, code);
    expect(printed.filter(([name]) => !blocks.has(name)).map(([name]) => name)).to.deep.equal([]);
    expect(faults(printed)).to.deep.equal([]);
  });
}).timeout(180_000);
