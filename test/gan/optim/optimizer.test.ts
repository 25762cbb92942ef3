import {expect} from 'chai';
import {adam, Conv, type Optimizer, Parameter, rmsProp, Rng, sgd, tf, type OptimizerFactory, type Tensor} from 'gankit';
import {decodeSafetensors, encodeSafetensors} from '../../../dist/gan/io/safetensors.js';
import {expectClose, withDevice} from '../../device.js';
import {ganError, valuesOf} from '../helpers.js';

const start = [0.5, -2, 0.01];
const lr = 0.1;
/** Six gradients, one of them 0. */
const gradients = [
  [0.3, -1, 0.002],
  [0.1, 2, -0.002],
  [0, 0, 0],
  [-0.4, 0.5, 0.01],
  [0.2, 0.2, -0.03],
  [5, -7, 0.0001],
];

/** Parameters after each step. */
function trained(factory: OptimizerFactory, mark?: (opt: Optimizer, parameter: Parameter) => void): number[][] {
  const parameter = new Parameter(Float32Array.from(start), [3]);
  const opt = factory([[parameter]], lr);
  mark?.(opt, parameter);
  return gradients.map((gradient) => {
    opt.step(new Map([[parameter, tf.tensor(gradient)]]));
    return valuesOf(parameter.variable);
  });
}

/** The same by an equation for one number: (parameter, gradient) -> parameter, with what it keeps in its closure. */
function byEquation(rule: () => (p: number, g: number) => number): number[][] {
  const steps = start.map(() => rule());
  let p = start;
  return gradients.map((gradient) => (p = p.map((value, i) => steps[i]!(value, gradient[i]!))));
}

function expectSame(got: number[][], wanted: number[][]): void {
  got.forEach((values, i) => expectClose(values, wanted[i]!, 'sum', `step ${i + 1}`));
}

describe('sgd', () => {
  withDevice();

  it('is p - lr g', () =>
    expectSame(
      trained(sgd()),
      byEquation(() => (p, g) => p - lr * g),
    ));

  const momentum = (mom: number, decay: (p: number, g: number) => [number, number]) => () => {
    let a = 0;
    return (before: number, slope: number) => {
      const [p, g] = decay(before, slope);
      a = mom * a + g;
      return p - lr * a;
    };
  };
  const none = (p: number, g: number): [number, number] => [p, g];
  const wd = 0.2;
  const decoupled = (p: number, g: number): [number, number] => [p * (1 - lr * wd), g];
  const coupled = (p: number, g: number): [number, number] => [p, g + wd * p];

  it('with momentum is a <- mom a + g without damping; p - lr a', () =>
    expectSame(trained(sgd({mom: 0.9})), byEquation(momentum(0.9, none))));
  it('with weight decay shrinks p by 1 - lr wd first', () =>
    expectSame(trained(sgd({wd})), byEquation(momentum(0, decoupled))));
  it('with coupled weight decay adds wd p to the gradient', () =>
    expectSame(trained(sgd({wd, decoupleWd: false})), byEquation(momentum(0, coupled))));
  it('has momentum and either decay together', () => {
    expectSame(trained(sgd({wd, mom: 0.5})), byEquation(momentum(0.5, decoupled)));
    expectSame(trained(sgd({wd, mom: 0.5, decoupleWd: false})), byEquation(momentum(0.5, coupled)));
  });
  it('does not decay what is marked', () =>
    expectSame(
      trained(sgd({wd, mom: 0.5}), (opt, parameter) => opt.marks.noDecay.add(parameter)),
      byEquation(momentum(0.5, none)),
    ));

  it('made without momentum gets none from a schedule of momentum, as in fastai', () => {
    expectSame(
      trained(sgd(), (opt) => opt.setHyper('mom', 0.9)),
      byEquation(() => (p, g) => p - lr * g),
    );
  });
});

