import {expect} from 'chai';
import {execFile} from 'node:child_process';
import {promisify} from 'node:util';
import {tf, type Tensor} from '../../dist/backends/tf.js';
import {classShares, drawClass, gridByClass, mixShares} from '../../dist/gan/class-choice.js';
import {rowCount, rowNames, type Classes} from '../../dist/gan/classes.js';
import {ClassEmbeddingChannel, ConcatClassEmbedding} from '../../dist/gan/layers/class-inputs.js';
import {ConditionalBatchNorm} from '../../dist/gan/layers/conditional-batch-norm.js';
import {Embedding} from '../../dist/gan/layers/embedding.js';
import {Projection} from '../../dist/gan/layers/projection.js';
import type {Module, Parameter} from '../../dist/gan/module.js';
import type {Architecture} from '../../dist/gan/nets/architecture.js';
import {setSeed} from '../../dist/gan/streams.js';
import {openRegistry} from '../../dist/plugin/discover.js';
import {expectClose, withDevice} from '../device.js';
import {pythonWithTorch} from '../python.js';
import {ganError, random, valuesOf} from './helpers.js';

const labels = (of: number[]): Tensor => tf.tensor1d(of, 'int32');
const rows = (of: number[][]): Tensor => tf.tensor2d(of);
const parameter = (module: Module, name: string): Parameter =>
  module.namedParameters().find(([path]) => path === name)![1];

describe('layers by class', () => {
  withDevice();

  it('an embedding of several classes at once is the sum of their rows, of parts of them the mixture', () => {
    const layer = new Embedding(3, 2);
    layer.weight.variable.assign(tf.tensor2d([1, 2, 10, 20, 100, 200], [3, 2]));
    const several = rows([
      [1, 0, 1],
      [0, 0, 0],
      [0.5, 0.5, 0],
    ]);
    expectClose(layer.forward(several), [101, 202, 0, 0, 5.5, 11], 'exact');
  });

  it('its gradient is exact where labels come again: that of each image, added up', () => {
    setSeed(3);
    const layer = new Embedding(4, 5);
    const of = [2, 0, 2, 2, 0, 2, 2, 2];
    const upstream = random([of.length, 5], 11);
    const grad = (given: Tensor): Tensor =>
      tf.variableGrads(() => tf.sum(tf.mul(layer.forward(given), upstream)) as never, [layer.weight.variable]).grads[
        layer.weight.variable.name
      ]!;
    const wanted = new Float64Array(4 * 5);
    const values = valuesOf(upstream);
    of.forEach((label, i) => {
      for (let f = 0; f < 5; f++) wanted[label * 5 + f]! += values[i * 5 + f]!;
    });
    expectClose(grad(labels(of)), [...wanted]);
    const hot = of.map((label) => [0, 1, 2, 3].map((each) => (each === label ? 1 : 0)));
    expect(valuesOf(grad(rows(hot)))).to.deep.equal(valuesOf(grad(labels(of))));
  });

  it('a projection adds the inner product with the vector of the class to the score', () => {
    setSeed(4);
    const layer = new Projection(2, 2);
    parameter(layer, 'score.weight').variable.assign(tf.tensor2d([1, 1], [2, 1]));
    parameter(layer, 'score.bias').variable.assign(tf.tensor1d([0.5]));
    parameter(layer, 'classes.weight').variable.assign(tf.tensor2d([10, 0, 0, 100], [2, 2]));
    const x = tf.tensor2d([1, 2, 3, 4], [2, 2]);
    expectClose(layer.forward(x, labels([0, 1])), [3.5 + 10, 7.5 + 400], 'exact');
  });

  it('a class beside the input: a vector behind the latent, a picture behind the channels', () => {
    const join = new ConcatClassEmbedding(2, 3);
    expect(join.forward(tf.zeros([4, 5]), labels([0, 1, 1, 0])).shape).to.deep.equal([4, 8]);
    const plane = new ClassEmbeddingChannel(2, [2, 3]);
    const [weight] = plane.parameters();
    weight!.variable.assign(tf.reshape(tf.range(0, 12), [2, 6]));
    const y = plane.forward(tf.fill([2, 2, 3, 1], -1), labels([1, 0]));
    expect(y.shape).to.deep.equal([2, 2, 3, 2]);
    expect(valuesOf(tf.slice(y, [0, 0, 0, 1], [2, 2, 3, 1]))).to.deep.equal([6, 7, 8, 9, 10, 11, 0, 1, 2, 3, 4, 5]);
  });

  it('are those of PyTorch, values and gradients, with spectral norm too', async function () {
    this.timeout(60_000);
    const python = await pythonWithTorch();
    if (python === undefined) {
      console.log('    skipped: there is no PyTorch, whose package is called torch');
      this.skip();
    }
    setSeed(6);
    const norm = new ConditionalBatchNorm(4, 3, {bias: 0});
    const projection = new Projection(4, 3, {reparametrization: 'spectral'}).eval();
    for (const name of ['scale.weight', 'shift.weight'])
      parameter(norm, name).variable.assign(random([3, 4], name.length));
    const x = random([6, 2, 2, 4], 8);
    const of = labels([2, 0, 1, 2, 2, 0]);
    const trained = [...norm.parameters(), ...projection.parameters()];
    const score = (): Tensor => projection.forward(tf.sum(tf.relu(norm.forward(x, of)), [1, 2]), of);
    const weights = tf.tensor2d([1, -2, 3, 0.5, 2, -1], [6, 1]);
    const {value, grads} = tf.variableGrads(
      () => tf.sum(tf.mul(score(), weights)) as never,
      trained.map(({variable}) => variable),
    );
    const state = {...(await plainState(norm, 'norm.')), ...(await plainState(projection, 'projection.'))};
    const given = {state, x: {shape: [6, 4, 2, 2], data: valuesOf(tf.transpose(x, [0, 3, 1, 2]))}};
    const {stdout} = await promisify(execFile)(python, ['-c', torchScript, JSON.stringify(given)]);
    const wanted = JSON.parse(stdout) as {loss: number; grads: Record<string, number[]>};
    expectClose(value, [wanted.loss], 'sum');
    for (const [name, module] of [
      ['norm.', norm],
      ['projection.', projection],
    ] as const)
      for (const [path, {variable}] of module.namedParameters())
        expectClose(grads[variable.name]!, wanted.grads[name + path]!, 'sum', name + path);
  });
});

