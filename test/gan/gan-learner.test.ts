import {readdir, readFile} from 'node:fs/promises';
import {join} from 'node:path';
import {expect} from 'chai';
import sharp from 'sharp';
import {
  adam,
  AdaptiveLoss,
  BatchNorm,
  basicCritic,
  basicGenerator,
  bceWithLogits,
  FixedGANSwitcher,
  fromBatches,
  GANLearner,
  GANTrainer,
  ganCritic,
  Learner,
  mse,
  Sequential,
  setFreezeModel,
  setSeed,
  sgd,
  tf,
  wganLosses,
  type Callback,
  type Compat,
  type DataLoaders,
  type GANLearnerOptions,
  type Module,
  type Tensor,
  type TrainingStep,
} from 'gankit';
import {expectClose, withDevice} from '../device.js';
import {
  allState,
  ganError,
  inFolder,
  latent,
  noiseBatches,
  numberBatches,
  Scale,
  side,
  tinyNets,
  valuesOf,
} from './helpers.js';

const {genLossFunc, critLossFunc} = wganLosses;
const modes: Compat[] = ['none', 'fastai'];

/** z and x of each batch. */
const pairs = [
  [0.5, 2],
  [-1, 1],
  [2, 3],
  [1, -1],
  [0.25, 0.5],
  [1, 1],
] as const;

/** A GAN of two numbers: images are g z, scores c image. */
function numberGan(
  options: GANLearnerOptions = {},
  {
    g = 0.5,
    c = 0.2,
    data = pairs as readonly (readonly [number, number])[],
    valid = undefined as readonly (readonly [number, number])[] | undefined,
  } = {},
) {
  const [generator, critic] = [new Scale(g), new Scale(c)];
  const dls = fromBatches(numberBatches(data), valid ? {valid: numberBatches(valid)} : {});
  return {
    generator,
    critic,
    learn: new GANLearner(dls, generator, critic, genLossFunc, critLossFunc, {
      optFunc: sgd(),
      lr: 0.1,
      switcher: FixedGANSwitcher(2, 1),
      ...options,
    }),
  };
}

interface Step {
  mode: 'c' | 'g';
  loss: number;
  g: number;
  c: number;
}

/** The same training by hand: critic c x - c g z with slope x - g z, generator c g z with slope c z. */
function byHand(order: string, {g = 0.5, c = 0.2, lr = 0.1} = {}): Step[] {
  return [...order].map((turn, i) => {
    const [z, x] = pairs[i % pairs.length]!;
    const mode = turn as 'c' | 'g';
    const loss = mode === 'c' ? c * x - c * g * z : c * g * z;
    [g, c] = mode === 'c' ? [g, c - lr * (x - g * z)] : [g - lr * c * z, c];
    return {mode, loss, g, c};
  });
}

function noteSteps(
  {generator, critic}: {generator: Scale; critic: Scale},
  learn: GANLearner,
): Callback & {steps: Step[]} {
  const steps: Step[] = [];
  return {
    name: 'steps',
    runAfter: ['recorder'],
    steps,
    async afterBatch({training, pendingLoss}) {
      if (!training) return;
      await learn.readLosses();
      steps.push({
        mode: learn.pendingLoss!.turn === 'critic' ? 'c' : 'g',
        loss: pendingLoss!.value,
        g: generator.value,
        c: critic.value,
      });
    },
  };
}

