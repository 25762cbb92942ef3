import {expect} from 'chai';
import {
  basicCritic,
  BatchNorm,
  Conv,
  Dense,
  Module,
  Parameter,
  Sequential,
  tf,
  type StateDict,
  type Tensor,
} from 'gankit';
import {fromTorch, permute, torchShape, toTorch} from '../../dist/gan/module.js';
import {withDevice} from '../device.js';
import {allState, ganError, tinyNets} from './helpers.js';

describe('Module: names', () => {
  withDevice();

  class Twice extends Module {
    readonly scale = this.register('scale', new Parameter(Float32Array.of(2), [1]));
    readonly layer: Module;

    constructor(layer: Module) {
      super();
      this.layer = this.add('first', layer);
      this.add('second', layer);
    }

    override forward(x: Tensor): Tensor {
      return this.run('second', this.layer, this.run('first', this.layer, x));
    }
  }

  it('are paths of children, a shared module coming once', () => {
    const net = new Sequential([new Twice(new Dense(2, 2)), new BatchNorm(2)]);
    expect(net.namedModules().map(([name, module]) => `${name} ${module.kind}`)).to.deep.equal([
      ' Sequential',
      '0 Twice',
      '0.first Dense',
      '1 BatchNorm',
    ]);
    expect(net.namedParameters().map(([name]) => name)).to.deep.equal([
      '0.scale',
      '0.first.weight',
      '0.first.bias',
      '1.weight',
      '1.bias',
    ]);
    expect(net.namedBuffers().map(([name]) => name)).to.deep.equal(['1.running_mean', '1.running_var']);
    expect(net.parameterCount()).to.equal(1 + 4 + 2 + 4);
    expect(net.modules()).to.have.length(4);
  });

  it("are the state's, with counters as whole numbers", async () => {
    const norm = new BatchNorm(1);
    norm.batchesTracked.value = 7;
    expect((await norm.stateDict()).get('num_batches_tracked')).to.deep.equal({
      dtype: 'I64',
      shape: [],
      data: BigInt64Array.of(7n),
    });
  });
});

describe('Module: modes', () => {
  withDevice();

  it('train and eval reach every module below', () => {
    const {critic} = tinyNets();
    const modes = (): Set<boolean> => new Set(critic.modules().map(({training}) => training));
    expect([...modes()]).to.deep.equal([true]);
    expect(critic.eval()).to.equal(critic);
    expect([...modes()]).to.deep.equal([false]);
    critic.train();
    expect([...modes()]).to.deep.equal([true]);
  });

  it('dispose frees every tensor', () => {
    const before = tf.memory().numTensors;
    basicCritic(16, 1, {nFeatures: 2, normType: 'Spectral'}).dispose();
    basicCritic(16, 1, {nFeatures: 2}).dispose();
    expect(tf.memory().numTensors).to.equal(before);
  });
});