async function plainState(module: Module, prefix: string): Promise<Record<string, {shape: number[]; data: number[]}>> {
  const state = [...(await module.stateDict())].filter(([, {dtype}]) => dtype === 'F32');
  return Object.fromEntries(
    state.map(([name, {shape, data}]) => [prefix + name, {shape, data: Array.from(data as Float32Array)}]),
  );
}

/** (1 + scale[y]) bn(x) + shift[y]; then w phi + v[y] phi, with the weights divided as torch's spectral_norm does. */
const torchScript = `
import json, sys, torch
import torch.nn as nn, torch.nn.functional as F
from torch.nn.utils import spectral_norm
given = json.loads(sys.argv[1])
tensor = lambda v: torch.tensor(v['data']).reshape(v['shape'])
state = {k: tensor(v) for k, v in given['state'].items()}
class Norm(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm, self.scale, self.shift = nn.BatchNorm2d(4), nn.Embedding(3, 4), nn.Embedding(3, 4)
    def forward(self, x, y):
        at = lambda e: e(y)[:, :, None, None]
        return (1 + at(self.scale)) * self.norm(x) + at(self.shift)
class Projection(nn.Module):
    def __init__(self):
        super().__init__()
        self.score, self.classes = spectral_norm(nn.Linear(4, 1)), spectral_norm(nn.Embedding(3, 4))
    def forward(self, x, y):
        return self.score(x) + (self.classes(y) * x).sum(1, keepdim=True)
norm, projection = Norm(), Projection().eval()
for prefix, module in (('norm.', norm), ('projection.', projection)):
    own = {k[len(prefix):]: v for k, v in state.items() if k.startswith(prefix)}
    missing = module.load_state_dict(own, strict=False)
    assert not missing.unexpected_keys and all('num_batches' in k for k in missing.missing_keys), missing
norm.norm.running_mean.zero_(); norm.norm.running_var.fill_(1)
y = torch.tensor([2, 0, 1, 2, 2, 0])
scores = projection(F.relu(norm(tensor(given['x']), y)).sum((2, 3)), y)
loss = (scores * torch.tensor([1, -2, 3, 0.5, 2, -1])[:, None]).sum()
loss.backward()
grads = {prefix + k: p.grad.flatten().tolist() for prefix, m in (('norm.', norm), ('projection.', projection)) for k, p in m.named_parameters()}
print(json.dumps({'loss': loss.item(), 'grads': grads}))
`;

