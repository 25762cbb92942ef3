import {expect} from 'chai';
import {
  adam,
  BatchNorm,
  Cancel,
  fromBatches,
  Learner,
  mse,
  Normalization,
  Sequential,
  setFreezeModel,
  sgd,
  tf,
  type AverageMetric,
  type Callback,
  type Dense,
  type LearnerOptions,
  type Parameter,
  type Tensor,
} from 'gankit';
import {expectClose, withDevice} from '../device.js';
import {dense, ganError, inFolder, numberLoaders, Scale, valuesOf} from './helpers.js';

const inStep = ['afterPred', 'afterLoss', 'beforeBackward', 'afterBackward', 'beforeStep', 'afterStep'] as const;
const around = ['Fit', 'Epoch', 'Train', 'Validate', 'Batch'] as const;
const events = [
  ...around.flatMap((phase) => [`before${phase}`, `after${phase}`, `afterCancel${phase}`] as const),
  ...inStep,
];
type EventName = (typeof events)[number];

/** Notes every event; `at` may do something when one is reached for the n-th time. */
function observer(
  at: Partial<Record<EventName, (learn: Learner, time: number) => void>> = {},
): Callback & {seen: EventName[]} {
  const seen: EventName[] = [];
  const handlers = events.map((event) => [
    event,
    (learn: Learner) => {
      seen.push(event);
      at[event]?.(learn, seen.filter((other) => other === event).length);
    },
  ]);
  return {name: 'observer', runAfter: ['recorder'], seen, ...(Object.fromEntries(handlers) as object)};
}

/** Two training batches, one for validation; y = w x, squared distance, gradient 2 x (w x - t). */
const train = [
  [1, 0],
  [2, 1],
] as const;
const valid = [[3, 2]] as const;

function scaleLearner(
  options: LearnerOptions = {},
  pairs: readonly (readonly [number, number])[] = train,
  held: readonly (readonly [number, number])[] | undefined = valid,
): {learn: Learner; model: Scale} {
  const model = new Scale(1);
  return {model, learn: new Learner(numberLoaders(pairs, held), model, mse, {optFunc: sgd(), lr: 0.1, ...options})};
}

const trainBatch = [
  'beforeBatch',
  'afterPred',
  'afterLoss',
  'beforeBackward',
  'afterBackward',
  'beforeStep',
  'afterStep',
  'afterBatch',
] as const;
const validBatch = ['beforeBatch', 'afterPred', 'afterLoss', 'afterBatch'] as const;