describe('GANLearner', () => {
  withDevice();

  it('trains the network whose turn it is, on reals and fakes, as computed by hand', async () => {
    const {learn, ...nets} = numberGan();
    const note = noteSteps(nets, learn);
    await learn.fit(1, undefined, {cbs: [note]});
    const wanted = byHand('ccgccg');
    expect(note.steps.map(({mode}) => mode).join('')).to.equal('ccgccg');
    for (const key of ['loss', 'g', 'c'] as const)
      expectClose(
        note.steps.map((step) => step[key]),
        wanted.map((step) => step[key]),
        'sum',
        key,
      );
  });

  it('keeps smoothed losses of each network, with the beta given', async () => {
    const smooth = (losses: number[], beta: number): number[] => {
      let v = 0;
      return losses.map((loss, i) => (v = beta * v + (1 - beta) * loss) / (1 - beta ** (i + 1)));
    };
    for (const beta of [0.98, 0.5]) {
      const {learn} = numberGan(beta === 0.98 ? {} : {beta});
      await learn.fit(1);
      const losses = (mode: string): number[] =>
        byHand('ccgccg')
          .filter((step) => step.mode === mode)
          .map(({loss}) => loss);
      expectClose(learn.ganTrainer.critLosses, smooth(losses('c'), beta));
      expectClose(learn.ganTrainer.genLosses, smooth(losses('g'), beta));
    }
  });

  it("has the mean over each network's own steps in the columns gen_loss and crit_loss", async () => {
    const {learn} = numberGan();
    Object.assign(learn.recorder!, {trainMetrics: true, validMetrics: false});
    await learn.fit(1);
    expect(learn.recorder!.columns).to.deep.equal(['epoch', 'train_loss', 'gen_loss', 'crit_loss']);
    const mean = (mode: string): number => {
      const losses = byHand('ccgccg')
        .filter((step) => step.mode === mode)
        .map(({loss}) => loss);
      return losses.reduce((a, b) => a + b) / losses.length;
    };
    expectClose(learn.recorder!.rows[0]!.values.slice(1) as number[], [mean('g'), mean('c')]);
  });

  it("counts each network's latest loss at every step in fastai's way, 0 before the first", async () => {
    const {learn} = numberGan({compat: 'fastai'});
    Object.assign(learn.recorder!, {trainMetrics: true, validMetrics: false});
    await learn.fit(1);
    const latest = {c: 0, g: 0};
    const sums = {c: 0, g: 0};
    for (const {mode, loss} of byHand('ccgccg')) {
      latest[mode] = loss;
      for (const key of ['c', 'g'] as const) sums[key] += latest[key] / 6;
    }
    expectClose(learn.recorder!.rows[0]!.values.slice(1) as number[], [sums.g, sums.c]);
  });

  it('has the metrics of its caller before its own', async () => {
    const {learn} = numberGan({metrics: {seven: () => 7}});
    await learn.fit(1);
    expect(learn.recorder!.columns).to.deep.equal([
      'epoch',
      'train_loss',
      'valid_loss',
      'seven',
      'gen_loss',
      'crit_loss',
    ]);
    const made = numberGan({metrics: () => []});
    await made.learn.fit(1);
    expect(made.learn.recorder!.columns.slice(3)).to.deep.equal(['gen_loss', 'crit_loss']);
  });

  it('validates with the generator: its loss, and none of the critic', async () => {
    const {learn, generator, critic} = numberGan(
      {},
      {
        valid: [
          [1, 9],
          [3, 9],
        ],
      },
    );
    await learn.fit(1);
    const wanted = (critic.value * generator.value * (1 + 3)) / 2;
    const [, validLoss, genLoss, critLoss] = learn.recorder!.rows[0]!.values;
    expectClose([validLoss!, genLoss!], [wanted, wanted]);
    expect(critLoss).to.equal(null);
  });

  for (const compat of modes) {
    it(`can validate before it has been fitted (${compat})`, async () => {
      const {learn} = numberGan(
        {compat},
        {
          valid: [
            [1, 9],
            [3, 9],
          ],
        },
      );
      expectClose(((await learn.validate()) as number[])[0]!, 0.5 * 0.2 * 2);
    });
  }

  it('leaves both networks trainable after a validation, and the histories of the fit', async () => {
    const {learn} = numberGan({}, {valid: [[1, 9]]});
    const trainable = (): boolean => learn.model.parameters().every(({requiresGrad}) => requiresGrad);
    await learn.validate();
    expect(trainable()).to.equal(true);
    await learn.fit(1);
    await learn.validate();
    expect(trainable()).to.equal(true);
    expect(learn.ganTrainer.critLosses).to.have.length(4);
  });

  it('has the defaults of fastai', () => {
    const {generator, critic} = tinyNets();
    const dls = fromBatches(noiseBatches(1));
    const plain = new GANLearner(dls, generator, critic, genLossFunc, critLossFunc).ganTrainer;
    expect([plain.switchEval, plain.genFirst, plain.clip]).to.deep.equal([true, false, undefined]);
    const wgan = GANLearner.wgan(dls, generator, critic).ganTrainer;
    expect([wgan.switchEval, wgan.genFirst, wgan.clip]).to.deep.equal([false, false, 0.01]);
    expect(GANLearner.wgan(dls, generator, critic, {clip: 0.5, switchEval: true}).ganTrainer).to.include({
      clip: 0.5,
      switchEval: true,
    });
  });

  it("runs TrainEval, the caller's callbacks, the trainer, the switcher, the recorder", () => {
    const {learn} = numberGan({cbs: [{name: 'mine'}]});
    expect(learn.callbacks.map(({name}) => name)).to.deep.equal([
      'train-eval',
      'mine',
      'gan-trainer',
      'switcher',
      'recorder',
    ]);
  });

  it("has a parameter group for each network, one for both in fastai's way", () => {
    const counts = (options: GANLearnerOptions): number[] =>
      numberGan(options)
        .learn.createOpt()
        .groups.map((group) => group.length);
    expect(counts({})).to.deep.equal([1, 1]);
    expect(counts({compat: 'fastai'})).to.deep.equal([2]);
    expect(counts({splitter: (model) => [model.parameters()]})).to.deep.equal([2]);
  });

  it('takes a rate for each network', async () => {
    const {learn, ...nets} = numberGan({lr: [0.1, 0]});
    await learn.fit(1);
    expect(nets.critic.value).to.equal(Math.fround(0.2));
    expect(nets.generator.value).to.not.equal(0.5);
  });
});