describe('conditional architectures', () => {
  withDevice();
  const registry = openRegistry();
  const wanted = {height: 16, width: 16, channels: 3, classes: 3};
  const cases: [string, Record<string, unknown>][] = [
    ['light', {nFeatures: 2}],
    ['light', {nFeatures: 2, norm: 'pixel', criticNorm: 'none'}],
    ['resnet', {nFeatures: 4}],
    ['resnet', {nFeatures: 4, norm: 'none'}],
    ['mlp', {width: 8}],
    ['basic', {nFeatures: 4}],
    ['gan-critic', {nFeatures: 4, nf: 8, nBlocks: 1}],
  ];

  for (const [name, options] of cases)
    it(`${name} ${JSON.stringify(options)}: images and scores depend on the class, and all weights learn`, async () => {
      setSeed(7);
      const given = new Map(Object.entries(options).map(([key, value]) => [key, {value, origin: 'test'}]));
      const architecture = (await registry.create('architecture', name, given)) as Architecture;
      const generator = architecture.generator({...wanted, latentSize: 5});
      const critic = architecture.critic(wanted);
      expect([generator.takesLabels, critic.takesLabels]).to.deep.equal([true, true]);
      for (const module of [generator, critic])
        for (const [path, {variable}] of module.namedParameters())
          if (/(scale|shift)\.weight$/.test(path)) variable.assign(random(variable.shape, path.length));
      const latents = tf.tile(random([1, 5], 1), [3, 1]);
      const images = generator.forward(latents, labels([0, 1, 2]));
      expect(images.shape).to.deep.equal([3, 16, 16, 3]);
      const [a, b] = tf.split(images, 3);
      expect(Math.max(...valuesOf(tf.abs(tf.sub(a!, b!))))).to.be.greaterThan(1e-4);
      const same = tf.tile(random([1, 16, 16, 3], 2), [3, 1, 1, 1]);
      const scores = valuesOf(critic.eval().forward(same, labels([0, 1, 2])));
      expect(new Set(scores.map((score) => score.toFixed(6))).size).to.equal(3);
      const parameters = [...generator.parameters(), ...critic.parameters()];
      const {grads} = tf.variableGrads(
        () =>
          tf.sum(critic.forward(generator.forward(random([3, 5], 3), labels([0, 1, 2])), labels([0, 1, 2]))) as never,
        parameters.map(({variable}) => variable),
      );
      expect(Object.keys(grads)).to.have.length(parameters.length);
      generator.dispose();
      critic.dispose();
    });

  it('gan-critic refuses images that are too small for its blocks, with a size and blocks that do', async () => {
    const make = async (nBlocks: number, height: number, width: number) => {
      const given = new Map([['nBlocks', {value: nBlocks, origin: 'test'}]]);
      const {generator} = (await registry.create('architecture', 'gan-critic', given)) as Architecture;
      return generator({height, width, channels: 3, latentSize: 4});
    };
    const error = await ganError(() => make(3, 16, 80));
    expect(error).to.include({code: 'GAN_SIZE', exitCode: 2});
    expect(error.suggestions).to.deep.equal(['--size 64x80', '--set arch.nBlocks=1']);
    expect((await ganError(() => make(1, 8, 8))).suggestions).to.deep.equal(['--size 16x16']);
    (await make(1, 16, 80)).dispose();
  });

  it('are as before without classes, by the names of their weights too', async () => {
    for (const [name, options] of cases) {
      const given = new Map(Object.entries(options).map(([key, value]) => [key, {value, origin: 'test'}]));
      const architecture = (await registry.create('architecture', name, given)) as Architecture;
      const {classes: _, ...plain} = wanted;
      const generator = architecture.generator({...plain, latentSize: 5});
      expect(generator.takesLabels, name).to.equal(false);
      const names = generator.namedParameters().map(([path]) => path);
      expect(
        names.filter((path) => /classes|embedding|scale|shift/.test(path)),
        name,
      ).to.deep.equal([]);
      generator.dispose();
    }
  });
});