describe('Learner: events', () => {
  withDevice();

  it("come in fastai's order", async () => {
    const cb = observer();
    await scaleLearner({cbs: [cb]}).learn.fit(2);
    const epoch = [
      'beforeEpoch',
      'beforeTrain',
      ...trainBatch,
      ...trainBatch,
      'afterTrain',
      'beforeValidate',
      ...validBatch,
      'afterValidate',
      'afterEpoch',
    ];
    expect(cb.seen).to.deep.equal(['beforeFit', ...epoch, ...epoch, 'afterFit']);
  });

  it("run the validation's before and after even without data", async () => {
    const cb = observer();
    const {learn} = scaleLearner({cbs: [cb]}, train, undefined);
    delete (learn.dls as {valid?: unknown}).valid;
    await learn.fit(1);
    expect(cb.seen.slice(-5)).to.deep.equal([
      'afterTrain',
      'beforeValidate',
      'afterValidate',
      'afterEpoch',
      'afterFit',
    ]);
  });

  it('bring each loss one batch later, in order, and all of them before a training or a validation ends', async () => {
    const losses: string[] = [];
    const seen: string[] = [];
    const cb: Callback = {
      name: 'note',
      runAfter: ['recorder'],
      afterStep: () => void seen.push('step'),
      afterBatch: ({pendingLoss}) => void seen.push(Number.isNaN(pendingLoss!.value) ? 'batch' : 'batch with its loss'),
      afterLossRead({lastLoss}) {
        seen.push('loss');
        losses.push(
          `${lastLoss!.training ? `step ${lastLoss!.step}` : 'held out'} of epoch ${lastLoss!.epoch}, batch ${lastLoss!.iter} of ${lastLoss!.batchSize} at ${lastLoss!.lrs.join()}: ${lastLoss!.value.toFixed(4)}`,
        );
      },
      afterTrain: () => void seen.push('train'),
      afterValidate: () => void seen.push('validate'),
    };
    const {learn} = scaleLearner({cbs: [cb]});
    await learn.fit(1);
    expect(seen).to.deep.equal([
      'step',
      'batch',
      'step',
      'loss',
      'batch',
      'loss',
      'train',
      'batch',
      'loss',
      'validate',
    ]);
    // w is 1, then 1 - 0.1 * 2 = 0.8, then 0.8 - 0.1 * 4 * 0.6 = 0.56
    expect(losses).to.deep.equal([
      'step 1 of epoch 0, batch 0 of 1 at 0.1: 1.0000',
      'step 2 of epoch 0, batch 1 of 1 at 0.1: 0.3600',
      'held out of epoch 0, batch 0 of 1 at : 0.1024',
    ]);
  });

  it('let who cannot wait read the loss at once', async () => {
    const seen: string[] = [];
    const cb: Callback = {
      name: 'note',
      runAfter: ['recorder'],
      async afterBatch(learn) {
        await learn.readLosses();
        seen.push(`batch ${learn.pendingLoss!.value === learn.lastLoss!.value}`);
      },
      afterLossRead: ({lastLoss}) => void seen.push(`loss ${lastLoss!.value > 0}`),
    };
    const {learn} = scaleLearner({cbs: [cb]});
    await learn.fit(1);
    expect(seen).to.deep.equal(['loss true', 'batch true', 'loss true', 'batch true', 'loss true', 'batch true']);
  });

  const cancelled: [string, Parameters<typeof observer>[0], (seen: EventName[]) => void][] = [
    [
      'a batch before it begins',
      {beforeBatch: ({cancel}, n) => void (n === 1 && cancel('Batch'))},
      (seen) =>
        expect(seen.slice(3, 9)).to.deep.equal([
          'beforeBatch',
          'afterCancelBatch',
          'afterBatch',
          'beforeBatch',
          'afterPred',
          'afterLoss',
        ]),
    ],
    [
      'a batch in its forward pass',
      {afterPred: ({cancel}, n) => void (n === 1 && cancel('Batch'))},
      (seen) =>
        expect(seen.slice(3, 9)).to.deep.equal([
          'beforeBatch',
          'afterPred',
          'afterCancelBatch',
          'afterBatch',
          'beforeBatch',
          'afterPred',
        ]),
    ],
    [
      'a batch with its gradients computed',
      {afterBackward: ({cancel}, n) => void (n === 1 && cancel('Batch'))},
      (seen) =>
        expect(seen.slice(6, 11)).to.deep.equal([
          'beforeBackward',
          'afterBackward',
          'afterCancelBatch',
          'afterBatch',
          'beforeBatch',
        ]),
    ],
    [
      'a step',
      {beforeStep: ({cancel}, n) => void (n === 1 && cancel('Step'))},
      (seen) => expect(seen.slice(3, 11)).to.deep.equal(trainBatch),
    ],
    [
      'the training of an epoch',
      {afterBatch: ({cancel}, n) => void (n === 1 && cancel('Train'))},
      (seen) =>
        expect(seen.slice(10, 15)).to.deep.equal([
          'afterBatch',
          'afterCancelTrain',
          'afterTrain',
          'beforeValidate',
          'beforeBatch',
        ]),
    ],
    [
      'a validation',
      {beforeValidate: ({cancel}, n) => void (n === 1 && cancel('Validate'))},
      (seen) =>
        expect(seen.slice(-5)).to.deep.equal([
          'beforeValidate',
          'afterCancelValidate',
          'afterValidate',
          'afterEpoch',
          'afterFit',
        ]),
    ],
    [
      'an epoch',
      {beforeTrain: ({cancel}, n) => void (n === 1 && cancel('Epoch'))},
      (seen) =>
        expect(seen).to.deep.equal([
          'beforeFit',
          'beforeEpoch',
          'beforeTrain',
          'afterCancelEpoch',
          'afterEpoch',
          'afterFit',
        ]),
    ],
    [
      'the fit',
      {afterLoss: ({cancel}, n) => void (n === 1 && cancel('Fit'))},
      (seen) =>
        expect(seen).to.deep.equal([
          'beforeFit',
          'beforeEpoch',
          'beforeTrain',
          'beforeBatch',
          'afterPred',
          'afterLoss',
          'afterCancelFit',
          'afterFit',
        ]),
    ],
  ];
  for (const [title, at, check] of cancelled) {
    it(`cancelling ${title} skips the rest of it, runs its after-events, and leaves no tensor`, async () => {
      const cb = observer(at);
      const {learn} = scaleLearner({cbs: [cb]});
      const before = tf.memory().numTensors;
      await learn.fit(1);
      check(cb.seen);
      expect(tf.memory().numTensors).to.equal(before);
      expect(learn.fitting).to.equal(false);
    });
  }

  it('cancelling a step leaves the weights', async () => {
    const {learn, model} = scaleLearner({cbs: [observer({beforeStep: ({cancel}) => cancel('Step')})]});
    await learn.fit(1);
    expect(model.value).to.equal(1);
    expect(learn.step).to.equal(2);
  });

  it('cancelling the epoch goes on with the next', async () => {
    const cb = observer({beforeTrain: ({cancel}, n) => void (n === 1 && cancel('Epoch'))});
    await scaleLearner({cbs: [cb]}).learn.fit(2);
    expect(cb.seen.filter((event) => event === 'afterBatch')).to.have.length(3);
  });

  it('are given to callbacks in the order that they ask for, else as added, and are awaited', async () => {
    const seen: string[] = [];
    const note = (name: string, rules: Partial<Callback> = {}): Callback => ({
      name,
      ...rules,
      async beforeFit() {
        await new Promise((done) => setImmediate(done));
        seen.push(name);
      },
    });
    const late = note('late', {runAfter: ['c', 'of this fit']});
    const early = note('early', {runBefore: ['train-eval', 'a', 'b']});
    const {learn} = scaleLearner({cbs: [note('a'), late, note('b'), early]});
    learn.addCbs(note('c'));
    await learn.fit(1, 0.1, {cbs: [note('of this fit')]});
    expect(seen).to.deep.equal(['early', 'a', 'b', 'c', 'of this fit', 'late']);
    expect(learn.callbacks.map(({name}) => name)).to.deep.equal([
      'early',
      'train-eval',
      'recorder',
      'a',
      'b',
      'c',
      'late',
    ]);
    learn.removeCbs(learn.callbacks[0]!);
    expect(learn.callbacks[0]!.name).to.equal('train-eval');
  });

  for (const event of [
    'beforeFit',
    'beforeBatch',
    'afterPred',
    'afterLoss',
    'afterBackward',
    'beforeStep',
    'afterBatch',
    'beforeValidate',
  ] as const) {
    it(`an error in ${event} comes out of fit, which leaves no tensor and none of its callbacks`, async () => {
      const {learn} = scaleLearner({optFunc: sgd({mom: 0.5})});
      const before = tf.memory().numTensors;
      const fail = observer({
        [event]: () => {
          throw new Error('mine');
        },
      });
      const error = await learn.fit(1, 0.1, {cbs: [fail]}).then(
        () => undefined,
        (caught: unknown) => caught,
      );
      expect(error).to.be.an('error').with.property('message', 'mine');
      learn.opt!.dispose();
      expect(tf.memory().numTensors).to.equal(before);
      expect(learn.callbacks).to.not.include(fail);
      expect([learn.fitting, learn.input, learn.pred]).to.deep.equal([false, undefined, undefined]);
    });
  }

  it('Cancel is an error that says what was cancelled', () => {
    expect(new Cancel('Train')).to.include({name: 'Cancel', message: 'cancelled: Train', phase: 'Train'});
  });
});