describe('GANLearner: freezing', () => {
  withDevice();

  /** Which network's parameters changed in each step. */
  async function changes(options: GANLearnerOptions): Promise<string[]> {
    const {learn, generator, critic} = numberGan({optFunc: adam(), ...options});
    let before = [generator.value, critic.value];
    const seen: string[] = [];
    await learn.fit(1, undefined, {
      cbs: [
        {
          name: 'changes',
          runAfter: ['recorder'],
          afterBatch() {
            const now = [generator.value, critic.value];
            seen.push(
              `${learn.pendingLoss!.turn === 'critic' ? 'c' : 'g'}: ${now[0] === before[0] ? '' : 'g'}${now[1] === before[1] ? '' : 'c'}`,
            );
            before = now;
          },
        },
      ],
    });
    return seen;
  }

  it('changes exactly the network that is being trained, momentum and decay notwithstanding', async () => {
    expect(await changes({wd: 0.1})).to.deep.equal(['c: c', 'c: c', 'g: g', 'c: c', 'c: c', 'g: g']);
  });

  it("in fastai's way also moves the other, once it has been trained", async () => {
    expect(await changes({compat: 'fastai'})).to.deep.equal(['c: c', 'c: c', 'g: gc', 'c: gc', 'c: gc', 'g: gc']);
  });

  it('lets gradients of the network only whose turn it is be computed', async () => {
    const {learn, generator, critic} = numberGan();
    const seen: boolean[][] = [];
    await learn.fit(1, undefined, {
      cbs: [
        {name: 'note', afterPred: () => void seen.push([generator.weight.requiresGrad, critic.weight.requiresGrad])},
      ],
    });
    expect(seen).to.deep.equal([
      [false, true],
      [false, true],
      [true, false],
      [false, true],
      [false, true],
      [true, false],
    ]);
  });

  it('leaves both networks trainable after a fit, so that another learner trains both', async () => {
    const {learn, generator, critic} = numberGan();
    await learn.fit(1);
    expect([generator.weight.requiresGrad, critic.weight.requiresGrad]).to.deep.equal([true, true]);
    const before = critic.value;
    const second = new GANLearner(learn.dls, generator, critic, genLossFunc, critLossFunc, {optFunc: sgd(), lr: 0.1});
    await second.fit(1);
    expect(second.opt!.parameters()).to.deep.equal([generator.weight, critic.weight]);
    expect(critic.value).to.not.equal(before);
  });

  it('leaves them so after a fit that failed', async () => {
    const {learn, generator, critic} = numberGan();
    const failed = await learn
      .fit(1, undefined, {
        cbs: [
          {
            name: 'fail',
            afterLoss: () => {
              throw new Error('mine');
            },
          },
        ],
      })
      .then(
        () => '',
        (error: Error) => error.message,
      );
    expect(failed).to.equal('mine');
    expect([generator.weight.requiresGrad, critic.weight.requiresGrad]).to.deep.equal([true, true]);
  });

  it("leaves the critic frozen in fastai's way, so that another learner never trains it", async () => {
    const {learn, generator, critic} = numberGan({compat: 'fastai'});
    await learn.fit(1);
    expect([generator.weight.requiresGrad, critic.weight.requiresGrad]).to.deep.equal([true, false]);
    const second = new GANLearner(learn.dls, generator, critic, genLossFunc, critLossFunc, {
      compat: 'fastai',
      optFunc: sgd(),
      lr: 0.1,
      genFirst: true,
      switcher: () => 'generator',
    });
    await second.fit(1);
    expect(second.opt!.parameters()).to.deep.equal([generator.weight]);
  });

  it('keeps frozen what the caller has frozen', async () => {
    setSeed(1);
    const critic = new Sequential([new Scale(0.5), new Scale(0.5)]);
    const [first, last] = critic.parameters();
    setFreezeModel(critic.children()[0]![1], false);
    const learn = new GANLearner(fromBatches(numberBatches(pairs)), new Scale(1), critic, genLossFunc, critLossFunc, {
      optFunc: sgd(),
      lr: 0.1,
    });
    await learn.fit(2);
    expect(valuesOf(first!.variable)).to.deep.equal([0.5]);
    expect(valuesOf(last!.variable)).to.not.deep.equal([0.5]);
    expect([first!.requiresGrad, last!.requiresGrad]).to.deep.equal([false, true]);
  });

  it('setFreezeModel freezes and frees every parameter', () => {
    const {critic} = tinyNets();
    setFreezeModel(critic, false);
    expect(critic.parameters().some(({requiresGrad}) => requiresGrad)).to.equal(false);
    setFreezeModel(critic, true);
    expect(critic.parameters().every(({requiresGrad}) => requiresGrad)).to.equal(true);
  });
});

