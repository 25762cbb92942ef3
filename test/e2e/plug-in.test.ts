import {expect} from 'chai';
import path from 'node:path';
import {gan, jsonLines} from '../commands/helpers.js';
import {expectSame, results} from '../runs/helpers.js';
import {folder, removeFolders, write} from '../plugin/helpers.js';
import {json, stepsOf} from './helpers.js';

/** A package as a stranger writes it: plain JavaScript, nothing imported, one small file a part. */
const files = {
  'package.json': JSON.stringify({
    name: 'gan-plugin-stranger',
    version: '1.2.3',
    type: 'module',
    oclif: {},
    gan: {
      api: 2,
      switchers: {'every-nth': './every-nth.js'},
      losses: {'soft-hinge': './soft-hinge.js'},
      architectures: {linear: './linear.js'},
      sources: {ramps: './ramps.js'},
      recipes: {strange: './strange.js'},
    },
  }),
  'every-nth.js': `
    export default ({switcher, opt}) => switcher({
      name: 'every-nth', summary: 'Trains the generator in every nth step.',
      options: {n: opt.int(3, {min: 2, help: 'number of steps from one generator step to the next'})},
      create: ({n}) => {
        let steps = 0;
        const next = () => ((steps += 1) % n === n - 1 ? 'generator' : 'critic');
        return Object.assign(next, {save: () => ({steps}), load: (state) => { steps = state.steps; }});
      },
    });`,
  'soft-hinge.js': `
    export default ({loss, opt, tf}) => loss({
      name: 'soft-hinge', summary: 'Hinge loss with a rounded corner.',
      options: {margin: opt.num(1, {min: 0})},
      create: ({margin}) => ({
        critic: ({real, fake}) => tf.add(tf.mean(tf.softplus(tf.sub(margin, real.scores))), tf.mean(tf.softplus(tf.add(margin, fake.scores)))),
        generator: ({fake}) => tf.neg(tf.mean(fake.scores)),
      }),
    });`,
  'linear.js': `
    export default ({architecture, nn, opt}) => architecture({
      name: 'linear', summary: 'One layer paints, two look.',
      options: {width: opt.int(16, {min: 1, help: 'hidden units'})},
      create: ({width}) => ({
        generator: ({height: size, channels, latentSize}) => nn.sequential([nn.addChannels(2), nn.conv(latentSize, channels, {kernelSize: size, transposed: true, bias: false}), nn.tanh()]),
        critic: ({height: size, channels}) => nn.sequential([nn.flatten(), nn.dense(size * size * channels, width), nn.leakyRelu(0.2), nn.dense(width, 1)]),
      }),
    });`,
  'ramps.js': `
    export default ({source}) => source({
      name: 'ramps', summary: 'From dark to light, in any direction; no end of them.',
      create: () => ({height: size, channels}) => ({
        shape: [size, size, channels],
        batch: (n, rng) => {
          const out = new Float32Array(n * size * size * channels);
          for (let i = 0, at = 0; i < n; i++) {
            const angle = 2 * Math.PI * rng.float();
            for (let y = 0; y < size; y++) for (let x = 0; x < size; x++) for (let c = 0; c < channels; c++) {
              out[at++] = (Math.cos(angle) * (2 * x / size - 1) + Math.sin(angle) * (2 * y / size - 1)) / 2;
            }
          }
          return out;
        },
      }),
    });`,
  'strange.js': `
    export default ({recipe}) => recipe({
      name: 'strange', summary: 'All of these together.',
      create: () => ({source: 'made up', values: {arch: 'linear', loss: 'soft-hinge', switcher: {name: 'every-nth', n: 4}, opt: 'adam', lr: 0.001, size: 16, latent: 8, batchSize: 8}}),
    });`,
};