describe('rmsProp', () => {
  withDevice();

  const rule =
    ({mom = 0, sqrMom = 0.99, eps = 1e-8} = {}) =>
    () => {
      let [a, s] = [0, 0];
      return (p: number, g: number) => {
        a = mom * a + g;
        s = sqrMom * s + (1 - sqrMom) * g * g;
        return p - (lr * (mom === 0 ? g : a)) / (Math.sqrt(s) + eps);
      };
    };

  it('divides by the root of the averaged squares, without bias correction', () =>
    expectSame(trained(rmsProp()), byEquation(rule())));
  it('moves by 10 lr in its very first step', () =>
    expectClose(trained(rmsProp())[0]!.slice(0, 2), [0.5 - 10 * lr, -2 + 10 * lr]));
  it('has momentum on the gradient', () => expectSame(trained(rmsProp({mom: 0.8})), byEquation(rule({mom: 0.8}))));
  it('takes sqrMom, and an eps that counts', () =>
    expectSame(trained(rmsProp({sqrMom: 0.5, eps: 0.1})), byEquation(rule({sqrMom: 0.5, eps: 0.1}))));
  it('decays weights', () => {
    const decayed = () => {
      const step = rule()();
      return (p: number, g: number) => step(p * (1 - lr * 0.3), g);
    };
    expectSame(trained(rmsProp({wd: 0.3})), byEquation(decayed));
  });
  it('made without momentum gets none from a schedule of momentum', () => {
    expectSame(
      trained(rmsProp(), (opt) => opt.setHyper('mom', 0.9)),
      byEquation(rule()),
    );
  });
});

describe('adam', () => {
  withDevice();

  const rule =
    ({mom = 0.9, sqrMom = 0.99, eps = 1e-5, wd = 0.01, decouple = true} = {}) =>
    () => {
      let [a, s, t] = [0, 0, 0];
      return (before: number, slope: number) => {
        const p = decouple ? before * (1 - lr * wd) : before;
        const g = decouple ? slope : slope + wd * before;
        a = mom * a + (1 - mom) * g;
        s = sqrMom * s + (1 - sqrMom) * g * g;
        t++;
        return p - ((lr / (1 - mom ** t)) * a) / (Math.sqrt(s / (1 - sqrMom ** t)) + eps);
      };
    };

  it("has fastai's defaults: mom .9, sqrMom .99, eps 1e-5, wd .01", () =>
    expectSame(trained(adam()), byEquation(rule())));
  it('takes other ones', () =>
    expectSame(
      trained(adam({mom: 0.5, sqrMom: 0.9, eps: 0.01, wd: 0.1})),
      byEquation(rule({mom: 0.5, sqrMom: 0.9, eps: 0.01, wd: 0.1})),
    ));
  it('has a coupled decay too', () =>
    expectSame(trained(adam({wd: 0.1, decoupleWd: false})), byEquation(rule({wd: 0.1, decouple: false}))));
  it('works without momentum', () => expectSame(trained(adam({mom: 0, wd: 0})), byEquation(rule({mom: 0, wd: 0}))));
  it('follows a momentum that changes between steps', () => {
    const parameter = new Parameter(Float32Array.of(1), [1]);
    const opt = adam({wd: 0})([[parameter]], lr);
    let [p, a, s] = [1, 0, 0];
    [0.9, 0.5, 0.8].forEach((mom, i) => {
      opt.setHyper('mom', mom);
      opt.step(new Map([[parameter, tf.tensor([i + 1])]]));
      a = mom * a + (1 - mom) * (i + 1);
      s = 0.99 * s + 0.01 * (i + 1) ** 2;
      p -= ((lr / (1 - mom ** (i + 1))) * a) / (Math.sqrt(s / (1 - 0.99 ** (i + 1))) + 1e-5);
      expectClose(parameter.variable, p);
    });
  });
});

