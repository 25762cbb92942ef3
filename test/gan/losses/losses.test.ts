import {expect} from 'chai';
import {
  accuracyThreshExpand,
  AdaptiveLoss,
  BatchNorm,
  bceWithLogits,
  GANLoss,
  ganLossFromFunc,
  GANModule,
  l1,
  mse,
  tf,
  wganLosses,
  type LossFunction,
  type Tensor,
} from 'gankit';
import {expectClose, withDevice} from '../../device.js';
import {ganError, Scale, valuesOf} from '../helpers.js';

const column = (...values: number[]): Tensor => tf.tensor(values, [values.length, 1]);

describe('losses of two tensors', () => {
  withDevice();

  it('mse is the mean of the squares, l1 that of the distances', () => {
    expectClose(mse(column(1, 2, -1), column(0, 4, -1)), 5 / 3);
    expectClose(l1(column(1, 2, -1), column(0, 4, -1)), 1);
  });

  describe('bceWithLogits', () => {
    const logistic = (x: number): number => 1 / (1 + Math.exp(-x));

    it('is -y log p - (1 - y) log(1 - p) with p = sigmoid(x)', () => {
      const [x, y] = [
        [0.3, -2, 4, 0],
        [1, 0, 0.25, 0.5],
      ];
      const wanted =
        x.reduce(
          (sum, value, i) => sum - y[i]! * Math.log(logistic(value)) - (1 - y[i]!) * Math.log(1 - logistic(value)),
          0,
        ) / 4;
      expectClose(bceWithLogits(tf.tensor(x), tf.tensor(y)), wanted);
    });

    it('stays finite and exact for large logits', () => {
      expectClose(bceWithLogits(tf.tensor([1000]), tf.tensor([0])), 1000, 'exact');
      expectClose(bceWithLogits(tf.tensor([-1000]), tf.tensor([1])), 1000, 'exact');
      expectClose(bceWithLogits(tf.tensor([1000, -1000]), tf.tensor([1, 0])), 0, 'exact');
    });

    it('has the slope sigmoid(x) - y, for large logits too', () => {
      const points = [-200, -3, 0.5, 80, 200];
      const x = tf.variable(tf.tensor(points));
      const y = [1, 0, 1, 0, 1];
      const {grads} = tf.variableGrads(() => tf.mul(bceWithLogits(x, tf.tensor(y)), 5), [x]);
      expectClose(
        grads[x.name]!,
        points.map((value, i) => logistic(value) - y[i]!),
      );
    });
  });
});

describe('AdaptiveLoss', () => {
  withDevice();

  it('repeats the target [n] over the scores [n, m]', () => {
    const scores = tf.tensor([
      [1, 2],
      [3, 4],
    ]);
    expectClose(new AdaptiveLoss(mse).forward(scores, tf.tensor([1, 0])), (0 + 1 + 9 + 16) / 4);
  });

  it('takes whole numbers and truth values as targets', () => {
    const scores = tf.tensor([
      [1, 2],
      [3, 4],
    ]);
    for (const target of [tf.tensor([1, 0], [2], 'int32'), tf.tensor([true, false], [2], 'bool')])
      expectClose(new AdaptiveLoss(l1).forward(scores, target), (0 + 1 + 3 + 4) / 4);
  });
});

describe('accuracyThreshExpand', () => {
  withDevice();
  const preds = (): Tensor => column(0.2, -0.3, 0.1);
  const truth = (): Tensor => tf.tensor([1, 1, 0]);

  it("is 1/3 in fastai's example", () => expectClose(accuracyThreshExpand(preds(), truth()), 1 / 3));
  it('compares the scores themselves without the sigmoid', () =>
    expectClose(accuracyThreshExpand(preds(), truth(), 0.15, false), 2 / 3));
  it('counts a score at the threshold as below it', () =>
    expectClose(accuracyThreshExpand(column(0), tf.tensor([1])), 0));
  it('holds the target against every score of an image', () =>
    expectClose(
      accuracyThreshExpand(
        tf.tensor([
          [1, -1],
          [1, 1],
        ]),
        tf.tensor([1, 0]),
      ),
      1 / 4,
    ));
});

