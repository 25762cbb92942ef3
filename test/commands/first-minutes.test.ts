import {expect} from 'chai';
import {existsSync, readdirSync, readFileSync} from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import {commandMeantBy} from '../../dist/cli/command/other-words.js';
import {shortTraining} from '../../dist/cli/training/short-training.js';
import {folder, removeFolders, write} from '../plugin/helpers.js';
import {gan} from './helpers.js';

const tiny = ['--size', '8', '--n-features', '4', '--latent', '4', '--backend', 'wasm'];
const made = [...tiny, '-b', '4', '--set', 'source.count=16'];
const small = [...made, '--recipe', 'wgan'];
const oneImage = [...tiny, '-b', '1', '--recipe', 'wgan'];
const run = (...args: string[]) => gan(args, {cwd: where});
let where = '';

describe('the first minutes', () => {
  before(async () => {
    where = folder();
    for (const recipe of ['wgan', 'gan']) await run('fit', ...made, '--steps', '6', '--recipe', recipe);
    await run('fit', ...small, '--steps', '6', '--seed', '1');
  });
  after(removeFolders);

  describe('a run is named', () => {
    for (const [name, dir] of [
      ['latest', 'runs/wgan-shapes-2'],
      ['wgan-shapes-1', 'runs/wgan-shapes-1'],
      ['shapes-2', 'runs/wgan-shapes-2'],
      ['gan-shapes-1', 'runs/gan-shapes-1'],
      ['runs/gan-shapes-1', 'runs/gan-shapes-1'],
    ] as const)
      it(`${name}: ${dir}`, async () => {
        const {stdout, stderr} = await run('runs', 'show', name);
        expect(stdout).to.match(new RegExp(`^run +${dir}\\n`));
        expect(stderr).to.equal(name === dir ? '' : `Run ${dir}\n`);
      });

    it('by a part that several have: which, exit 2; by one that none has: which there are, exit 5', async () => {
      const several = await run('generate', 'shapes');
      expect(several.code).to.equal(2);
      expect(several.stderr).to.contain('3 runs').and.contain('runs/gan-shapes-1');
      for (const args of [['generate'], ['runs', 'show'], ['timelapse'], ['export'], ['fit', '--resume']]) {
        const none = await run(...args, 'nothing');
        expect(none.code).to.equal(5);
        expect(none.stderr).to.match(/nothing is not a run folder: it has no config\.json[\s\S]*runs\/wgan-shapes-1/);
      }
    });

    it('but with --yes runs rm takes whole names only', async () => {
      expect((await run('runs', 'rm', 'shapes-2', '--yes')).code).to.equal(5);
      expect(existsSync(path.join(where, 'runs/wgan-shapes-2'))).to.equal(true);
    });
  });

  describe('a command', () => {
    it('what is written without --out has a name of its own, and overwrites nothing', async () => {
      const said: string[] = [];
      for (const args of [
        ['generate', 'latest'],
        ['generate', 'latest'],
        ['export', 'latest'],
        ['export', 'latest', '--format', 'onnx'],
        ['interpolate', 'latest', '--frames', '2'],
        ['timelapse', 'latest'],
        ['show-batch', 'builtin:shapes'],
      ])
        said.push((await run(...args)).stdout.trim());
      expect(said).to.deep.equal([
        'wgan-shapes-2.png',
        'wgan-shapes-2-2.png',
        'wgan-shapes-2.safetensors',
        'wgan-shapes-2.onnx',
        'wgan-shapes-2-walk.gif',
        'wgan-shapes-2-timelapse.gif',
        'shapes-batch.png',
      ]);
      for (const file of said) expect(existsSync(path.join(where, file)), file).to.equal(true);
    });

    it('the ending of --out chooses the format: the same pixels in PNG and WebP, nearly those in JPEG', async () => {
      const pixels: Buffer[] = [];
      for (const ending of ['png', 'webp', 'jpg']) {
        await run('generate', 'latest', '-n', '4', '-o', `grid.${ending}`);
        const image = sharp(path.join(where, `grid.${ending}`));
        expect((await image.metadata()).format).to.equal(ending === 'jpg' ? 'jpeg' : ending);
        pixels.push(await image.removeAlpha().raw().toBuffer());
      }
      const [png, webp, jpg] = pixels as [Buffer, Buffer, Buffer];
      expect(webp.equals(png)).to.equal(true);
      expect(Math.max(...png.map((value, i) => Math.abs(value - jpg[i]!)))).to.be.below(60);
    });

    it('one image is data', async () => {
      const {code, stdout} = await run('fit', 'grid.png', ...oneImage, '--steps', '2');
      expect(code).to.equal(0);
      expect(stdout).to.contain('runs/wgan-grid-1');
    });

    it('the same training again names the command that goes on, and that works', async () => {
      const again = await run('fit', ...small, '--steps', '6');
      expect(again.stderr).to.contain('runs/wgan-shapes-1 has the same settings and is done with its 6 steps');
      const [, command = ''] = /To go on with it: gan (.*)/.exec(again.stderr) ?? [];
      expect(command).to.equal('fit --resume runs/wgan-shapes-1 --steps 12');
      expect((await run(...command.split(' '))).stdout).to.match(/steps +12 /);
      const other = await run('fit', ...small, '--steps', '6', '--seed', '2');
      expect(other.stderr).to.not.contain('same settings');
    });

    it('says where each grid is, and how to watch', async () => {
      const {stderr} = await run('fit', ...small, '--steps', '6', '--seed', '3');
      expect(stderr)
        .to.match(/in another terminal: gan ui/)
        .and.match(/samples after step 6: runs\/\S+\.png\n/);
      expect(stderr).to.match(/Warning: this training is short: of its 6 steps the generator takes 1,/);
    });

    it('--ui serves the run while it trains, and no longer', async () => {
      let page: Promise<unknown> | undefined;
      const {code} = await gan(['fit', ...small, '--steps', '4000', '--sample-every', '0', '--ui'], {
        cwd: where,
        onStderr: (text, kill) => {
          const [, url] = /Watch it at (\S+)\n[\s\S]*step \d+/.exec(text) ?? [];
          if (url === undefined || page) return;
          page = fetch(new URL('/api/runs', url))
            .then((response) => response.json())
            .finally(() => kill('SIGINT'));
        },
      });
      expect(code).to.equal(130);
      expect(JSON.stringify(await page)).to.contain('wgan-shapes');
    });

    it('a small folder has fifty rows, not thousands, and the last one', async () => {
      const {stdout, stderr} = await run('fit', 'grid.png', ...oneImage, '--epochs', '130', '--n-crit', '1');
      const rows = stdout.split('\n').filter((line) => /^\d+ /.test(line));
      expect(rows).to.have.length.within(40, 52);
      expect(rows[0]).to.match(/^0 /);
      expect(rows.at(-1)).to.match(/^129 /);
      expect(stderr).to.contain('A row for every 3 epochs');
      const [name] = readdirSync(path.join(where, 'runs')).filter((each) => each === 'wgan-grid-2');
      const log = readFileSync(path.join(where, 'runs', name!, 'metrics.jsonl'), 'utf8');
      expect(log.match(/"row"/g)).to.have.length(130);
    });

    it('a training is short by the steps of its generator', () => {
      const fixed = (nCrit: number, nGen: number) => ({switcher: {name: 'fixed', options: {nCrit, nGen}}});
      expect(shortTraining(fixed(5, 1), 1494)).to.contain('the generator takes 249');
      expect(shortTraining(fixed(5, 1), 1500)).to.equal(undefined);
      expect(shortTraining({switcher: {name: 'adaptive', options: {}}}, 499)).to.contain('--steps 1000');
    });

    it('words of other programs are none of ours', () => {
      const commands = JSON.parse(readFileSync(new URL('../../oclif.manifest.json', import.meta.url), 'utf8')) as {
        commands: Record<string, unknown>;
      };
      for (const id of Object.keys(commands.commands))
        expect(commandMeantBy(id.replaceAll(':', ' ')), id).to.equal(undefined);
    });

    it("a plug-in's metric is known by its short name", async () => {
      write(where, {
        'plug/package.json': JSON.stringify({
          name: 'gan-plugin-m',
          version: '1.0.0',
          type: 'module',
          oclif: {},
          gan: {api: 2, metrics: {gap: './m.js'}},
        }),
        'plug/m.js':
          "export default ({metric}) => metric({name: 'gap', summary: 'A test.', create: () => ({better: 'lower', compute: () => 1})});",
      });
      const env = {GAN_DATA_DIR: path.join(where, 'data')};
      await gan(['plugins', 'link', 'plug', '--no-install'], {cwd: where, env});
      for (const name of ['gap', 'gan-plugin-m:gap']) {
        const args = ['config', 'show', '--metrics', 'gap', '--keep-best', name, '--stop-when', 'gap<0.5', '--json'];
        const {code, stdout} = await gan(args, {cwd: where, env});
        expect({name, code}).to.deep.equal({name, code: 0});
        expect(JSON.parse(stdout)).to.have.nested.property('config.keepBest', 'gap');
      }
    });
  });
}).timeout(60_000);