describe('Learner: fit', () => {
  withDevice();

  it('takes steps along the gradient, and knows the loss of each batch', async () => {
    const losses: number[] = [];
    const {learn, model} = scaleLearner({
      cbs: [{name: 'note', afterLossRead: ({lastLoss}) => void (lastLoss!.training && losses.push(lastLoss!.value))}],
    });
    await learn.fit(1);
    // w = 1: loss 1, gradient 2 -> w = .8: loss (1.6 - 1)^2, gradient 4 * .6 -> w = .56
    expectClose(losses, [1, 0.36]);
    expectClose(model.value, 0.56);
  });

  it('lets callbacks replace batch, prediction, loss and gradients', async () => {
    const change = async (cb: Partial<Callback>): Promise<number> => {
      const {learn, model} = scaleLearner({cbs: [{name: 'change', ...cb}]}, [[1, 0]]);
      await learn.fit(1);
      return model.value;
    };
    expectClose(await change({}), 0.8);
    expectClose(
      await change({beforeBatch: (learn) => void ([learn.input, learn.target] = [learn.target, learn.input])}),
      1,
    ); // x = 0
    // (3w)^2
    expectClose(await change({afterPred: (learn) => void (learn.pred = tf.mul(learn.pred!, 3))}), 1 - 0.1 * 18);
    expectClose(await change({afterLoss: (learn) => void (learn.loss = tf.mul(learn.loss!, 2))}), 0.6);
    expectClose(
      await change({
        afterBackward(learn) {
          for (const [parameter, gradient] of learn.gradients) {
            learn.gradients.set(parameter, tf.neg(gradient));
            gradient.dispose();
          }
        },
      }),
      1.2,
    );
  });

  it('normalises batches of bytes', async () => {
    const seen: number[][] = [];
    const batch = {
      input: {data: Uint8Array.of(255), shape: [1, 1]},
      target: {data: Uint8Array.of(0), shape: [1, 1]},
      size: 1,
    };
    const dls = fromBatches([batch], {normalization: Normalization.symmetric(1)});
    await new Learner(dls, new Scale(1), mse, {
      cbs: [{name: 'note', beforeBatch: ({input, target}) => void seen.push(valuesOf(input!), valuesOf(target!))}],
    }).fit(1);
    expect(seen).to.deep.equal([[1], [-1]]);
  });

  it('puts the model into train mode for training, and into eval mode for validation', async () => {
    const modes: [boolean, boolean][] = [];
    const {learn} = scaleLearner({
      cbs: [{name: 'note', afterPred: ({training, model}) => void modes.push([training, model.training])}],
    });
    learn.model.eval();
    await learn.fit(2);
    expect(modes).to.deep.equal([
      [true, true],
      [true, true],
      [false, false],
      [true, true],
      [true, true],
      [false, false],
    ]);
  });

  it('counts batches, epochs, steps and its share of the whole', async () => {
    const facts: number[][] = [];
    const {learn} = scaleLearner({
      cbs: [
        {
          name: 'note',
          beforeBatch: ({training, epoch, iter, step, nIter, nEpoch, position}) =>
            void (training && facts.push([epoch, iter, step, nIter, nEpoch, position])),
        },
      ],
    });
    await learn.fit(2);
    expect(facts).to.deep.equal([
      [0, 0, 0, 2, 2, 0],
      [0, 1, 1, 2, 2, 0.25],
      [1, 0, 2, 2, 2, 0.5],
      [1, 1, 3, 2, 2, 0.75],
    ]);
  });

  it('skips the epochs before startEpoch', async () => {
    const {learn} = scaleLearner();
    await learn.fit(3, 0.1, {startEpoch: 2});
    expect(learn.recorder!.rows.map(({epoch}) => epoch)).to.deep.equal([2]);
  });

  it('refuses a number of epochs that is none', async () => {
    for (const nEpoch of [0, -1, 1.5, NaN])
      expect(await ganError(() => scaleLearner().learn.fit(nEpoch))).to.include({code: 'GAN_ARGUMENT'});
  });

  it('says so when everything is frozen', async () => {
    const {learn, model} = scaleLearner();
    learn.createOpt();
    setFreezeModel(model, false);
    const error = await ganError(() => learn.fit(1));
    expect(error).to.include({code: 'GAN_FROZEN', kind: 'usage'});
    expect(error.suggestions).to.not.be.empty;
  });

  it('uses its own rate and decay, those of the call first', async () => {
    const used: [number, number][] = [];
    const note: Callback = {
      name: 'note',
      beforeStep: ({opt}) => void used.push([opt!.hypers[0]!.lr, opt!.hypers[0]!.wd]),
    };
    const run = async (options: LearnerOptions, lr?: number, wd?: number): Promise<[number, number]> => {
      await scaleLearner({optFunc: adam(), cbs: [note], ...options}, [[1, 0]]).learn.fit(
        1,
        lr,
        wd === undefined ? {} : {wd},
      );
      return used.at(-1)!;
    };
    expect(await run({})).to.deep.equal([0.1, 0.01]); // Adam's own decay
    expect(await run({wd: 0.3})).to.deep.equal([0.1, 0.3]);
    expect(await run({wd: 0.3}, 0.5, 0)).to.deep.equal([0.5, 0]);
    const plain = new Learner(numberLoaders(train), new Scale(1), mse);
    await plain.fit(1);
    expect(plain.opt!.ruleName).to.equal('adam');
    expect(plain.opt!.hypers[0]!.lr).to.equal(1e-3);
  });

  it('keeps its optimiser from fit to fit, and makes a new one with resetOpt', async () => {
    const {learn, model} = scaleLearner({optFunc: sgd({mom: 0.9})}, [[1, 0]]);
    await learn.fit(1);
    const opt = learn.opt!;
    await learn.fit(1);
    expect(learn.opt).to.equal(opt);
    expect(opt.stepsOf(model.weight)).to.equal(2);
    const before = tf.memory().numTensors;
    await learn.fit(1, 0.1, {resetOpt: true});
    expect(learn.opt).to.not.equal(opt);
    expect(learn.opt!.stepsOf(model.weight)).to.equal(1);
    expect(tf.memory().numTensors).to.equal(before);
  });

  it('ends after the batch in which it is told to stop, without validation, and says why', async () => {
    const cb = observer({afterBatch: ({stop}, n) => void (n === 1 && stop('enough'))});
    const {learn} = scaleLearner({cbs: [cb]});
    await learn.fit(5);
    expect(cb.seen).to.deep.equal([
      'beforeFit',
      'beforeEpoch',
      'beforeTrain',
      ...trainBatch,
      'afterTrain',
      'afterEpoch',
      'afterFit',
    ]);
    expect([learn.step, learn.stopReason]).to.deep.equal([1, 'enough']);
    await learn.fit(1);
    expect(learn.stopReason).to.equal(undefined);
    expect(learn.step).to.equal(2);
  });

  it('has as many tensors after an epoch as before it', async () => {
    const {learn} = scaleLearner({optFunc: adam()});
    const bare = tf.memory().numTensors;
    await learn.fit(1);
    const before = tf.memory().numTensors;
    await learn.fit(3);
    await learn.validate();
    expect(tf.memory().numTensors).to.equal(before);
    learn.dispose();
    expect(tf.memory().numTensors).to.equal(bare - 1); // the weight
  });
});