describe('a plug-in of a stranger, linked to the command line', () => {
  let cwd: string;
  let env: Record<string, string>;
  before(async () => {
    cwd = folder();
    write(path.join(cwd, 'plug-in'), files);
    env = {
      XDG_DATA_HOME: path.join(cwd, 'data'),
      XDG_CACHE_HOME: path.join(cwd, 'cache'),
      XDG_CONFIG_HOME: path.join(cwd, 'config'),
    };
    const {code, stderr} = await gan(['plugins', 'link', 'plug-in', '--no-install'], {cwd, env});
    expect(code, stderr).to.equal(0);
  });
  after(removeFolders);

  const ok = async (...args: string[]) => {
    const ran = await gan(args, {cwd, env});
    expect(ran.code, ran.stderr).to.equal(0);
    expect(ran.stderr).to.not.match(/warning/i);
    return ran;
  };

  it('shows up in the help', async () => {
    const {stdout} = await ok('fit', '--help', '--all');
    for (const name of ['every-nth', 'soft-hinge', 'linear', 'ramps', 'strange'])
      expect(stdout).to.match(new RegExp(`^ +${name}\\s[\\s\\S]{0,120}gan-plugin-stranger\\)`, 'm'));
    expect(stdout).to.contain('n=3: number of steps from one generator step to the next');
  });

  it('is unknown where it is not linked', async () => {
    const {code, stderr} = await gan(['fit', '--arch', 'linear'], {
      cwd,
      env: {XDG_DATA_HOME: path.join(cwd, 'nothing')},
    });
    expect(code).to.equal(2);
    expect(stderr).to.contain("no architecture 'linear'");
  });

  it('trains with all of its parts, in turns that its switcher decides', async () => {
    const {stdout} = await ok('fit', 'builtin:ramps', '--recipe', 'strange', '--steps', '12', '--json', '--out', 'run');
    const modes = stepsOf(stdout).map((step) => (step as string[])[1]);
    const c = 'critic';
    expect(modes).to.deep.equal([c, c, c, 'generator', c, c, c, 'generator', c, c, c, 'generator']);
    expect(jsonLines(stdout)[0]).to.include({
      items: 8192,
      generatorParameters: 8 * 16 * 16 * 3,
      criticParameters: 16 * 16 * 3 * 16 + 16 + 16 + 1,
    });
    const {arch, loss, switcher, data} = json(path.join(cwd, 'run/config.json'));
    expect({arch, loss, switcher, data}).to.deep.equal({
      arch: {name: 'gan-plugin-stranger:linear', options: {width: 16}},
      loss: {name: 'gan-plugin-stranger:soft-hinge', options: {margin: 1}},
      switcher: {name: 'gan-plugin-stranger:every-nth', options: {n: 4}},
      data: 'builtin:gan-plugin-stranger:ramps',
    });
  });

  it('goes on exactly, the state of its switcher included', async () => {
    const fit = [
      'fit',
      'builtin:ramps',
      '--recipe',
      'strange',
      '--set',
      'switcher.n=5',
      '--set',
      'loss.margin=0.5',
      '--quiet',
    ];
    await ok(...fit, '--steps', '20', '--out', 'whole');
    await ok(...fit, '--steps', '7', '--out', 'parts');
    await ok('fit', '--resume', 'parts', '--steps', '20', '--quiet');
    expectSame(await results(path.join(cwd, 'parts')), await results(path.join(cwd, 'whole')));
  });

  it('generates, exports and shows its data', async () => {
    await ok('fit', 'builtin:ramps', '--recipe', 'stranger:strange', '--steps', '2', '--quiet');
    const run = path.join('runs', 'strange-ramps-1'); // a colon is not for names of files on Windows
    await ok('generate', run, '--n', '2', '--out', 'images.png');
    await ok('export', run, '--out', 'weights.safetensors');
    await ok('show-batch', 'builtin:ramps', '--size', '16', '--out', 'batch.png');
  });

  it('has its options checked like those of built-in parts', async () => {
    const {code, stderr} = await gan(['fit', 'builtin:ramps', '--recipe', 'strange', '--set', 'switcher.m=5'], {
      cwd,
      env,
    });
    expect(code).to.equal(3);
    expect(stderr).to.contain("'switcher.m'").and.contain("Did you mean 'switcher.n'");
  });

  it('is gone after plugins unlink', async () => {
    await ok('plugins', 'unlink', 'gan-plugin-stranger');
    const {code, stderr} = await gan(['fit', '--arch', 'linear'], {cwd, env});
    expect(code).to.equal(2);
    expect(stderr).to.contain("no architecture 'linear'");
  });
}).timeout(120_000);
