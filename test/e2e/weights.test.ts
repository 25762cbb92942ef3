import {expect} from 'chai';
import {readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {readSafetensors, writeSafetensors} from '../../dist/gan/io/safetensors.js';
import type {StateDict} from '../../dist/gan/module.js';
import {gan, root} from '../commands/helpers.js';
import {folder, removeFolders} from '../plugin/helpers.js';
import {json, stepsOf} from './helpers.js';

/** The networks of a recording of fastai, with its names, shapes and weights. */
const recording = path.join(root, 'test/golden/recordings/trace_wgan_rmsprop');
const asRecorded = [
  '--recipe',
  'wgan',
  '--size',
  '16',
  '--latent',
  '10',
  '--n-features',
  '8',
  '--n-extra-layers',
  '1',
  '--batch-size',
  '8',
  '--set',
  'source.count=16',
];
/** Steps that change no parameter. */
const still = ['--lr', '0', '--clip', 'none'];

async function fastaiWeights(): Promise<StateDict> {
  const {tensors} = await readSafetensors(`${recording}.safetensors`);
  return new Map(
    [...tensors]
      .filter(([name]) => name.startsWith('init.'))
      .map(([name, tensor]) => [name.slice('init.'.length), tensor]),
  );
}

const isParameter = (name: string): boolean => /\.(weight|bias)$/.test(name);
const shapes = (state: StateDict): Record<string, string> =>
  Object.fromEntries([...state].map(([name, {dtype, shape}]) => [name, `${dtype} ${shape.join('x')}`]));
const parameters = (state: StateDict): Record<string, number[]> =>
  Object.fromEntries(
    [...state].filter(([name]) => isParameter(name)).map(([name, {data}]) => [name, [...data].map(Number)]),
  );

describe('weights in and out', () => {
  afterEach(removeFolders);

  async function ok(cwd: string, ...args: string[]) {
    const ran = await gan(args, {cwd});
    expect(ran.code, ran.stderr).to.equal(0);
    return ran;
  }

  async function exported(cwd: string, run: string): Promise<StateDict> {
    const {stdout} = await ok(cwd, 'export', run, '--format', 'safetensors', '--out', `out/${run}.safetensors`);
    expect(stdout).to.equal(`out/${run}.safetensors\n`);
    const {tensors, metadata} = await readSafetensors(path.join(cwd, `out/${run}.safetensors`));
    expect(metadata).to.deep.equal({format: 'pt'});
    return tensors;
  }

  it("gan export gives the names, shapes and types of fastai's own model", async () => {
    const cwd = folder();
    await ok(cwd, 'fit', ...asRecorded, '--steps', '2', '--out', 'run');
    const {['generator.1.1.num_batches_tracked']: counter, ...got} = shapes(await exported(cwd, 'run'));
    expect(counter).to.equal('I64 ');
    const withoutCounters = Object.fromEntries(
      Object.entries(got).filter(([name]) => !name.endsWith('num_batches_tracked')),
    );
    expect(withoutCounters).to.deep.equal(shapes(await fastaiWeights()));
  });

  it('gan fit --init starts from exactly the weights of a file, here of fastai', async () => {
    const cwd = folder();
    const weights = await fastaiWeights();
    await writeSafetensors(path.join(cwd, 'fastai.safetensors'), weights);
    await ok(cwd, 'fit', ...asRecorded, ...still, '--init', 'fastai.safetensors', '--steps', '7', '--out', 'run');
    expect(parameters(await exported(cwd, 'run'))).to.deep.equal(parameters(weights));
    expect(json(path.join(cwd, 'run/config.json'))).to.include({init: path.join(cwd, 'fastai.safetensors')});
  });

  it('so that the first loss is the same as that of the run they come from', async () => {
    const cwd = folder();
    const first = async (run: string, ...args: string[]) =>
      stepsOf((await ok(cwd, 'fit', ...asRecorded, ...args, '--steps', '1', '--json', '--out', run)).stdout)[0];
    const origin = await first('origin', '--seed', '5', ...still);
    await exported(cwd, 'origin');
    const init = ['--init', 'out/origin.safetensors'];
    expect(await first('again', '--seed', '5', ...init)).to.deep.equal(origin);
    expect(await first('other', '--seed', '6')).to.not.deep.equal(await first('other-init', '--seed', '6', ...init));
  });

  it('a run folder is no file of weights: what is said makes one', async () => {
    const cwd = folder();
    await ok(cwd, 'fit', ...asRecorded, '--steps', '1', '--out', 'run');
    const init = ['fit', ...asRecorded, '--steps', '1', '--out', 'next', '--init'];
    const {code, stderr} = await gan([...init, 'run'], {cwd});
    expect(code).to.equal(5);
    const [, advice = ''] = /-> gan (export .*) {3}writes/.exec(stderr) ?? [];
    await ok(cwd, ...advice.split(' '));
    await ok(cwd, ...init, 'weights.safetensors');
  });

  it('one of the two networks alone is taken, too', async () => {
    const cwd = folder();
    const weights = new Map([...(await fastaiWeights())].filter(([name]) => name.startsWith('generator.')));
    await writeSafetensors(path.join(cwd, 'generator.safetensors'), weights);
    await ok(cwd, 'fit', ...asRecorded, ...still, '--steps', '1', '--out', 'plain');
    await ok(cwd, 'fit', ...asRecorded, ...still, '--init', 'generator.safetensors', '--steps', '1', '--out', 'run');
    const [plain, run] = [parameters(await exported(cwd, 'plain')), parameters(await exported(cwd, 'run'))];
    for (const [name, values] of Object.entries(run)) {
      expect(values, name).to.deep.equal(name.startsWith('generator.') ? parameters(weights)[name] : plain[name]);
    }
  });

  const wrong: [what: string, make: (file: string) => Promise<void>, says: RegExp[]][] = [
    ['is missing', () => Promise.resolve(), [/GAN_FILE_UNREADABLE/, /w\.safetensors/]],
    [
      'is no safetensors file',
      (file) => Promise.resolve(writeFileSync(file, 'PK, a torch.save file perhaps')),
      [/GAN_FILE_BROKEN/, /w\.safetensors is not an intact safetensors file/],
    ],
    [
      'is cut',
      async (file) => {
        await writeSafetensors(file, await fastaiWeights());
        writeFileSync(file, readFileSync(file).subarray(0, -4));
      },
      [/GAN_FILE_BROKEN/, /w\.safetensors/],
    ],
    [
      'holds other networks',
      async (file) => {
        const weights = await fastaiWeights();
        weights.set('critic.3.weight', {dtype: 'F32', shape: [1, 2, 4, 4], data: new Float32Array(32)});
        weights.set('critic.2.0.bias', {dtype: 'F32', shape: [1], data: new Float32Array(1)});
        await writeSafetensors(file, weights);
      },
      [
        /GAN_STATE_MISMATCH/,
        /w\.safetensors/,
        /critic/,
        /3\.weight: got \[1, 2, 4, 4\], wanted \[1, 16, 4, 4\]/,
        /2\.0\.bias: not in this network/,
      ],
    ],
    [
      'has no generator and no critic',
      (file) =>
        writeSafetensors(file, new Map([['layer.weight', {dtype: 'F32', shape: [1], data: new Float32Array(1)}]])),
      [/GAN_STATE_MISMATCH/, /begins with generator\. or critic\./],
    ],
  ];
  for (const [what, make, says] of wrong) {
    it(`--init of a file that ${what}: exit 5`, async () => {
      const cwd = folder();
      await make(path.join(cwd, 'w.safetensors'));
      const {code, stdout, stderr} = await gan(
        ['fit', ...asRecorded, '--init', 'w.safetensors', '--steps', '1', '--out', 'run'],
        {cwd},
      );
      expect({code, stdout}, stderr).to.deep.equal({code: 5, stdout: ''});
      for (const text of says) expect(stderr).to.match(text);
      expect(stderr).to.not.match(/^ +at /m);
    });
  }
}).timeout(120_000);