describe('GANLearner: train and eval mode', () => {
  withDevice();

  /** [generator, critic] in train mode, at each forward pass. */
  async function seen(options: GANLearnerOptions): Promise<string[]> {
    const {learn, generator, critic} = numberGan(
      {switcher: FixedGANSwitcher(1, 1), ...options},
      {data: pairs.slice(0, 3), valid: [[1, 1]]},
    );
    const all: string[] = [];
    await learn.fit(2, undefined, {
      cbs: [
        {
          name: 'note',
          afterPred: ({training}) =>
            void all.push(
              `${training ? (learn.ganModel.genMode ? 'g' : 'c') : 'v'}: ${generator.training ? 'g' : ''}${critic.training ? 'c' : ''}`,
            ),
        },
      ],
    });
    return all;
  }

  it('the network that is not being trained is in eval mode, from the first step of every epoch; all are in validation', async () => {
    expect(await seen({})).to.deep.equal(['c: c', 'g: g', 'c: c', 'v: ', 'g: g', 'c: c', 'g: g', 'v: ']);
  });

  it('both are in train mode with switchEval false', async () => {
    expect(await seen({switchEval: false})).to.deep.equal([
      'c: gc',
      'g: gc',
      'c: gc',
      'v: ',
      'g: gc',
      'c: gc',
      'g: gc',
      'v: ',
    ]);
  });

  it('both are until the first switch of an epoch in fastai, and the generator is in validation', async () => {
    expect(await seen({compat: 'fastai'})).to.deep.equal([
      'c: gc',
      'g: g',
      'c: c',
      'v: g',
      'g: gc',
      'c: c',
      'g: g',
      'v: g',
    ]);
  });
});