describe('Learner: parameter groups', () => {
  withDevice();

  /** Two dense layers and a norm in three groups. */
  function grouped(options: LearnerOptions = {}): {
    learn: Learner;
    layers: [Dense, BatchNorm, Dense];
    trainable: () => boolean[];
  } {
    const layers: [Dense, BatchNorm, Dense] = [dense([[1], [2]], [0, 0]), new BatchNorm(2), dense([[1, 1]], [0])];
    const model = new Sequential(layers);
    // a norm trains on two values at least
    const pairs = (...values: number[]) => ({data: Float32Array.of(...values), shape: [2, 1]});
    const dls = fromBatches(
      [
        {input: pairs(1, 2), target: pairs(2, 5), size: 2},
        {input: pairs(3, -1), target: pairs(4, 0), size: 2},
      ],
      {normalization: Normalization.symmetric(1)},
    );
    const learn = new Learner(dls, model, mse, {splitter: () => layers.map((layer) => layer.parameters()), ...options});
    return {
      learn,
      layers,
      trainable: () => layers.map((layer) => layer.parameters().every(({requiresGrad}) => requiresGrad)),
    };
  }

  it('get a slice of rates by equal factors', () => {
    const {learn} = grouped({lr: {start: 0.01, stop: 1}});
    expectClose(
      learn.createOpt().hypers.map(({lr}) => lr),
      [0.01, 0.1, 1],
    );
  });

  it('get the rates of a list, in fit as well', async () => {
    const {learn} = grouped({lr: [0.01, 0.02, 0.03]});
    await learn.fit(1);
    expect(learn.opt!.hypers.map(({lr}) => lr)).to.deep.equal([0.01, 0.02, 0.03]);
    await learn.fit(1, {stop: 0.5});
    expect(learn.opt!.hypers.map(({lr}) => lr)).to.deep.equal([0.05, 0.05, 0.5]);
    expect(learn.recorder!.lrs).to.deep.equal([0.5, 0.5]); // of the last group
    expect(await ganError(() => learn.fit(1, [1, 2]))).to.include({code: 'GAN_ARGUMENT'});
  });

  it('are frozen up to an index, norm layers apart', () => {
    const {learn, trainable} = grouped();
    learn.freeze();
    expect(trainable()).to.deep.equal([false, true, true]);
    learn.unfreeze();
    expect(trainable()).to.deep.equal([true, true, true]);
    learn.freezeTo(1);
    expect(trainable()).to.deep.equal([false, true, true]);
  });

  it('are frozen with their norm layers when trainBn is false', () => {
    const {learn, trainable} = grouped({trainBn: false});
    learn.freeze();
    expect(trainable()).to.deep.equal([false, false, true]);
  });

  it('stay as they are while frozen', async () => {
    const {learn, layers} = grouped({lr: 0.1});
    learn.freeze();
    const before = layers[0].parameters().map(({variable}) => valuesOf(variable));
    const last = valuesOf(layers[2].weight.variable);
    await learn.fit(1);
    expect(layers[0].parameters().map(({variable}) => valuesOf(variable))).to.deep.equal(before);
    expect(valuesOf(layers[2].weight.variable)).to.not.deep.equal(last);
  });

  it('have biases and norms without decay, unless wdBnBias', () => {
    const undecayed = (options: LearnerOptions): string[] => {
      const {learn} = grouped(options);
      const names = learn.parameterNames();
      return [...learn.createOpt().marks.noDecay].map((parameter: Parameter) => names.get(parameter)!).sort();
    };
    expect(undecayed({})).to.deep.equal(['0.bias', '1.bias', '1.weight', '2.bias']);
    expect(undecayed({wdBnBias: true})).to.deep.equal([]);
  });

  it('are one of all trainable parameters by default', () => {
    const {learn, layers} = grouped();
    setFreezeModel(layers[0], false);
    const plain = new Learner(learn.dls, learn.model, mse);
    expect(plain.createOpt().groups).to.deep.equal([[...layers[1].parameters(), ...layers[2].parameters()]]);
  });
});