describe('loadStateDict', () => {
  withDevice();

  it('takes over what stateDict gave, bit for bit', async () => {
    const [one, other] = [tinyNets(1).critic, tinyNets(2).critic];
    one.forward(tf.ones([2, 8, 8, 1])); // moves running statistics and counters
    expect(await allState(other)).to.not.deep.equal(await allState(one));
    other.loadStateDict(await one.stateDict());
    expect(await allState(other)).to.deep.equal(await allState(one));
  });

  it('lists what is missing, surplus or of another shape, and changes nothing', async () => {
    const net = new Conv(2, 3, {kernelSize: 2});
    const before = await allState(net);
    const state: StateDict = new Map([
      ['weight', {dtype: 'F32', shape: [3, 2, 2, 1], data: new Float32Array(12)}],
      ['gamma', {dtype: 'F32', shape: [1], data: new Float32Array(1)}],
    ]);
    const error = await ganError(() => net.loadStateDict(state));
    expect(error).to.include({code: 'GAN_STATE_MISMATCH', kind: 'data'});
    expect(error.message.split('\n').slice(1)).to.deep.equal([
      '  weight: got [3, 2, 2, 1], wanted [3, 2, 2, 2]',
      '  bias: missing',
      '  gamma: not in this network',
    ]);
    expect(await allState(net)).to.deep.equal(before);
  });

  it('shows a dozen faults and counts the rest', async () => {
    const state: StateDict = new Map(
      Array.from({length: 20}, (_, i) => [`surplus${i}`, {dtype: 'F32', shape: [1], data: new Float32Array(1)}]),
    );
    const lines = (await ganError(() => new Conv(1, 1, {kernelSize: 1}).loadStateDict(state))).message.split('\n');
    expect(lines).to.have.length(14);
    expect(lines.at(-1)).to.equal('  ... and 10 more');
  });

  it('does without counters, which PyTorch did not always write', async () => {
    const norm = new BatchNorm(1);
    const state = await norm.stateDict();
    state.delete('num_batches_tracked');
    norm.batchesTracked.value = 5;
    norm.loadStateDict(state);
    expect(norm.batchesTracked.value).to.equal(5);
  });

  it('refuses whole numbers for weights, and weights for a counter', async () => {
    const norm = new BatchNorm(1);
    const state = await norm.stateDict();
    state.set('weight', {dtype: 'I64', shape: [1], data: BigInt64Array.of(1n)});
    expect((await ganError(() => norm.loadStateDict(state))).message).to.include('weight: got I64, wanted F32');
    const other = await norm.stateDict();
    other.set('num_batches_tracked', {dtype: 'F32', shape: [], data: Float32Array.of(1)});
    expect((await ganError(() => norm.loadStateDict(other))).message).to.include(
      'num_batches_tracked: got F32, wanted I64',
    );
  });
});

describe('layouts', () => {
  // [2, 3] counted up: row 0 is 0 1 2
  const data = Float32Array.from([0, 1, 2, 3, 4, 5]);

  it("permute gives axis i of the result the source's axis permutation[i]", () => {
    expect([...permute(data, [2, 3], [1, 0])]).to.deep.equal([0, 3, 1, 4, 2, 5]);
    expect([...permute(data, [1, 2, 3], [2, 0, 1])]).to.deep.equal([0, 3, 1, 4, 2, 5]);
  });

  it('fromTorch is the inverse of toTorch, for every permutation of four axes', () => {
    const shape = [2, 3, 4, 5];
    const values = Float32Array.from({length: 120}, (_, i) => i);
    const orders = (rest: number[]): number[][] =>
      rest.length === 0
        ? [[]]
        : rest.flatMap((axis) => orders(rest.filter((a) => a !== axis)).map((order) => [axis, ...order]));
    for (const permutation of orders([0, 1, 2, 3]))
      expect([...fromTorch(toTorch(values, shape, {permutation}), shape, {permutation})]).to.deep.equal([...values]);
  });

  it("a filter [height, width, in, out] is PyTorch's [out, in, height, width]", () => {
    const shape = [1, 2, 3, 4];
    const permutation = [3, 2, 0, 1];
    const values = Float32Array.from({length: 24}, (_, i) => i);
    const turned = toTorch(values, shape, {permutation});
    expect(torchShape(shape, {permutation})).to.deep.equal([4, 3, 1, 2]);
    for (let o = 0; o < 4; o++)
      for (let i = 0; i < 3; i++)
        for (let w = 0; w < 2; w++) expect(turned[(o * 3 + i) * 2 + w]).to.equal((w * 3 + i) * 4 + o);
  });

  it('may end in another shape, and without a permutation copies', () => {
    expect(torchShape([1, 2, 3], {shape: [6]})).to.deep.equal([6]);
    const copy = toTorch(data, [2, 3], {});
    expect([...copy]).to.deep.equal([...data]);
    expect(copy === data || fromTorch(data, [2, 3], {}) === data).to.equal(false);
  });
});