describe('GANLearner: clipping', () => {
  withDevice();

  const largest = (module: Module): number =>
    Math.max(...module.parameters().map(({variable}) => tf.max(tf.abs(variable)).dataSync()[0]!));

  interface Seen {
    /** Largest critic value after each step, norm layers apart; that of its norm layers; that of the generator. */
    rest: number[];
    norm: number[];
    generator: number[];
  }

  async function seen(compat: Compat, options: GANLearnerOptions = {}): Promise<Seen> {
    const {generator, critic} = tinyNets();
    const norms = critic.modules().filter((module) => module instanceof BatchNorm);
    const others = critic
      .modules()
      .filter(
        (module) => module.children().length === 0 && !(module instanceof BatchNorm) && module.parameters().length > 0,
      );
    const learn = GANLearner.wgan(fromBatches(noiseBatches(3)), generator, critic, {
      compat,
      optFunc: sgd(),
      lr: 0.5,
      clip: 0.02,
      switcher: FixedGANSwitcher(2, 1),
      ...options,
    });
    const result: Seen = {rest: [], norm: [], generator: []};
    await learn.fit(1, undefined, {
      cbs: [
        {
          name: 'note',
          runAfter: ['recorder'],
          afterBatch() {
            result.rest.push(Math.max(...others.map(largest)));
            result.norm.push(Math.max(...norms.map(largest)));
            result.generator.push(largest(generator));
          },
        },
      ],
    });
    return result;
  }

  it("holds the critic's weights within the bound after each step, and leaves norm layers and the generator", async () => {
    const {rest, norm, generator} = await seen('none');
    expectClose(rest, [0.02, 0.02, 0.02], 'exact');
    for (const value of [...norm, ...generator]) expect(value).to.be.above(0.5);
  });

  it("in fastai's way clips before a step, norm layers too, and so ends outside of the bound", async () => {
    const {rest, norm, generator} = await seen('fastai');
    expect(rest[1]).to.be.above(0.021);
    expectClose(rest[2]!, 0.02, 'exact'); // clipped before the generator's step
    expect(Math.max(...norm)).to.be.below(0.5);
    for (const value of generator) expect(value).to.be.above(0.5);
  });

  it("clips in generator steps only in fastai's way", async () => {
    const first = (compat: Compat): Promise<Seen> => seen(compat, {genFirst: true, switcher: () => 'generator'});
    expectClose((await first('fastai')).rest[0]!, 0.02, 'exact');
    expect((await first('none')).rest[0]).to.be.above(0.1);
  });

  it('does not happen without a bound', async () => {
    const {critic, learn} = numberGan({}, {c: 5});
    await learn.fit(1);
    expect(critic.value).to.be.above(2);
  });

  it('refuses a bound that is none', async () => {
    for (const clip of [0, -1, NaN]) expect(await ganError(() => numberGan({clip}))).to.include({code: 'GAN_ARGUMENT'});
  });
});

describe('GANTrainer', () => {
  withDevice();

  it('needs a GANModule', async () => {
    const {learn} = numberGan();
    const other = new Learner(learn.dls, new Scale(1), mse, {cbs: [new GANTrainer(learn.ganLoss)]});
    expect((await ganError(() => other.fit(1))).message).to.include('GANModule');
  });

  it('switches by hand: the mode given, or the other one', async () => {
    const {learn, generator, critic} = numberGan();
    const trainer = learn.ganTrainer;
    const seen: string[] = [];
    await learn.fit(1, undefined, {
      cbs: [
        {
          name: 'by-hand',
          runBefore: ['gan-trainer'],
          beforeBatch: ({iter}) => {
            if (iter === 0) trainer.switch('generator');
            if (iter === 1) trainer.switch();
            seen.push(
              `${trainer.turn} ${learn.ganModel.genMode} ${learn.ganLoss.genMode} ${generator.weight.requiresGrad} ${critic.weight.requiresGrad}`,
            );
          },
        },
      ],
    });
    // after the generator's first step the switcher gives the turn to the critic, and switch() takes it back
    expect(seen.slice(0, 3)).to.deep.equal([
      'generator true true true false',
      'generator true true true false',
      'critic false false false true',
    ]);
  });

  it("keeps the generator's images of its latest step until the fit ends", async () => {
    const {learn, generator} = numberGan();
    const seen: (number | undefined)[] = [];
    let before = generator.value;
    await learn.fit(1, undefined, {
      cbs: [
        {
          name: 'note',
          runAfter: ['recorder'],
          afterBatch: ({iter}) => {
            seen.push(learn.ganTrainer.lastGen && valuesOf(learn.ganTrainer.lastGen)[0]! / (before * pairs[iter]![0]));
            before = generator.value;
          },
        },
      ],
    });
    expect(seen.slice(0, 2)).to.deep.equal([undefined, undefined]);
    expectClose([seen[2]!, seen[5]!], [1, 1]);
    expect(learn.ganTrainer.lastGen).to.equal(undefined);
  });

  it('forgets histories and turns when a new fit begins', async () => {
    const {learn} = numberGan();
    await learn.fit(1);
    const {critLosses, genLosses} = learn.ganTrainer;
    await learn.fit(2);
    expect([critLosses.length, genLosses.length]).to.deep.equal([4, 2]);
    expect([learn.ganTrainer.critLosses.length, learn.ganTrainer.genLosses.length]).to.deep.equal([8, 4]);
  });
});