describe('Learner: recorder', () => {
  withDevice();

  it('smooths the loss with .98 and without bias to the start', async () => {
    const {learn} = scaleLearner();
    await learn.fit(1);
    // losses 1 and .36: (.98 .02 1 + .02 .36) / (1 - .98^2)
    expectClose(learn.recorder!.losses, [1, (0.0196 + 0.0072) / 0.0396]);
    expect(learn.recorder!.lrs).to.deep.equal([0.1, 0.1]);
  });

  it('has the row of an epoch: epoch, smoothed training loss, validation loss, metrics of the validation', async () => {
    const {learn} = scaleLearner({
      metrics: {distance: (pred: Tensor, target: Tensor) => tf.mean(tf.sub(pred, target)), seven: () => 7},
    });
    await learn.fit(1);
    expect(learn.recorder!.columns).to.deep.equal(['epoch', 'train_loss', 'valid_loss', 'distance', 'seven']);
    const [row] = learn.recorder!.rows;
    expect(row!.epoch).to.equal(0);
    expectClose(row!.values as number[], [0.0268 / 0.0396, (3 * 0.56 - 2) ** 2, 3 * 0.56 - 2, 7]);
  });

  it('weighs the batches of a validation by their sizes', async () => {
    const batch = (size: number, value: number) => ({
      input: {data: new Float32Array(size).fill(1), shape: [size, 1]},
      target: {data: new Float32Array(size).fill(value), shape: [size, 1]},
      size,
    });
    const dls = fromBatches([batch(1, 1)], {
      normalization: Normalization.symmetric(1),
      valid: [batch(1, 3), batch(3, 2)],
    });
    const learn = new Learner(dls, new Scale(1), mse, {metrics: {target: (_, target) => tf.mean(target)}});
    expectClose((await learn.validate()) as number[], [(4 + 3 * 1) / 4, (3 + 3 * 2) / 4]);
  });

  it('has no value where there was nothing to validate', async () => {
    const {learn} = scaleLearner({metrics: {seven: () => 7}}, train, []);
    await learn.fit(1);
    expect(learn.recorder!.rows[0]!.values.slice(1)).to.deep.equal([null, null]);
  });

  it('has metrics of the training too, or only those', async () => {
    const {learn} = scaleLearner({metrics: {pred: (pred: Tensor) => tf.mean(pred)}});
    const row = async (trainMetrics: boolean, validMetrics: boolean): Promise<number[]> => {
      Object.assign(learn.recorder!, {trainMetrics, validMetrics});
      (learn.model as Scale).weight.variable.assign(tf.tensor([1]));
      await learn.fit(1);
      return learn.recorder!.rows[0]!.values as number[];
    };
    const [trainLoss, trainPred, validLoss, validPred] = [
      0.0268 / 0.0396,
      (1 + 1.6) / 2,
      (3 * 0.56 - 2) ** 2,
      3 * 0.56,
    ];
    expectClose(await row(true, true), [trainLoss, trainPred, validLoss, validPred]);
    expect(learn.recorder!.columns).to.deep.equal(['epoch', 'train_loss', 'train_pred', 'valid_loss', 'valid_pred']);
    expectClose(await row(true, false), [trainLoss, trainPred]);
    expect(learn.recorder!.columns).to.deep.equal(['epoch', 'train_loss', 'pred']);
    expectClose(await row(false, false), [trainLoss]);
    expect(learn.recorder!.columns).to.deep.equal(['epoch', 'train_loss']);
  });

  it('averages training metrics over one epoch', async () => {
    const {learn} = scaleLearner({lr: 0, metrics: {epoch: () => learn.epoch}});
    Object.assign(learn.recorder!, {trainMetrics: true, validMetrics: false});
    await learn.fit(3);
    expect(learn.recorder!.rows.map(({values}) => values[1])).to.deep.equal([0, 1, 2]);
  });

  it('takes metrics made by a function', async () => {
    let made = 0;
    const {learn} = scaleLearner({
      metrics: () => {
        made++;
        return [
          {name: 'batches', value: 5, reset: () => undefined, accumulate: () => undefined} satisfies Pick<
            AverageMetric,
            'name' | 'value' | 'reset'
          > & {accumulate: () => void},
        ];
      },
    });
    await learn.fit(1);
    expect(made).to.equal(2); // training and validation have their own
    expect(learn.recorder!.rows[0]!.values.at(-1)).to.equal(5);
  });

  it('is absent, as is the switch between train and eval mode, without default callbacks', async () => {
    const {learn} = scaleLearner({defaultCbs: false});
    expect(learn.recorder).to.equal(undefined);
    expect(learn.callbacks).to.deep.equal([]);
    await learn.fit(1);
    expect(learn.model.training).to.equal(true);
    expect(await learn.validate()).to.deep.equal([]);
  });

  it('starts afresh with each fit', async () => {
    const {learn} = scaleLearner();
    await learn.fit(2);
    await learn.fit(1);
    expect([learn.recorder!.rows.length, learn.recorder!.losses.length, learn.recorder!.lrs.length]).to.deep.equal([
      1, 2, 2,
    ]);
    const {model, learn: fresh} = scaleLearner();
    await fresh.fit(2);
    const reached = model.value;
    await fresh.fit(1);
    expectClose(fresh.recorder!.losses[0]!, reached ** 2); // of x = 1, t = 0: nothing of the first fit in it
  });
});

