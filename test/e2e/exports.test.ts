import {expect} from 'chai';
import {existsSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {openBackend, Rng, tf, type Device} from 'gankit';
import sharp from 'sharp';
import {withoutPrefix} from '../../dist/gan/checkpoint.js';
import {readSafetensors} from '../../dist/gan/io/safetensors.js';
import {drawLatent} from '../../dist/gan/latents.js';
import {openRun, type Run} from '../../dist/runs/open-run.js';
import {openRegistry, pluginIn} from '../../dist/plugin/discover.js';
import {gan} from '../commands/helpers.js';
import {runGraphModel} from '../gan/export/graph-model.js';
import {expectNear, noOrt, ort} from '../gan/export/helpers.js';
import {runOnnx} from '../gan/export/onnxruntime.js';
import {folder, removeFolders} from '../plugin/helpers.js';
import {linkedIn, runTool, thirdParty} from '../plugins/third-party.js';
import {tinyFlags} from './helpers.js';

const size = 16;
const latentSize = 8;
const count = 3;

/** What the library makes of the latents of `gan generate --seed 5`, and of random images. */
interface Wanted {
  latents: Float32Array;
  images: Float32Array;
  pictures: Float32Array;
  scores: Float32Array;
  scoreShape: number[];
}

async function wantedOf(run: Run): Promise<Wanted> {
  const {generator, critic} = await run.networks();
  const latents = Float32Array.from(Array.from({length: count}, (_, i) => [...drawLatent(latentSize, 5, i)]).flat());
  const pictures = new Rng(2).normal(count * size * size * 3);
  return tf.tidy(() => {
    const images = generator.forward(tf.tensor(latents, [count, latentSize]));
    const scores = critic.forward(tf.tensor(pictures, [count, size, size, 3]));
    return {
      latents,
      images: images.dataSync() as Float32Array,
      pictures,
      scores: scores.dataSync() as Float32Array,
      scoreShape: scores.shape,
    };
  });
}

/** [n, height, width, channels] -> [n, channels, height, width], by the definition. */
function channelsFirst(values: Float32Array): Float32Array {
  return values.map((_, i) => {
    const [n, c, y, x] = [
      Math.floor(i / (3 * size * size)),
      Math.floor(i / (size * size)) % 3,
      Math.floor(i / size) % size,
      i % size,
    ];
    return values[((n * size + y) * size + x) * 3 + c]!;
  });
}

const filesIn = (dir: string): Map<string, Uint8Array> =>
  new Map(readdirSync(dir).map((name) => [name, readFileSync(path.join(dir, name))]));

describe('exports of trained runs', function () {
  this.timeout(120_000);
  let cwd: string;
  let home: string;
  let env: Record<string, string>;
  let device: Device;
  before(async () => {
    cwd = folder();
    home = thirdParty('example-parts', []);
    expect(runTool(home, 'typescript/bin/tsc').status).to.equal(0);
    env = {GAN_DATA_DIR: linkedIn(home, 'gan-plugin-example-parts')};
    device = await openBackend('wasm');
  });
  after(async () => {
    await device.close();
    removeFolders();
  });

  async function ok(...args: string[]): Promise<string> {
    const ran = await gan(args, {cwd, env});
    expect(ran.code, ran.stderr).to.equal(0);
    return ran.stdout;
  }

  /** Calls `use` with a run of the folder. */
  async function withRun<T>(name: string, use: (run: Run) => Promise<T>): Promise<T> {
    const run = await openRun(path.join(cwd, name), {registry: openRegistry([pluginIn(home)]), device});
    return use(run).finally(() => run.close());
  }

  const reference = (run: string): Promise<Wanted> => withRun(run, wantedOf);

  /** A fresh generator with the weights of the exported file. */
  async function paintedBy(run: string, latents: Float32Array): Promise<Float32Array> {
    const {tensors} = await readSafetensors(path.join(cwd, `${run}.safetensors`));
    return withRun(run, async ({networks}) => {
      const {generator} = await networks();
      for (const {variable} of generator.parameters()) variable.assign(tf.zerosLike(variable));
      generator.loadStateDict(withoutPrefix('generator.', tensors));
      return tf.tidy(() => generator.forward(tf.tensor(latents, [count, latentSize])).dataSync() as Float32Array);
    });
  }

  const runs: [run: string, what: string, args: string[]][] = [
    ['basic', 'the basic networks', tinyFlags as string[]],
    [
      'attention',
      'the critic with attention',
      [
        '--arch',
        'gan-critic',
        '--set',
        'arch.nFeatures=4',
        '--set',
        'arch.nf=8',
        '--set',
        'arch.nBlocks=1',
        ...tinyFlags.slice(0, 2),
        ...tinyFlags.slice(4),
      ],
    ],
    [
      'plug-in',
      'the architecture of the example plug-in',
      ['--recipe', 'none', '--arch', 'perceptron', '--lr', '0.001', ...tinyFlags.slice(0, 2), ...tinyFlags.slice(4)],
    ],
  ];
  for (const [run, what, args] of runs) {
    it(`compute what the library computes: ${what}`, async () => {
      await ok('fit', ...args, '--steps', '12', '--out', run);
      const wanted = await reference(run);
      const image = [count, size, size, 3];

      const models = (await ok('export', run, '--format', 'tfjs', '--network', 'both', '--out', `${run}-tfjs`))
        .trim()
        .split('\n');
      expect(models).to.include.members([`${run}-tfjs/generator/model.json`, `${run}-tfjs/critic/model.json`]);
      const made = await runGraphModel(filesIn(path.join(cwd, `${run}-tfjs/generator`)), wanted.latents, [
        count,
        latentSize,
      ]);
      expect(made.shape).to.deep.equal(image);
      expectNear(made.data, wanted.images, 'tfjs, generator');
      const scored = await runGraphModel(filesIn(path.join(cwd, `${run}-tfjs/critic`)), wanted.pictures, image);
      expect(scored.shape).to.deep.equal(wanted.scoreShape);
      expectNear(scored.data, wanted.scores, 'tfjs, critic');

      expect(await ok('export', run, '--format', 'onnx', '--network', 'both', '--out', `${run}-onnx`)).to.equal(
        `${['generator.onnx', 'critic.onnx', 'README.md', 'samples.png'].map((name) => `${run}-onnx/${name}`).join('\n')}\n`,
      );

      await ok('export', run, '--out', `${run}.safetensors`);
      expectNear(await paintedBy(run, wanted.latents), wanted.images, 'safetensors, generator');

      // the same latents as pictures of `gan generate`
      await ok('generate', run, '--seed', '5', '--n', String(count), '--out-dir', `${run}-pictures`);
      for (let i = 0; i < count; i++) {
        const bytes = await sharp(path.join(cwd, `${run}-pictures/${i + 1}.png`))
          .removeAlpha()
          .raw()
          .toBuffer();
        const values = made.data.slice(i * bytes.length, (i + 1) * bytes.length);
        const far = bytes.reduce((max, byte, at) => Math.max(max, Math.abs(byte - (values[at]! + 1) * 127.5)), 0);
        expect(far, 'half a level of rounding and 1e-4').to.be.at.most(0.52);
      }
    });

    it(`compute the same in onnxruntime: ${what}`, async function () {
      if (!ort) {
        console.log(`      skipped: ${noOrt}`);
        return this.skip();
      }
      const wanted = await reference(run);
      const first = [count, 3, size, size];
      const drawn = await runOnnx(ort, readFileSync(path.join(cwd, `${run}-onnx/generator.onnx`)), wanted.latents, [
        count,
        latentSize,
      ]);
      expect(drawn.shape).to.deep.equal(first);
      expectNear(drawn.data, channelsFirst(wanted.images), 'generator');
      const judged = await runOnnx(
        ort,
        readFileSync(path.join(cwd, `${run}-onnx/critic.onnx`)),
        channelsFirst(wanted.pictures),
        first,
      );
      expectNear(judged.data, wanted.scores, 'critic');
    });
  }

  it('say what a reader has to know in their metadata', () => {
    const model = JSON.parse(readFileSync(path.join(cwd, 'basic-tfjs/generator/model.json'), 'utf8')) as Record<
      string,
      unknown
    >;
    expect(model['userDefinedMetadata']).to.include({
      network: 'generator',
      architecture: 'basic',
      latentSize,
      imageSize: size,
      channels: 3,
      run: 'basic',
      checkpoint: 'step-00000012',
      layout: 'NHWC',
    });
    expect(model['userDefinedMetadata']).to.have.property('mean').that.deep.equals([0.5, 0.5, 0.5]);
    const text = readFileSync(path.join(cwd, 'basic-onnx/generator.onnx'), 'latin1');
    for (const word of ['latentSize', '[0.5,0.5,0.5]', 'step-00000012', 'NCHW', 'opset']) expect(text).to.contain(word);
  });

  it('of networks that a format cannot have: exit 2, the layer named, nothing written', async () => {
    const odd = folder();
    writeFileSync(
      path.join(odd, 'package.json'),
      JSON.stringify({
        name: 'gan-plugin-odd',
        version: '1.0.0',
        type: 'module',
        oclif: {},
        gan: {api: 2, architectures: {odd: './odd.js'}},
      }),
    );
    writeFileSync(
      path.join(odd, 'odd.js'),
      `export default ({architecture, nn, tf}) => architecture({name: 'odd', summary: 'Sums up.', create: () => {
      class RunningSum extends nn.Module { forward(x) { return tf.cumsum(x, 1); } }
      const critic = ({height: size, channels}) => nn.sequential([nn.flatten(), nn.dense(size * size * channels, 1)]);
      return {critic, generator: ({height: size, channels, latentSize}) => nn.sequential([nn.addChannels(2), nn.conv(latentSize, channels, {kernelSize: size, transposed: true}), nn.sequential([new RunningSum()])])};
    }});`,
    );
    const linked = {GAN_DATA_DIR: linkedIn(odd, 'gan-plugin-odd')};
    const fit = await gan(
      [
        'fit',
        '--recipe',
        'none',
        '--arch',
        'odd',
        '--lr',
        '0',
        ...tinyFlags.slice(0, 2),
        ...tinyFlags.slice(4),
        '--steps',
        '1',
        '--loss',
        'hinge',
        '--opt',
        'sgd',
        '--out',
        'odd',
      ],
      {cwd, env: linked},
    );
    if (fit.code !== 0) throw new Error(fit.stderr);
    for (const format of ['onnx', 'tfjs', 'web']) {
      const {code, stderr, stdout} = await gan(['export', 'odd', '--format', format, '--out', 'odd-out/x'], {
        cwd,
        env: linked,
      });
      expect({code, stdout}, stderr).to.deep.equal({code: 2, stdout: ''});
      expect(stderr)
        .to.match(/GAN_EXPORT_UNSUPPORTED/)
        .and.match(/2\.0 \(RunningSum\): .*Cumsum/);
      expect(existsSync(path.join(cwd, 'odd-out')), format).to.equal(false);
    }
  });

  it('do not write over a folder, and know their options', async () => {
    const taken = await gan(['export', 'basic', '--format', 'tfjs', '--out', 'basic-onnx'], {cwd});
    expect({code: taken.code, files: readdirSync(path.join(cwd, 'basic-onnx')).sort()}).to.deep.equal({
      code: 2,
      files: ['README.md', 'critic.onnx', 'generator.onnx', 'samples.png'],
    });
    expect(taken.stderr).to.contain('GAN_OUT_EXISTS');
    const unknown = await gan(['export', 'basic', '--format', 'onnx', '--network', 'painter', '--out', 'x.onnx'], {
      cwd,
    });
    expect(unknown.code).to.equal(2);
    expect(unknown.stderr).to.match(/generator.*critic.*both/s);
  });
});