describe('Optimizer', () => {
  withDevice();

  const parameters = (count: number): Parameter[] =>
    Array.from({length: count}, () => new Parameter(Float32Array.of(1), [1]));
  const one = (): Tensor => tf.tensor([1]);
  const groupsOf = (count: number): Optimizer =>
    sgd()(
      parameters(count).map((parameter) => [parameter]),
      0.1,
    );
  const rates = (opt: Optimizer): number[] => opt.hypers.map((hypers) => hypers.lr);

  it('gives each group its own hyperparameters', () => {
    const [a, b] = parameters(2) as [Parameter, Parameter];
    const opt = sgd()([[a], [b]], 0.1);
    opt.setHyper('lr', [0.5, 0.25]);
    opt.setHyper('wd', 1);
    opt.step(
      new Map([
        [a, one()],
        [b, one()],
      ]),
    );
    expectClose(a.variable, 1 * 0.5 - 0.5);
    expectClose(b.variable, 1 * 0.75 - 0.25);
  });

  it('spreads a slice of learning rates by equal factors', () => {
    const opt = groupsOf(3);
    opt.setHyper('lr', {start: 1e-4, stop: 1e-2});
    expectClose(rates(opt), [1e-4, 1e-3, 1e-2]);
  });

  it('gives all groups but the last a tenth when a slice has no start', () => {
    const opt = groupsOf(3);
    opt.setHyper('lr', {stop: 0.5});
    expectClose(rates(opt), [0.05, 0.05, 0.5]);
  });

  it('gives a single group the end of a slice', () => {
    const opt = groupsOf(1);
    opt.setHyper('lr', {start: 1, stop: 3});
    expect(rates(opt)).to.deep.equal([3]);
  });

  it('refuses another number of values than groups', async () => {
    const error = await ganError(() => groupsOf(3).setHyper('lr', [1, 2]));
    expect(error).to.include({code: 'GAN_ARGUMENT', message: 'lr: got 2 values for 3 parameter groups'});
  });

  it('leaves parameters without a gradient as they are, averages and counts included', async () => {
    const [a, b] = parameters(2) as [Parameter, Parameter];
    const opt = adam({wd: 0.5})([[a, b]], 0.1);
    const names = new Map([
      [a, 'a'],
      [b, 'b'],
    ]);
    opt.step(
      new Map([
        [a, one()],
        [b, one()],
      ]),
    );
    const [value, state] = [valuesOf(b.variable), await opt.stateDict(names)];
    opt.step(new Map([[a, one()]]));
    const after = await opt.stateDict(names);
    expect(valuesOf(b.variable)).to.deep.equal(value);
    for (const key of ['b.step', 'b.grad_avg', 'b.sqr_avg']) expect(after.get(key)).to.deep.equal(state.get(key));
    expect(after.get('a.grad_avg')).to.not.deep.equal(state.get('a.grad_avg'));
    expect([opt.stepsOf(a), opt.stepsOf(b), opt.stepsOf(parameters(1)[0]!)]).to.deep.equal([2, 1, 0]);
  });

  for (const [name, factory] of [
    ['adam', adam()],
    ['rmsProp with momentum', rmsProp({mom: 0.5})],
    ['sgd with momentum', sgd({mom: 0.5})],
    ['sgd', sgd()],
  ] as const) {
    it(`${name} goes on bit for bit after its state went through a file`, async () => {
      const make = (): {conv: Conv; opt: Optimizer; names: Map<Parameter, string>} => {
        // a filter, whose layout in the file is another one
        const conv = new Conv(2, 3, {kernelSize: 2, rng: new Rng(1)});
        return {
          conv,
          opt: factory([conv.parameters()], 0.05),
          names: new Map(conv.namedParameters().map(([key, parameter]) => [parameter, key])),
        };
      };
      const step = ({conv, opt}: ReturnType<typeof make>, seed: number): void =>
        opt.step(
          new Map(
            conv
              .parameters()
              .map((parameter) => [parameter, tf.tensor(new Rng(seed).normal(parameter.size), parameter.shape)]),
          ),
        );
      const whole = make();
      for (let i = 0; i < 3; i++) step(whole, i);
      const saved = await whole.opt.stateDict(whole.names);
      const weights = await whole.conv.stateDict();
      const resumed = make();
      step(resumed, 99); // state that is to be replaced
      resumed.conv.loadStateDict(decodeSafetensors(encodeSafetensors(weights), 'weights').tensors);
      resumed.opt.loadStateDict(decodeSafetensors(encodeSafetensors(saved), 'state').tensors, resumed.names);
      for (const run of [whole, resumed]) for (let i = 3; i < 6; i++) step(run, i);
      expect(await resumed.conv.stateDict()).to.deep.equal(await whole.conv.stateDict());
      expect(await resumed.opt.stateDict(resumed.names)).to.deep.equal(await whole.opt.stateDict(whole.names));
    });
  }

  it("writes averages in PyTorch's layout, under the names of their parameters", async () => {
    const conv = new Conv(2, 3, {kernelSize: 2, rng: new Rng(1)});
    const opt = adam()([conv.parameters()], 0.1);
    const names = new Map(conv.namedParameters().map(([key, parameter]) => [parameter, key]));
    opt.step(new Map(conv.parameters().map((parameter) => [parameter, tf.onesLike(parameter.variable)])));
    const state = await opt.stateDict(names);
    expect([...state].map(([name, {shape}]) => `${name} [${shape.join()}]`)).to.deep.equal([
      'weight.step []',
      'weight.grad_avg [3,2,2,2]',
      'weight.sqr_avg [3,2,2,2]',
      'bias.step []',
      'bias.grad_avg [3]',
      'bias.sqr_avg [3]',
    ]);
  });

  it('has as many tensors after ten steps as after one, and gives all back', () => {
    const [parameter] = parameters(1) as [Parameter];
    const gradient = one();
    const before = tf.memory().numTensors;
    const opt = adam()([[parameter]], 0.1);
    opt.step(new Map([[parameter, gradient]]));
    const once = tf.memory().numTensors;
    expect(once).to.equal(before + 2);
    for (let i = 0; i < 9; i++) opt.step(new Map([[parameter, gradient]]));
    expect(tf.memory().numTensors).to.equal(once);
    opt.dispose();
    expect(tf.memory().numTensors).to.equal(before);
  });

  it('freezes the groups below an index, counted from the end when negative, norms apart', () => {
    const list = parameters(3) as [Parameter, Parameter, Parameter];
    const opt = sgd()(
      list.map((parameter) => [parameter]),
      0.1,
    );
    const trainable = (): boolean[] => list.map(({requiresGrad}) => requiresGrad);
    opt.freezeTo(1);
    expect(trainable()).to.deep.equal([false, true, true]);
    opt.freezeTo(-1);
    expect(trainable()).to.deep.equal([false, false, true]);
    expect(opt.frozenIdx).to.equal(2);
    opt.marks.forceTrain.add(list[0]);
    opt.freezeTo(2);
    expect(trainable()).to.deep.equal([true, false, true]);
    opt.freezeTo(0);
    expect(trainable()).to.deep.equal([true, true, true]);
  });
});