describe('Learner: validate', () => {
  withDevice();

  it('gives loss and metrics of the validation set, or of other data, and changes no weight', async () => {
    const {learn, model} = scaleLearner({metrics: {pred: (pred: Tensor) => tf.mean(pred)}});
    expectClose((await learn.validate()) as number[], [1, 3]);
    expectClose((await learn.validate(numberLoaders([[2, 5]]).train)) as number[], [9, 2]);
    expect(model.value).to.equal(1);
  });

  it('runs callbacks that are for it alone', async () => {
    const {learn} = scaleLearner();
    const cb = observer();
    await learn.validate(undefined, [cb]);
    expect(cb.seen).to.deep.equal(['beforeEpoch', 'beforeValidate', ...validBatch, 'afterValidate', 'afterEpoch']);
    expect(learn.callbacks).to.not.include(cb);
  });

  it('adds no row', async () => {
    const {learn} = scaleLearner();
    await learn.fit(1);
    await learn.validate();
    expect(learn.recorder!.rows).to.have.length(1);
  });
});

describe('Learner: fitOneCycle', () => {
  withDevice();

  async function cycle(
    options: Parameters<Learner['fitOneCycle']>[2] = {},
    learnerOptions: LearnerOptions = {},
    ...[lrMax]: number[]
  ): Promise<{lr: number[][]; mom: number[]}> {
    const [lr, mom]: [number[][], number[]] = [[], []];
    const note: Callback = {
      name: 'note',
      beforeStep: ({opt}) => void (lr.push(opt!.hypers.map((hypers) => hypers.lr)), mom.push(opt!.hypers[0]!['mom']!)),
    };
    const pairs = Array.from({length: 4}, () => [0, 0] as const);
    await scaleLearner({optFunc: adam(), cbs: [note], ...learnerOptions}, pairs).learn.fitOneCycle(2, lrMax, options);
    return {lr, mom};
  }

  // 8 steps at 0, 1/8, ..., 7/8: a quarter up, then down; half-way points by symmetry, the others by cos(k pi / 6)
  const down = (start: number, end: number): number[] =>
    [0, 1, 2, 3, 4, 5].map((k) => end + ((start - end) * (1 + Math.cos((k * Math.PI) / 6))) / 2);

  it('goes from lrMax / 25 to lrMax in a quarter of the steps, then towards lrMax / 1e5, by half cosines', async () => {
    const {lr, mom} = await cycle({}, {}, 1);
    expectClose(lr.flat(), [0.04, 0.52, ...down(1, 1e-5)]);
    expectClose(lr[5]!, (1 + 1e-5) / 2);
    expectClose(mom, [0.95, 0.9, ...down(0.85, 0.95)]);
  });

  it('takes other shares, divisors and momenta', async () => {
    const {lr, mom} = await cycle({div: 10, divFinal: 100, pctStart: 0.5, moms: [0.9, 0.8, 0.7]}, {}, 1);
    expectClose([lr[0]!, lr[2]!, lr[4]!, lr[6]!].flat(), [0.1, 0.55, 1, 0.505]);
    expectClose([mom[0]!, mom[2]!, mom[4]!, mom[6]!], [0.9, 0.85, 0.8, 0.75]);
  });

  it('stands still during a validation', async () => {
    const seen: [boolean, number][] = [];
    const {learn} = scaleLearner({
      cbs: [{name: 'note', afterBatch: ({training, opt}) => void seen.push([training, opt!.hypers[0]!.lr])}],
    });
    await learn.fitOneCycle(1, 1);
    const [, last, validation] = seen as [[boolean, number], [boolean, number], [boolean, number]];
    expect(validation).to.deep.equal([false, last[1]]);
  });

  it('gives each group its own cycle', async () => {
    const model = new Sequential([dense([[1]]), dense([[1]])]);
    const lr: number[][] = [];
    const learn = new Learner(
      numberLoaders([
        [0, 0],
        [0, 0],
        [0, 0],
        [0, 0],
      ]),
      model,
      mse,
      {splitter: () => model.children().map(([, layer]) => layer.parameters())},
    );
    await learn.fitOneCycle(
      1,
      {start: 0.1, stop: 1},
      {cbs: [{name: 'note', beforeStep: ({opt}) => void lr.push(opt!.hypers.map((hypers) => hypers.lr))}]},
    );
    expectClose(lr.slice(0, 2).flat(), [0.004, 0.04, 0.1, 1]);
  });

  it("uses the learner's rate and momenta, and takes the schedule away afterwards", async () => {
    const {lr, mom} = await cycle({}, {lr: 0.5, moms: [0.5, 0.4, 0.5]});
    expectClose([lr[0]![0]!, mom[0]!], [0.02, 0.5]);
    const {learn} = scaleLearner();
    await learn.fitOneCycle(1, 1, {resetOpt: true});
    expect(learn.callbacks.map(({name}) => name)).to.deep.equal(['train-eval', 'recorder']);
  });
});

