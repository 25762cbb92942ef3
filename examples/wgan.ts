// The WGAN of fastai's documentation. `node wgan.js FOLDER` trains it on a folder of images as fastai does, for one
// epoch; without a folder it takes small drawn shapes, and a few seconds.
import {
  basicCritic,
  basicGenerator,
  fromFolder,
  fromSource,
  GANLearner,
  LeakyReLU,
  openBackend,
  ProgressCallback,
  rmsProp,
  shapesSource,
} from 'gankit';

const [folder] = process.argv.slice(2);
const device = await openBackend();
const size = folder === undefined ? 16 : 64;
const dls =
  folder === undefined
    ? fromSource(shapesSource({size, items: 320}), {batchSize: 16})
    : await fromFolder(folder, {size, batchSize: 128});
const generator = basicGenerator(size, 3, {nExtraLayers: 1});
const critic = basicCritic(size, 3, {nExtraLayers: 1, actCls: () => new LeakyReLU(0.2)});
const learn = GANLearner.wgan(dls, generator, critic, {optFunc: rmsProp(), cbs: [new ProgressCallback()]});
learn.recorder!.trainMetrics = true;
learn.recorder!.validMetrics = false;
await learn.fit(1, 2e-4, {wd: 0});
await learn.showResults({maxN: 9, file: 'wgan.png'});
learn.dispose();
await device.close();