describe('ganLossFromFunc', () => {
  withDevice();
  const bce = new AdaptiveLoss(bceWithLogits).forward;
  const softplus = (x: number): number => Math.log1p(Math.exp(x));
  const [fake, output, target] = [
    (): Tensor => column(0.5, -1),
    (): Tensor => column(3, 4),
    (): Tensor => column(1, 1),
  ];
  const adversarial = (softplus(-0.5) + softplus(1)) / 2;

  it('gives the generator its own loss and that of fakes taken for real, weighing 1 each', () => {
    expectClose(ganLossFromFunc(mse, bce).genLossFunc(fake(), output(), target()), adversarial + (4 + 9) / 2);
  });

  it("weighs the critic's opinion first, then the generator's loss", () => {
    expectClose(
      ganLossFromFunc(mse, bce, [2, 50]).genLossFunc(fake(), output(), target()),
      2 * adversarial + (50 * 13) / 2,
    );
  });

  it("does not ask for the generator's loss when it weighs nothing", () => {
    const never: LossFunction = () => expect.fail('asked');
    expectClose(ganLossFromFunc(never, bce, [1, 0]).genLossFunc(fake(), output(), target()), adversarial);
  });

  it('gives the critic the mean of its losses on reals as 1 and fakes as 0', () => {
    const wanted = ((softplus(-2) + softplus(-3)) / 2 + (softplus(0.5) + softplus(-1)) / 2) / 2;
    expectClose(ganLossFromFunc(mse, bce).critLossFunc(column(2, 3), fake()), wanted);
  });
});

describe('wganLosses', () => {
  withDevice();

  it('are the mean score of fakes, and the mean score of reals minus that', () => {
    expectClose(wganLosses.genLossFunc(column(1, 5), column(0, 0), column(0, 0)), 3);
    expectClose(wganLosses.critLossFunc(column(1, 2), column(5, 9)), 1.5 - 7);
  });
});

describe('GANLoss', () => {
  withDevice();

  /** Images are numbers: the generator doubles, the critic multiplies by 3. */
  function setup(): {model: GANModule; loss: GANLoss; generator: Scale; critic: Scale} {
    const [generator, critic] = [new Scale(2), new Scale(3)];
    const model = new GANModule(generator, critic);
    const loss = new GANLoss(
      (fakePred, output, target) =>
        tf.sum(tf.stack([tf.sum(fakePred), tf.mul(tf.sum(output), 100), tf.mul(tf.sum(target), 10_000)])),
      (realPred, fakePred) => tf.sub(tf.sum(realPred), tf.mul(tf.sum(fakePred), 10)),
      model,
    );
    return {model, loss, generator, critic};
  }

  it('in critic mode gets the scores of reals and of images made of the input', () => {
    const {loss} = setup();
    expect(valuesOf(loss.forward(column(7), column(5)))).to.deep.equal([7 - 10 * (3 * 2 * 5)]);
  });

  it('in generator mode gets the scores of the images, the images, the real ones', () => {
    const {loss} = setup();
    loss.switch();
    expect(valuesOf(loss.forward(column(4), column(5)))).to.deep.equal([3 * 4 + 400 + 50_000]);
    loss.switch();
    expect(loss.genMode).to.equal(false);
    loss.switch(false);
    expect(loss.genMode).to.equal(false);
  });

  it("sends no gradient from the critic's loss to the generator, even when nothing is frozen", () => {
    const {model, loss, generator, critic} = setup();
    const {grads} = tf.variableGrads(
      () => loss.forward(model.forward(column(7)), column(5)) as ReturnType<typeof tf.scalar>,
      [critic.weight.variable],
    );
    expect(valuesOf(grads[critic.weight.variable.name]!)).to.deep.equal([7 - 10 * 2 * 5]);
    expect(() =>
      tf.variableGrads(() => tf.sum(loss.critic(column(7), column(5))), [generator.weight.variable]),
    ).to.throw(/Cannot find a connection/);
  });

  it('sends one to it through the critic in generator mode', () => {
    const {model, loss, generator} = setup();
    model.switch(true);
    loss.switch(true);
    const {grads} = tf.variableGrads(
      () => loss.forward(model.forward(column(5)), column(0)) as ReturnType<typeof tf.scalar>,
      [generator.weight.variable],
    );
    expect(valuesOf(grads[generator.weight.variable.name]!)).to.deep.equal([5 * 3 + 5 * 100]);
  });

  it('runs the generator in whatever mode it is in: in train mode its running statistics move', () => {
    const generator = new BatchNorm(1);
    const loss = new GANLoss(wganLosses.genLossFunc, wganLosses.critLossFunc, new GANModule(generator, new Scale(1)));
    loss.critic(column(1), column(1, 3));
    expectClose(generator.runningMean.variable, 0.2);
    generator.eval();
    loss.critic(column(1), column(1, 3));
    expectClose(generator.runningMean.variable, 0.2);
  });

  it('says which network is missing', async () => {
    const loss = new GANLoss(wganLosses.genLossFunc, wganLosses.critLossFunc, new GANModule(new Scale(1)));
    expect((await ganError(() => loss.critic(column(1), column(1)))).message).to.include('no critic');
    expect((await ganError(() => loss.generator(column(1), column(1)))).message).to.include('no critic');
  });
});
