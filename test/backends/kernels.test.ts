import '@tensorflow/tfjs-backend-cpu';
import {expect} from 'chai';
import {observeKernels, type KernelCall} from '../../dist/backends/kernel-calls.js';
import {logKernels} from '../../dist/backends/kernel-log.js';
import {isRegisteredHere, registerKernels, type Kernel} from '../../dist/backends/kernels.js';
import {tf, type Tensor} from '../../dist/backends/tf.js';

const values = (compute: () => Tensor): number[] => tf.tidy(() => Array.from(compute().dataSync()));
const functions = () => tf.getKernelsForBackend('cpu').map(({kernelFunc}) => kernelFunc);

/** Adds a number to what the kernel below it computes. */
const plus = (name: string, amount: number): Kernel => ({
  name,
  compute({stock, backend}) {
    const out = stock() as Tensor;
    (backend as unknown as {readSync(id: object): Float32Array}).readSync(out.dataId)[0]! += amount;
    return out;
  },
});

describe('kernels', () => {
  let original: ReturnType<typeof functions>;
  before(async () => {
    await tf.setBackend('cpu');
    original = functions();
  });
  afterEach(() => expect(functions()).to.have.members(original));

  describe('registerKernels', () => {
    it('puts a kernel over the stock one, which it can call, and takes it back', () => {
      const undo = registerKernels('cpu', [plus('Square', 10)]);
      expect(values(() => tf.square([3]))).to.deep.equal([19]);
      expect(isRegisteredHere('cpu', 'Square')).to.equal(true);
      undo();
      undo();
      expect(values(() => tf.square([3]))).to.deep.equal([9]);
      expect(isRegisteredHere('cpu', 'Square')).to.equal(false);
    });

    it('lays one over another, and takes them back in any order', () => {
      const undo = [1, 20, 300].map((amount) => registerKernels('cpu', [plus('Square', amount)]));
      expect(values(() => tf.square([3]))).to.deep.equal([330]);
      undo[1]!();
      expect(values(() => tf.square([3]))).to.deep.equal([310]);
      undo[0]!();
      expect(values(() => tf.square([3]))).to.deep.equal([309]);
      undo[2]!();
      expect(values(() => tf.square([3]))).to.deep.equal([9]);
    });

    it('computes the stock result for other inputs and attributes, too', () => {
      const undo = registerKernels('cpu', [
        {name: 'LeakyRelu', compute: ({inputs, stock}) => stock(inputs, {alpha: 0.5})},
      ]);
      expect(values(() => tf.leakyRelu([-4], 0.1))).to.deep.equal([-2]);
      undo();
    });

    it('says so where there is no stock kernel', () => {
      const undo = registerKernels('cpu', [{name: 'NoSuchKernel', compute: ({stock}) => stock()}]);
      const x = tf.scalar(1);
      expect(() => tf.engine().runKernel('NoSuchKernel', {x})).to.throw('NoSuchKernel on cpu: these types or shapes');
      x.dispose();
      undo();
      expect(tf.getKernel('NoSuchKernel', 'cpu')).to.equal(undefined);
    });
  });

  describe('observeKernels', () => {
    it('tells of inputs, attributes and outputs of outermost calls, in their order', () => {
      const calls: KernelCall[] = [];
      const stop = observeKernels((call) => calls.push(call));
      const x = tf.tensor2d([[1, -2]]);
      const y = tf.leakyRelu(x, 0.25);
      const z = tf.concat([x, y], 0);
      stop();
      tf.relu(x).dispose();
      expect(calls.map(({kernel}) => kernel)).to.deep.equal(['LeakyRelu', 'Concat']);
      expect(calls[0]).to.deep.include({attrs: {alpha: 0.25}});
      expect(calls[0]!.inputs['x']!.dataId).to.equal(x.dataId);
      expect(calls[0]!.outputs.map(({dataId}) => dataId)).to.deep.equal([y.dataId]);
      expect(Array.isArray(calls[1]!.inputs)).to.equal(true);
      for (const {ms} of calls) expect(ms).to.be.within(0, 1000);
      tf.dispose([x, y, z]);
    });

    it('may be nested, and ended in any order', () => {
      const counts = [0, 0];
      const stop = counts.map((_, i) => observeKernels(() => counts[i]!++));
      tf.square(2).dispose();
      stop[0]!();
      stop[0]!();
      tf.square(2).dispose();
      expect(counts).to.deep.equal([1, 2]);
      stop[1]!();
      tf.square(2).dispose();
      expect(counts).to.deep.equal([1, 2]);
    });

    it('sees kernels that are registered meanwhile, and those that call others once', () => {
      const seen: string[] = [];
      const stop = observeKernels(({kernel}) => seen.push(kernel));
      const undo = registerKernels('cpu', [
        {name: 'SquareTwice', compute: ({inputs}) => tf.square(tf.square(inputs['x'] as Tensor))},
      ]);
      const x = tf.scalar(2);
      const y = tf.engine().runKernel('SquareTwice', {x}) as Tensor;
      expect(y.dataSync()[0]).to.equal(16);
      expect(seen).to.deep.equal(['SquareTwice']);
      undo();
      stop();
      tf.dispose([x, y]);
    });

    it('does not tell of a kernel that throws, and goes on', () => {
      const seen: string[] = [];
      const undo = registerKernels('cpu', [
        {
          name: 'Square',
          compute() {
            throw new Error('broken');
          },
        },
      ]);
      const stop = observeKernels(({kernel}) => seen.push(kernel));
      expect(() => tf.square(2)).to.throw('broken');
      tf.relu(2).dispose();
      expect(seen).to.deep.equal(['Relu']);
      stop();
      undo();
    });
  });

  it('logKernels writes how often each ran, for how long, and whose it is', () => {
    const texts: string[] = [];
    const undo = registerKernels('cpu', [plus('Square', 0)]);
    const end = logKernels((text) => texts.push(text));
    for (let i = 0; i < 3; i++) tf.square(2).dispose();
    tf.relu(2).dispose();
    end();
    undo();
    expect(texts.join('')).to.match(/^kernels on cpu, \d+ of \d+ ms:\noperation +by +calls +ms\n/);
    expect(texts.join('')).to.match(/^Square +plug-in +3 +\d+\.\d$/m);
    expect(texts.join('')).to.match(/^Relu +tfjs +1 +\d+\.\d$/m);
  });
});