describe('GANLearner: pictures', () => {
  withDevice();

  function imageGan(
    options: GANLearnerOptions = {},
    dls: DataLoaders = fromBatches(noiseBatches(2, {size: 3})),
  ): GANLearner {
    const {generator, critic} = tinyNets();
    return GANLearner.wgan(dls, generator, critic, {switcher: FixedGANSwitcher(1, 1), ...options});
  }

  it('showImg writes the latest images of the generator after each epoch', async () => {
    await inFolder(async (path) => {
      await imageGan({showImg: true, path}).fit(2);
      const files = await readdir(join(path, 'images'));
      expect(files.sort()).to.deep.equal(['epoch-0001.png', 'epoch-0002.png']);
      const {width, height} = await sharp(await readFile(join(path, 'images', 'epoch-0002.png'))).metadata();
      // three images: two by two, gaps of 2
      expect([width, height]).to.deep.equal([2 * (side + 2) + 2, 2 * (side + 2) + 2]);
    });
  });

  it('nothing is written by default', async () => {
    await inFolder(async (path) => {
      await imageGan({path}).fit(1);
      expect(await readdir(path)).to.deep.equal([]);
    });
  });

  it('showResults draws what the generator makes of a batch in eval mode, and erases nothing', async () => {
    const learn = imageGan();
    await learn.fit(1);
    const history = [...learn.ganTrainer.critLosses];
    const before = await allState(learn.model);
    const {shape, data} = await learn.showResults({maxN: 2});
    expect(shape).to.deep.equal([2, side, side, 1]);
    expect(data).to.be.an.instanceof(Uint8Array);
    const {input} = noiseBatches(2, {size: 3})[0]!;
    learn.model.eval();
    const wanted = valuesOf(learn.ganModel.generator!.forward(tf.tensor(input.data, [3, latent]))).slice(
      0,
      2 * side * side,
    );
    for (const [i, value] of wanted.entries())
      expect(Math.abs(data[i]! - (value * 0.5 + 0.5) * 255)).to.be.at.most(0.51);
    expect(learn.ganTrainer.critLosses).to.deep.equal(history);
    expect(await allState(learn.model)).to.deep.equal(before);
  });

  it('showResults takes the validation set when there is one, and at most a batch', async () => {
    const dls = fromBatches(noiseBatches(1, {size: 3}), {valid: noiseBatches(1, {size: 2, seed: 9})});
    expect((await imageGan({}, dls).showResults()).shape[0]).to.equal(2);
    expect((await imageGan({}, dls).showResults({loader: dls.train})).shape[0]).to.equal(3);
    const none = fromBatches(noiseBatches(1), {valid: []});
    expect(await ganError(() => imageGan({}, none).showResults())).to.include({code: 'GAN_DATA_EMPTY', kind: 'data'});
  });

  it('generate uses eval mode and puts the mode back, also after an error, without a tensor left', async () => {
    const learn = imageGan();
    const generator = learn.ganModel.generator!;
    generator.children()[2]![1].training = false;
    const modesOf = (): boolean[] => generator.modules().map(({training}) => training);
    const before = modesOf();
    const tensors = tf.memory().numTensors;
    const state = await allState(generator);
    await learn.generate({data: new Float32Array(2 * latent), shape: [2, latent]});
    expect(await allState(generator)).to.deep.equal(state);
    expect(modesOf()).to.deep.equal(before);
    expect(await ganError(() => learn.generate({data: new Float32Array(6), shape: [2, 3]}))).to.include({
      code: 'GAN_SHAPE',
    });
    expect(modesOf()).to.deep.equal(before);
    expect(tf.memory().numTensors).to.equal(tensors);
  });
});

