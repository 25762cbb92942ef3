import {expect} from 'chai';
import {execFileSync, spawnSync} from 'node:child_process';
import {mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {exporters, loadRun, openBackend, openRun, openTraining, tf, type Device, type HostTensor} from 'gankit';
import sharp from 'sharp';
import {drawLatent} from '../../dist/gan/latents.js';
import {gan, root} from '../commands/helpers.js';
import {ganError} from '../gan-error.js';
import {noOrt, ort} from '../gan/export/helpers.js';
import {runGraphModel} from '../gan/export/graph-model.js';
import {runOnnx} from '../gan/export/onnxruntime.js';
import {folder, removeFolders} from '../plugin/helpers.js';
import {pythonOrSkip} from '../python.js';

const [size, latent] = [16, 8];
const settings = {
  data: 'builtin:shapes',
  recipe: 'quick',
  size,
  latent,
  batchSize: 8,
  steps: 12,
  source: {count: 52},
  arch: {name: 'basic', nFeatures: 4},
} as const;

const filesIn = (dir: string): Map<string, Uint8Array> =>
  new Map(readdirSync(dir).map((name) => [name, readFileSync(path.join(dir, name))]));

/** The largest difference of two sets of pictures, in levels of 256. */
const levels = (a: HostTensor['data'], b: HostTensor['data']): number =>
  Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);

