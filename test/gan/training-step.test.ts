/** What losses and penalties see of a step, and when it is computed. */
import {expect} from 'chai';
import {
  adam,
  basicCritic,
  basicGenerator,
  fromBatches,
  GANLearner,
  GANLoss,
  GANModule,
  LeakyReLU,
  Rng,
  setSeed,
  tf,
  wganLosses,
  type Batch,
  type Callback,
  type GANLearnerOptions,
  type Penalty,
  type StepLoss,
  type Tensor,
  type TrainingStep,
} from 'gankit';
import type {Scalar} from '../../dist/backends/tf.js';
import {PartRandom} from '../../dist/gan/step-random.js';
import {SharedStep} from '../../dist/gan/training-step.js';
import {expectClose, withDevice} from '../device.js';
import {FunctionModule, ganError, noiseBatches, Scale, valuesOf} from './helpers.js';

const column = (...values: number[]): Tensor => tf.tensor(values, [values.length, 1]);
const progress = {step: 0, steps: 1, position: 0, networkStep: 0, images: 0};
const random = new PartRandom(new Rng(1));

/** Networks of one number each, which note that they are called: the generator doubles, the critic's score is 3 x^2. */
function networks(): {model: GANModule; calls: string[]; generator: Scale} {
  const calls: string[] = [];
  const generator = new Scale(2);
  const noting = new FunctionModule((x) => (calls.push('generator'), generator.forward(x)));
  const critic = new FunctionModule((x) => (calls.push('critic'), tf.mul(tf.square(x), 3)));
  return {model: new GANModule(noting, critic), calls, generator};
}

describe('a training step', () => {
  withDevice();

  /** What `see` makes of a step, whatever it makes being summed. */
  function look(turn: 'critic' | 'generator', see: (step: TrainingStep) => Tensor, model = networks().model): Tensor {
    const facts =
      turn === 'critic'
        ? {real: {images: column(1, 4)}, fake: {}}
        : {real: {images: column(1, 4)}, fake: {images: model.network('generator').forward(column(5, 7))}};
    return SharedStep.terms({model, turn, progress, latents: column(5, 7), ...facts}, (step) => ({
      it: see(step.view(random)),
    }))['it']!;
  }

  it('computes what is asked for, once, and nothing else', () => {
    const {model, calls} = networks();
    look('critic', ({real}) => tf.sum(real.images), model);
    expect(calls).to.deep.equal([]);
    look('critic', ({fake}) => tf.add(tf.sum(fake.images), tf.sum(fake.images)), model);
    expect(calls.splice(0)).to.deep.equal(['generator']);
    look('critic', ({real, fake}) => tf.add(tf.mul(real.scores, real.scores), fake.scores), model);
    expect(calls.splice(0)).to.deep.equal(['critic', 'generator', 'critic']);
  });

  it('has scores of both kinds of images in either turn', () => {
    for (const turn of ['critic', 'generator'] as const) {
      expect(valuesOf(look(turn, ({real}) => real.scores))).to.deep.equal([3, 48]);
      expect(valuesOf(look(turn, ({fake}) => fake.scores))).to.deep.equal([300, 588]);
    }
  });

  it('has the networks as functions', () => {
    expect(valuesOf(look('critic', ({critic}) => critic(column(10))))).to.deep.equal([300]);
    expect(valuesOf(look('critic', ({generator, latents}) => generator(tf.neg(latents))))).to.deep.equal([-10, -14]);
  });

  it('has slopes from the pass that gave the scores; outside of a gradient, too', () => {
    const {model, calls} = networks();
    const slopes = (): Tensor => look('critic', ({real}) => real.slopes, model);
    expect(valuesOf(slopes())).to.deep.equal([6, 24]);
    calls.splice(0);
    const weight = tf.variable(tf.scalar(1));
    tf.variableGrads(() => tf.mul(tf.sum(slopes()), weight) as Scalar, [weight]);
    expect(calls).to.deep.equal(['critic']);
  });

  it('sends no gradient to the generator in a critic step, and one through scores and slopes in a generator step', () => {
    const gradient = (turn: 'critic' | 'generator', see: (step: TrainingStep) => Tensor): number => {
      const {model, generator} = networks();
      const one = tf.variable(tf.scalar(1));
      const {grads} = tf.variableGrads(
        () => tf.mul(tf.sum(look(turn, see, model)), one) as Scalar,
        [generator.weight.variable, one],
      );
      const found = grads[generator.weight.variable.name] as Tensor | null;
      return found ? valuesOf(found)[0]! : 0;
    };
    expect(gradient('critic', ({fake}) => fake.scores)).to.equal(0);
    expect(gradient('critic', ({generator, latents}) => generator(latents))).to.equal(0);
    // scores 3 (w z)^2, slopes 6 w z; w is 2, z is 5 and 7
    expect(gradient('generator', ({fake}) => fake.scores)).to.equal(6 * 2 * (25 + 49));
    expect(gradient('generator', ({fake}) => fake.slopes)).to.equal(6 * (5 + 7));
    expect(gradient('generator', ({generator, latents}) => generator(latents))).to.equal(5 + 7);
  });

  it('keeps what was asked for inside a tidy, and leaves only the terms behind', () => {
    const {model} = networks();
    const before = tf.memory().numTensors;
    tf.tidy(() => {
      const sum = look(
        'critic',
        ({real, fake}) => {
          tf.tidy(() => void [real.slopes, fake.scores]);
          return tf.add(tf.sum(real.slopes), tf.sum(fake.scores));
        },
        model,
      );
      expect(valuesOf(sum)).to.deep.equal([6 + 24 + 300 + 588]);
    });
    expect(tf.memory().numTensors).to.equal(before);
    const alone = look('critic', ({fake}) => fake.scores, model); // freed with the step, but for a clone
    expect(valuesOf(alone)).to.deep.equal([300, 588]);
  });

  it('says what it was not given', async () => {
    const loss = new GANLoss({critic: ({real}) => real.images, generator: ({latents}) => latents}, networks().model);
    expect((await ganError(() => loss.critic(column(1), column(1)))).message).to.include('the real images');
    expect((await ganError(() => loss.generator(column(1), column(1)))).message).to.include("the generator's input");
  });
});