describe('classes that are asked for', () => {
  const clothes: Classes = {
    names: ['Bag', 'Sneaker', 'T-shirt/top', '3'],
    each: 'one',
    unlabelled: true,
    common: [
      {rows: [0], images: 70},
      {rows: [1], images: 20},
      {rows: [4], images: 10},
    ],
  };
  const faces: Classes = {
    names: ['Male', 'Smiling'],
    each: 'several',
    unlabelled: false,
    common: [
      {rows: [], images: 1},
      {rows: [0, 1], images: 3},
    ],
  };
  const shares = (classes: Classes, choice: Parameters<typeof classShares>[1]): number[] => [
    ...classShares(classes, choice),
  ];

  it('are named, numbered, put together, or mixed', () => {
    expect(rowNames(clothes)).to.deep.equal(['Bag', 'Sneaker', 'T-shirt/top', '3', 'no class']);
    expect(rowCount(clothes)).to.equal(5);
    expect(shares(clothes, 'Sneaker')).to.deep.equal([0, 1, 0, 0, 0]);
    expect(shares(clothes, 'sneaker')).to.deep.equal([0, 1, 0, 0, 0]);
    expect(shares(clothes, 0)).to.deep.equal([1, 0, 0, 0, 0]);
    expect(shares(clothes, '3')).to.deep.equal([0, 0, 0, 1, 0]); // a name before a number
    expect(shares(clothes, 'no class')).to.deep.equal([0, 0, 0, 0, 1]);
    expect(shares(clothes, {Bag: 0.25, Sneaker: 0.75})).to.deep.equal([0.25, 0.75, 0, 0, 0]);
    expect(shares(faces, ['Male', 'Smiling'])).to.deep.equal([1, 1]);
    expect(shares(faces, [])).to.deep.equal([0, 0]);
    expect([...mixShares(Float32Array.of(1, 0), Float32Array.of(0, 1), 0.25)]).to.deep.equal([0.75, 0.25]);
  });

  it('are refused where there are none, with the nearest one and the list', async () => {
    const error = await ganError(() => classShares(clothes, 'Sneakr'));
    expect(error).to.include({code: 'GAN_CLASS', exitCode: 2});
    expect(error.message).to.contain("no class 'Sneakr'");
    expect(error.suggestions.join('\n')).to.contain("'Sneaker'").and.contain('T-shirt/top');
    expect((await ganError(() => classShares(clothes, ['Bag', 'Sneaker']))).message).to.contain('of one class');
    expect((await ganError(() => classShares(faces, 7))).message).to.contain("no attribute '7'");
  });

  it('come as often as in the data, when none is asked for, and depend on the seed and the image only', () => {
    const counts = [0, 0, 0, 0, 0];
    for (let i = 0; i < 2000; i++) counts[drawClass(clothes, 5, i).indexOf(1)]!++;
    expect(counts[2]).to.equal(0);
    expect(counts[3]).to.equal(0);
    [0.7, 0.2].forEach((share, row) => expect(counts[row]! / 2000).to.be.closeTo(share, 0.04));
    expect(drawClass(clothes, 5, 17)).to.deep.equal(drawClass(clothes, 5, 17));
    expect([...drawClass(faces, 0, 3)]).to.be.deep.oneOf([
      [0, 0],
      [1, 1],
    ]);
  });

  it('are the rows of a grid', () => {
    const {columns, rows: grid} = gridByClass(clothes);
    expect(columns).to.equal(8);
    expect(grid.map((row) => row.indexOf(1))).to.deep.equal([0, 1, 2, 3, 4]);
    expect(gridByClass(faces).rows.map((row) => [...row].join())).to.deep.equal([
      ...Array.from({length: 4}, () => '1,1'),
      ...Array.from({length: 4}, () => '0,0'),
    ]);
    const many = {...clothes, names: Array.from({length: 100}, (_, i) => `c${i}`), unlabelled: false};
    expect(gridByClass(many).rows.map((row) => row.indexOf(1))).to.deep.equal(
      Array.from({length: 16}, (_, i) => Math.floor(6.25 * i)),
    );
  });
});