describe('a trained run as a folder for the Hugging Face hub', function () {
  this.timeout(120_000);
  let cwd: string;
  let run: string;
  let device: Device;
  const at = (name: string): string => path.join(cwd, name);

  before(async () => {
    cwd = folder();
    run = at('run');
    device = await openBackend('wasm');
    const training = await openTraining(settings, {device});
    await training.fit(run);
    await training.close();
    const trained = await openRun(run, {device});
    await trained.export('hub', at('model'), {title: 'Shapes & <b>', license: 'MIT', page: true});
    await trained.export(exporters.hub({dtype: 'float16'}), at('half'));
    await trained.close();
  });
  after(async () => {
    await device.close();
    removeFolders();
  });

  const drawn = async (dir: string, checkpoint?: number): Promise<HostTensor> => {
    const loaded = loadRun(dir, {device, ...(checkpoint !== undefined && {checkpoint})});
    return loaded.generate({n: 9, seed: 4}).finally(() => loaded.close());
  };

  it('has the files of the hub, and the card shows what gan generate draws', async () => {
    expect(readdirSync(at('model')).sort()).to.deep.equal([
      'README.md',
      'config.json',
      'index.html',
      'model.safetensors',
      'samples.png',
    ]);
    const card = readFileSync(at('model/README.md'), 'utf8');
    expect(card)
      .to.match(/^---\nlicense: mit\n/)
      .and.contain('# Shapes \\& \\<b\\>\n')
      .and.contain('`builtin:shapes`, 52 images');
    const made = await gan(['generate', 'model', '--backend', 'wasm', '--out', 'drawn.png'], {cwd});
    expect(made.code, made.stderr).to.equal(0);
    const [shown, wanted] = await Promise.all(
      ['model/samples.png', 'drawn.png'].map((file) => sharp(at(file)).raw().toBuffer()),
    );
    expect(shown!.equals(wanted!)).to.equal(true);
  });

  it('draws the pictures of the run, bit for bit; in half-precision they hardly differ', async () => {
    const wanted = await drawn(run);
    expect(await drawn(at('model'))).to.deep.equal(wanted);
    const far = levels((await drawn(at('half'))).data, wanted.data);
    expect(far, 'levels of 256').to.be.within(0, 2);
    const bytes = (name: string): number => statSync(at(`${name}/model.safetensors`)).size;
    expect(bytes('half')).to.be.below(0.75 * bytes('model'));
  });

  it('can be exported and measured again, and is no run to go on with', async () => {
    const model = await openRun(at('model'), {device});
    const [file] = await model.export('safetensors', at('again.safetensors'));
    await (await openRun(run, {device})).export('safetensors', at('first.safetensors'));
    expect(readFileSync(file!).equals(readFileSync(at('first.safetensors')))).to.equal(true);
    const {step, weights, metrics} = await model.evaluation({metrics: ['swd'], images: 16});
    expect({step, weights, names: metrics.map(({name}) => name)}).to.deep.equal({
      step: 12,
      weights: 'averaged',
      names: ['swd'],
    });
    await model.close();
    const resumed = await gan(['fit', '--resume', 'model', '--backend', 'wasm'], {cwd});
    expect(resumed.code).to.equal(5);
    expect(resumed.stderr)
      .to.match(/GAN_NO_CHECKPOINT/)
      .and.contain('--init model/model.safetensors');
  });

  it('has the weights that were exported, and says so of others', async () => {
    const other = await ganError(() => drawn(at('model'), 3));
    expect([other.code, other.message]).to.deep.equal([
      'GAN_NO_CHECKPOINT',
      `${at('model')} is an exported model and has the weights of step 12 only`,
    ]);
    expect(await drawn(at('model'), 12)).to.deep.equal(await drawn(run));
    const loaded = loadRun(at('model'), {device, weights: 'trained'});
    expect((await ganError(() => loaded.generate())).message).to.contain('has no trained weights');
  });

  it('is refused when a file was changed', async () => {
    mkdirSync(at('broken'));
    for (const [name, bytes] of filesIn(at('model'))) writeFileSync(at(`broken/${name}`), bytes);
    writeFileSync(at('broken/model.safetensors'), readFileSync(at('model/model.safetensors')).subarray(0, -4));
    expect((await ganError(() => drawn(at('broken')))).code).to.equal('GAN_FILE_BROKEN');
  });

  it('is used as its card says', async () => {
    const card = readFileSync(at('model/README.md'), 'utf8');
    const code = /```js\n(.*?)```/s.exec(card)![1]!;
    const command = /```sh\ngan (.*?)\n```/s.exec(card)![1]!;
    const made = await gan([...command.split(' '), '--backend', 'wasm'], {cwd: at('model')});
    expect(made.code, made.stderr).to.equal(0);
    const byCommand = readFileSync(at('model/images.png'));
    mkdirSync(at('node_modules'));
    symlinkSync(root, at('node_modules/gankit'), 'dir');
    writeFileSync(at('model/draw.mjs'), code);
    const ran = spawnSync(process.execPath, ['draw.mjs'], {cwd: at('model'), encoding: 'utf8'});
    expect(ran.status, ran.stderr).to.equal(0);
    expect(readFileSync(at('model/images.png')).equals(byCommand)).to.equal(true);
  });

  it('is read by numpy: the weights in half-precision are those in 32 bits, rounded', async function () {
    const python = await pythonOrSkip(this, 'numpy');
    // what safetensors.numpy does, by the format's definition
    const script = `import json, numpy, struct, sys
def read(file):
  raw = open(file, 'rb').read()
  end = 8 + struct.unpack('<Q', raw[:8])[0]
  kinds = {'F16': '<f2', 'F32': '<f4', 'I64': '<i8'}
  return {name: numpy.frombuffer(raw[end:][t['data_offsets'][0]:t['data_offsets'][1]], kinds[t['dtype']]).reshape(t['shape'])
    for name, t in json.loads(raw[8:end]).items() if name != '__metadata__'}
whole, half = read(sys.argv[1]), read(sys.argv[2])
assert whole.keys() == half.keys()
for name, value in whole.items():
  wanted = value.astype('<f2') if value.dtype == '<f4' else value
  assert half[name].dtype == wanted.dtype and numpy.array_equal(half[name], wanted), name
print(len(whole))`;
    const files = ['model', 'half'].map((name) => at(`${name}/model.safetensors`));
    expect(Number(execFileSync(python, ['-c', script, ...files], {encoding: 'utf8'}))).to.be.above(10);
  });

  it('writes ONNX, TensorFlow.js and web in half-precision too, close to the run', async function () {
    const trained = await openRun(run, {device});
    const {generator} = await trained.networks();
    const latents = Float32Array.from([0, 1, 2].flatMap((i) => [...drawLatent(latent, 5, i)]));
    const [nhwc, nchw] = tf.tidy(() => {
      const images = generator.forward(tf.tensor(latents, [3, latent]));
      return [images, tf.transpose(images, [0, 3, 1, 2])].map((each) => each.dataSync() as Float32Array);
    });
    const far = (got: Float32Array, wanted: Float32Array): number =>
      wanted.reduce((most, value, i) => Math.max(most, Math.abs(value - got[i]!)), 0);
    await trained.export('tfjs', at('tfjs'), {dtype: 'float16', license: 'other'});
    await trained.export('tfjs', at('tfjs-32'));
    const images = await runGraphModel(filesIn(at('tfjs')), latents, [3, latent]);
    expect(far(images.data, nhwc!), 'tfjs').to.be.within(1e-7, 0.01);
    const shard = (name: string): number => statSync(at(`${name}/group1-shard1of1.bin`)).size;
    expect(shard('tfjs')).to.be.below(0.55 * shard('tfjs-32'));
    expect(readFileSync(at('tfjs/README.md'), 'utf8'))
      .to.match(/^---\nlicense: other\n/)
      .and.contain('tf.loadGraphModel');
    await trained.export('onnx', at('half.onnx'), {dtype: 'float16'});
    await trained.export('onnx', at('onnx'), {network: 'both'});
    expect(readdirSync(at('onnx')).sort()).to.deep.equal(['README.md', 'critic.onnx', 'generator.onnx', 'samples.png']);
    expect(statSync(at('half.onnx')).size).to.be.below(0.75 * statSync(at('onnx/generator.onnx')).size);
    await trained.close();
    if (!ort) {
      console.log(`      skipped: ${noOrt}`);
      return this.skip();
    }
    const model = readFileSync(at('half.onnx'));
    expect(far((await runOnnx(ort, model, latents, [3, latent])).data, nchw!), 'ONNX').to.be.within(1e-7, 0.01);
  });

  it('says what is wrong with a licence or a type before anything is written', async () => {
    for (const [args, code] of [
      [['--format', 'hub', '--license', 'nonsense'], 'GAN_LICENSE'],
      [['--format', 'safetensors', '--license', 'mit'], 'license'],
      [['--format', 'hub', '--dtype', 'float8'], 'float16'],
    ] as const) {
      const {code: exit, stderr} = await gan(['export', 'run', ...args, '--out', 'none', '--backend', 'wasm'], {cwd});
      expect(exit, stderr).to.equal(2);
      expect(stderr).to.contain(code);
      expect(readdirSync(cwd)).to.not.include('none');
    }
  });
});
