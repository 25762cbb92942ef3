// A loss and a callback of one's own: the non-saturating loss with R1, and the best generator kept by its row.
import {
  fromSource,
  GANLearner,
  lightCritic,
  lightGenerator,
  openBackend,
  penalties,
  setSeed,
  shapesSource,
  tf,
  type Callback,
  type StepLoss,
} from 'gankit';

const loss: StepLoss = {
  critic: ({real, fake}) => ({
    real: tf.mean(tf.softplus(tf.neg(real.scores))),
    fake: tf.mean(tf.softplus(fake.scores)),
  }),
  generator: ({fake}) => tf.mean(tf.softplus(tf.neg(fake.scores))),
  repeatable: true, // the same operations in every step: steps may be captured
};

let best = Infinity;
const keepBest: Callback = {
  name: 'keep-best',
  async afterEpoch(learn) {
    const {columns, rows} = learn.recorder!;
    const value = rows.at(-1)!.values[columns.indexOf('gen_loss') - 1]!;
    console.log(`epoch ${learn.epoch}: gen_loss ${value.toFixed(3)}`);
    if (value >= best) return;
    best = value;
    await learn.save('best');
  },
};

const device = await openBackend();
setSeed(1);
const image = {height: 16, width: 16, channels: 3};
const dls = fromSource(shapesSource({size: 16, items: 96}), {batchSize: 8, latentSize: 16});
const learn = new GANLearner(
  dls,
  lightGenerator(image, {latentSize: 16, nFeatures: 4}),
  lightCritic(image, {nFeatures: 4}),
  loss,
  {penalties: [penalties.r1({gamma: 1})], cbs: [keepBest], path: 'runs/custom'},
);
learn.recorder!.trainMetrics = true;
learn.recorder!.validMetrics = false;
await learn.fit(2, 2e-3);
await learn.load('best');
console.log(`the best is in ${learn.path}/${learn.modelDir}/best`);
learn.dispose();
await device.close();