describe('updates, bit by bit', () => {
  withDevice();

  /** The rules as they are written in fastai, tensor operation by tensor operation. */
  const rules: Record<
    string,
    {
      factory: OptimizerFactory;
      averages: string[];
      delta(g: Tensor, a: Record<string, Tensor>, step: number): [Tensor, Record<string, Tensor>];
    }
  > = {
    'sgd with momentum': {
      factory: sgd({mom: 0.9, wd: 0.1}),
      averages: ['grad_avg'],
      delta(g, {grad_avg}) {
        const average = tf.add(tf.mul(grad_avg!, 0.9), g);
        return [tf.mul(average, lr), {grad_avg: average}];
      },
    },
    rmsProp: {
      factory: rmsProp({wd: 0.1}),
      averages: ['sqr_avg'],
      delta(g, {sqr_avg}) {
        const squares = tf.add(tf.mul(sqr_avg!, 0.99), tf.mul(tf.square(g), 1 - 0.99));
        return [tf.mul(tf.div(g, tf.add(tf.sqrt(squares), 1e-8)), lr), {sqr_avg: squares}];
      },
    },
    adam: {
      factory: adam({wd: 0.1}),
      averages: ['grad_avg', 'sqr_avg'],
      delta(g, {grad_avg, sqr_avg}, step) {
        const average = tf.add(tf.mul(grad_avg!, 0.9), tf.mul(g, 1 - 0.9));
        const squares = tf.add(tf.mul(sqr_avg!, 0.99), tf.mul(tf.square(g), 1 - 0.99));
        const scale = tf.add(tf.sqrt(tf.mul(squares, 1 / (1 - 0.99 ** step))), 1e-5);
        return [tf.mul(tf.div(average, scale), lr / (1 - 0.9 ** step)), {grad_avg: average, sqr_avg: squares}];
      },
    },
  };

  for (const [name, {factory, averages, delta}] of Object.entries(rules)) {
    for (const bound of [undefined, 0.4]) {
      it(`${name}${bound === undefined ? '' : ', clipped'}`, () => {
        const start = new Rng(1).normal(1001);
        const parameter = new Parameter(start, [1001]);
        const optimizer = factory([[parameter]], lr);
        if (bound !== undefined) optimizer.bounds = new Map([[parameter, bound]]);
        let value: Tensor = tf.tensor(start);
        let state: Record<string, Tensor> = Object.fromEntries(averages.map((key) => [key, tf.zeros([1001])]));
        for (let step = 1; step <= 6; step++) {
          const gradient = tf.tensor(new Rng(step + 1).normal(1001));
          optimizer.step(new Map([[parameter, gradient]]));
          const [change, next] = delta(gradient, state, step);
          const moved = tf.sub(tf.mul(value, 1 - lr * 0.1), change);
          value = bound === undefined ? moved : tf.clipByValue(moved, -bound, bound);
          state = next;
        }
        expect(Array.from(parameter.variable.dataSync())).to.deep.equal(Array.from(value.dataSync()));
      });
    }
  }

  it('keeps within its bound what is frozen, too', () => {
    const [trained, frozen] = [new Parameter(Float32Array.of(3), [1]), new Parameter(Float32Array.of(-3), [1])];
    const optimizer = sgd()([[trained, frozen]], lr);
    optimizer.bounds = new Map([
      [trained, 1],
      [frozen, 2],
    ]);
    optimizer.step(new Map([[trained, tf.tensor([0])]]));
    expect([trained, frozen].map(({variable}) => variable.dataSync()[0])).to.deep.equal([1, -2]);
  });
});
