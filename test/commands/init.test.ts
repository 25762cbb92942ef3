import {expect} from 'chai';
import {readFileSync} from 'node:fs';
import path from 'node:path';
import {PassThrough} from 'node:stream';
import {askConfig} from '../../dist/cli/config/ask-config.js';
import type {Assignments} from '../../dist/config/assignments.js';
import {commentedConfig, commentedFormats} from '../../dist/config/commented.js';
import {resolveConfig} from '../../dist/config/resolve.js';
import {openRegistry} from '../../dist/plugin/discover.js';
import {folder, removeFolders, write} from '../plugin/helpers.js';
import {gan} from './helpers.js';

const registry = openRegistry();
const given = (values: Record<string, string>): Assignments =>
  new Map(Object.entries(values).map(([key, value]) => [key, {value, origin: `--${key}`}]));
const cases: Record<string, string>[] = [
  {data: 'builtin:shapes', recipe: 'wgan'},
  {
    data: 'builtin:shapes',
    recipe: 'none',
    arch: 'gan-critic',
    'arch.p': '0.5',
    'switcher.nCrit': '3',
    augment: 'flip',
    'augment.flip.p': '0.1',
    clip: 'none',
    steps: '30',
    genFirst: 'true',
    channels: '1',
    backend: 'wasm',
    penalty: 'r1',
  },
];

describe('gan init', () => {
  after(removeFolders);

  for (const format of commentedFormats) {
    for (const values of cases) {
      it(`writes ${format} that says what was chosen, and with all comments taken away the same: ${Object.keys(values).length} values`, async () => {
        const chosen = given(values);
        const resolved = await resolveConfig({registry, flags: chosen});
        const text = commentedConfig({format, chosen, resolved, names: (kind) => registry.names(kind)});
        const all = text.replaceAll(/^( *)(#|\/\/)(?! )/gm, '$1');
        expect(all).to.not.equal(text);
        for (const content of [text, all]) {
          const cwd = folder();
          write(cwd, {[`gan.config.${format}`]: content});
          const again = await resolveConfig({registry, cwd});
          expect(again.config).to.deep.equal(resolved.config);
          expect(again.backend).to.deep.equal(resolved.backend);
        }
      });
    }
  }

  it('--yes writes a file that gan then takes, and not over one that is there', async () => {
    const cwd = folder();
    write(cwd, {'my photos/x': ''});
    const first = await gan(['init', 'my photos', '--recipe', 'dcgan', '--size', '32', '--yes'], {cwd});
    expect(first).to.include({code: 0, stdout: 'gan.config.yaml\n'});
    const shown = JSON.parse((await gan(['config', 'show', '--json'], {cwd})).stdout) as {
      config: Record<string, unknown>;
      files: string[];
    };
    expect(shown.config).to.include({data: path.join(cwd, 'my photos'), size: 32, batchSize: 128});
    expect(shown.files).to.deep.equal([path.join(cwd, 'gan.config.yaml')]);
    const second = await gan(['init', '--yes'], {cwd});
    expect(second.code).to.equal(2);
    expect(second.stderr).to.contain('gan.config.yaml').and.contain('--force');
    expect((await gan(['init', '--yes', '--force', '--format', 'ts'], {cwd})).stderr).to.contain(
      'This project already has a configuration: gan.config.yaml',
    );
    expect((await gan(['init', '--yes', '--force'], {cwd})).code).to.equal(0);
    expect(readFileSync(path.join(cwd, 'gan.config.yaml'), 'utf8'))
      .to.contain('recipe: auto')
      .and.not.contain('dcgan\n');
  });

  it('without a terminal says what to give instead of asking, and with a bad flag does not ask', async () => {
    const cwd = folder();
    const {code, stdout, stderr} = await gan(['init'], {cwd});
    expect({code, stdout}).to.deep.equal({code: 2, stdout: ''});
    expect(stderr).to.contain('GAN_NO_TERMINAL').and.contain('--yes');
    expect((await gan(['init', '--size', '0', '--yes'], {cwd})).stderr).to.contain('size must be');
  });

  describe('asks', () => {
    /** Types a text whenever a question has appeared that it belongs to. */
    async function ask(keys: readonly [question: string, typed: string][], chosen: Record<string, string> = {}) {
      const [input, output] = [new PassThrough(), new PassThrough()];
      let [seen, next] = ['', 0];
      output.on('data', (chunk: Buffer) => {
        seen += chunk.toString();
        const [question, typed] = keys[next] ?? ['\0', ''];
        if (!seen.includes(question)) return;
        next++;
        setTimeout(() => input.write(typed), 20);
      });
      const answers = await askConfig(
        registry,
        {chosen: given(chosen), format: undefined},
        async () => ({size: 64, batchSize: 64, epochs: 1}),
        {input, output},
      );
      return {answers, seen};
    }
    const enter = '\r';
    const clear = '\u007F'.repeat(20);

    it("for images, recipe, numbers and format; the recipe's numbers stay the recipe's", async () => {
      const {answers} = await ask([
        ['Which images', enter],
        ['Which recipe', `\u001B[B\u001B[B${enter}`],
        ['size:', `${clear}32${enter}`],
        ['batchSize:', enter],
        ['epochs:', enter],
        ['In which format', `\u001B[B${enter}`],
      ]);
      expect(answers?.format).to.equal('ts');
      expect(Object.fromEntries([...answers!.chosen].map(([key, {value}]) => [key, value]))).to.deep.equal({
        data: 'builtin:shapes',
        recipe: 'gan',
        size: '32',
      });
    });

    it('not for what is given, and again after an answer that cannot be', async () => {
      const {answers, seen} = await ask(
        [
          ['batchSize:', `${clear}0${enter}`],
          ['batchSize must be', `${clear}8${enter}`],
          ['epochs:', enter],
          ['In which format', enter],
        ],
        {data: 'builtin:shapes', recipe: 'wgan', size: '16'},
      );
      expect(seen).to.not.contain('Which recipe');
      expect(answers?.chosen.get('batchSize')?.value).to.equal('8');
      expect(answers?.format).to.equal('yaml');
    });

    it('until Ctrl-C', async () => expect((await ask([['Which images', '\u0003']])).answers).to.equal(undefined));
  });
}).timeout(30_000);