describe('GANLearner.fromLearners', () => {
  withDevice();

  const images = (): DataLoaders => fromBatches(noiseBatches(2, {shape: [16, 16, 1], inputShape: [16, 16, 1]}));

  function learners(): {gen: Learner; crit: Learner; learn: GANLearner} {
    const generator = new Sequential([new BatchNorm(1), new Scale(0.5)]);
    const critic = ganCritic({nChannels: 1, nf: 4, nBlocks: 1});
    const gen = new Learner(images(), generator, mse, {lr: 0.5});
    const crit = new Learner(images(), critic, new AdaptiveLoss(bceWithLogits).forward, {lr: 0.25});
    return {gen, crit, learn: GANLearner.fromLearners(gen, crit, {weightsGen: [1, 50]})};
  }

  it('shares networks and data of the two learners, and takes over nothing else', () => {
    const {gen, crit, learn} = learners();
    expect(learn.ganModel.generator).to.equal(gen.model);
    expect(learn.ganModel.critic).to.equal(crit.model);
    expect(learn.dls).to.equal(gen.dls);
    expect(learn.lr).to.equal(1e-3);
  });

  it('has their losses, weighted', () => {
    const {learn} = learners();
    const [fake, output, target] = [tf.tensor([[0]]), tf.tensor([[2]]), tf.tensor([[1]])];
    const step = {
      fake: {scores: fake, images: output},
      real: {scores: fake, images: target},
    } as unknown as TrainingStep;
    const even = GANLearner.fromLearners(...(({gen, crit}) => [gen, crit] as const)(learners()));
    expectClose(learn.ganLoss.loss.generator(step) as Tensor, Math.log(2) + 50);
    expectClose(even.ganLoss.loss.generator(step) as Tensor, Math.log(2) + 1);
    expectClose(learn.ganLoss.loss.critic(step) as Tensor, Math.log(2));
  });

  it('trains what the two learners hold', async () => {
    const {gen, crit, learn} = learners();
    const before = [await allState(gen.model), await allState(crit.model)];
    await learn.fit(1);
    expect(await allState(gen.model)).to.not.deep.equal(before[0]);
    expect(await allState(crit.model)).to.not.deep.equal(before[1]);
  });
});

describe('GANLearner: tensors', () => {
  withDevice();

  for (const compat of modes) {
    it(`are as many after three epochs as after one, with everything on (${compat}), and none are left after dispose`, async () => {
      await inFolder(async (path) => {
        const before = tf.memory().numTensors;
        setSeed(3);
        const generator = basicGenerator(16, 1, {inSize: latent, nFeatures: 4});
        const critic = ganCritic({nChannels: 1, nf: 4, nBlocks: 1});
        const dls = fromBatches(noiseBatches(3, {shape: [16, 16, 1]}), {valid: noiseBatches(1, {shape: [16, 16, 1]})});
        const learn = GANLearner.wgan(dls, generator, critic, {
          compat,
          path,
          showImg: true,
          switcher: FixedGANSwitcher(2, 1),
          metrics: {mean: (pred: Tensor) => tf.mean(pred)},
        });
        await learn.fit(1);
        const once = tf.memory().numTensors;
        await learn.fit(3);
        await learn.validate();
        await learn.showResults();
        await learn.save('x');
        expect(tf.memory().numTensors).to.equal(once);
        learn.dispose();
        expect(tf.memory().numTensors).to.equal(before);
      });
    });
  }

  it('are all given back after a fit that failed in mid-training', async () => {
    const before = tf.memory().numTensors;
    const generator = basicGenerator(side, 1, {inSize: latent, nFeatures: 4});
    const critic = basicCritic(16, 1, {nFeatures: 2}); // does not fit 8x8 images
    const learn = GANLearner.wgan(fromBatches(noiseBatches(2)), generator, critic);
    const error = await ganError(() => learn.fit(1));
    expect(error.message).to.include('(at critic.2)');
    learn.dispose();
    expect(tf.memory().numTensors).to.equal(before);
  });
});