describe('Learner: save and load', () => {
  withDevice();

  it('bring weights and optimiser back', async () => {
    await inFolder(async (path) => {
      const {learn, model} = scaleLearner({optFunc: adam(), path});
      await learn.fit(2);
      const folder = await learn.save('one');
      expect(folder.endsWith('models/one')).to.equal(true);
      const saved = model.value;
      await learn.fit(1);
      const after = model.value;
      expect(after).to.not.equal(saved);
      await learn.load('one');
      expect(model.value).to.equal(saved);
      expect(learn.opt!.stepsOf(model.weight)).to.equal(4);
      await learn.fit(1);
      expect(model.value).to.equal(after);

      const other = scaleLearner({optFunc: adam(), path});
      await other.learn.load('one');
      await other.learn.fit(1);
      expect(other.model.value).to.equal(after);
    });
  });

  it('use the folder that modelDir names, and say when there is nothing', async () => {
    await inFolder(async (path) => {
      const {learn} = scaleLearner({path, modelDir: 'kept'});
      expect((await learn.save('x')).endsWith('kept/x')).to.equal(true);
      await learn.load('x');
      const error = await ganError(() => learn.load('y'));
      expect(error).to.include({code: 'GAN_CHECKPOINT'});
      expect(error.message).to.include('kept/y');
    });
  });
});