describe('GANLearner with a loss of steps', () => {
  withDevice();

  const nets = () =>
    [
      basicGenerator(8, 1, {inSize: 4, nFeatures: 4}),
      basicCritic(8, 1, {nFeatures: 4, actCls: () => new LeakyReLU(0.2)}),
    ] as const;

  interface Trained {
    state: unknown;
    terms: (Readonly<Record<string, number>> | undefined)[];
    losses: number[];
    repeated: number;
  }

  async function train(
    loss: StepLoss | 'fastai',
    options: GANLearnerOptions = {},
    batches: Batch[] = noiseBatches(24),
  ): Promise<Trained> {
    setSeed(3);
    const [generator, critic] = nets();
    const [terms, losses]: [Trained['terms'], number[]] = [[], []];
    const note: Callback = {
      name: 'note',
      afterLossRead({lastLoss}) {
        terms.push(lastLoss!.terms);
        losses.push(lastLoss!.value);
      },
    };
    const all = {optFunc: adam(), lr: 1e-3, cbs: [note], ...options};
    const {genLossFunc, critLossFunc} = wganLosses;
    const learn =
      loss === 'fastai'
        ? new GANLearner(fromBatches(batches), generator, critic, genLossFunc, critLossFunc, all)
        : new GANLearner(fromBatches(batches), generator, critic, loss, all);
    await learn.fit(1);
    const state = [...(await learn.model.stateDict())].map(([name, {data}]) => [name, Array.from(data, Number)]);
    const {repeated} = learn.capture;
    learn.dispose();
    return {state, terms, losses, repeated};
  }

  const wgan: StepLoss = {
    critic: ({real, fake}) => tf.sub(tf.mean(real.scores), tf.mean(fake.scores)),
    generator: ({fake}) => tf.mean(fake.scores),
    repeatable: true,
  };

  it("computes the same bits as fastai's functions", async () =>
    expect(await train(wgan)).to.deep.equal(await train('fastai')));

  it('reads terms by name together with the loss that is their sum; a single one is the loss', async () => {
    const named: StepLoss = {
      critic: ({real, fake}) => ({real: tf.mean(real.scores), fake: tf.neg(tf.mean(fake.scores))}),
      generator: wgan.generator,
      repeatable: true,
    };
    for (const capture of ['auto', 'off'] as const) {
      const {terms, losses, repeated} = await train(named, {capture});
      expect(repeated > 0).to.equal(capture === 'auto');
      expect(terms.map((each) => each && Object.keys(each).join())).to.deep.equal(
        losses.map((_, i) => (i % 2 === 0 ? 'real,fake' : undefined)),
      );
      terms.forEach((each, i) => each && expect(each['real']! + each['fake']!).to.be.closeTo(losses[i]!, 1e-6));
    }
  });

  it("adds a penalty of the generator to the generator's loss alone, and moves it", async () => {
    const penalty: Penalty = {
      name: 'size',
      network: 'generator',
      compute: ({fake}) => tf.mul(tf.mean(tf.square(fake.images)), 100),
      repeatable: true,
    };
    const {terms, losses} = await train(wgan, {penalties: [penalty]}, noiseBatches(200));
    terms.forEach((each, i) =>
      expect(each && Object.keys(each)).to.deep.equal(i % 2 === 0 ? undefined : ['adversarial', 'size']),
    );
    expect(losses[1]).to.be.closeTo(terms[1]!['adversarial']! + terms[1]!['size']!, 1e-4);
    expect(terms.at(-1)!['size']).to.be.lessThan(terms[1]!['size']! / 4);
  });

  it('tells how far the training is, and draws other numbers in each step, the same ones when it is repeated', async () => {
    const run = async (capture: 'auto' | 'off') => {
      const seen: unknown[] = [];
      const noises: number[] = [];
      const noise: Penalty = {
        name: 'noise',
        network: 'critic',
        compute: ({random: numbers}) => tf.mul(tf.mean(numbers.normal([50], 3)), 1),
        repeatable: true,
      };
      const loss: StepLoss = {
        ...wgan,
        critic: (step) => {
          seen.push(step.progress);
          return {wgan: wgan.critic(step) as Tensor, uniform: tf.mul(tf.mean(step.random.uniform([20])), 1)};
        },
      };
      const {terms, repeated} = await train(loss, {capture, penalties: [noise]});
      for (const each of terms) if (each?.['noise'] !== undefined) noises.push(each['noise'], each['uniform']!);
      return {seen, noises, repeated};
    };
    const [eager, captured] = [await run('off'), await run('auto')];
    expect(captured.repeated).to.be.greaterThan(10);
    expect(captured.noises).to.deep.equal(eager.noises);
    expect(new Set(eager.noises).size).to.equal(24);
    expectClose(
      eager.noises[0]!,
      new Rng(3)
        .fork('penalty', 0)
        .normal(50, 3)
        .reduce((a, b) => a + b) / 50,
    );
    expect(eager.seen[3]).to.deep.equal({
      step: 6,
      steps: 24,
      position: 0.25,
      networkStep: 3,
      images: 6 * noiseBatches(1)[0]!.size,
    });
  });

  it('has the labels of the batch, also in steps that are repeated', async () => {
    const labelled = noiseBatches(24).map((batch, i) => ({
      ...batch,
      labels: Int32Array.from({length: batch.size}, (_, k) => i + k),
    }));
    const loss: StepLoss = {
      ...wgan,
      critic: (step) => ({wgan: wgan.critic(step) as Tensor, labels: tf.mean(tf.cast(step.labels!, 'float32'))}),
    };
    const {terms, repeated} = await train(loss, {}, labelled);
    expect(repeated).to.be.greaterThan(10);
    const offset = (labelled[0]!.size - 1) / 2;
    terms.forEach((each, i) => each && expect(each['labels']).to.be.closeTo(i + offset, 1e-6));
  });
});
