import {fileURLToPath} from 'node:url';
import {expect} from 'chai';
import {basicCritic, basicGenerator, fromSource, GANLearner, openBackend, rmsProp, setSeed, shapesSource, tf, type Device} from 'gan';

/** This package, as `gan` finds an installed plug-in. */
const plugins = [fileURLToPath(new URL('..', import.meta.url))];

describe('the example backend', () => {
  let device: Device;
  before(async () => {
    device = await openBackend('cpu', {plugins});
  });
  after(() => device.close());

  it('is the backend of tfjs', () => {
    expect(device).to.include({name: 'cpu', tfBackend: 'cpu'});
    expect(tf.getBackend()).to.equal('cpu');
    expect(device.info['tfjs']).to.equal(tf.version_core);
  });

  it('counts memory', async () => {
    const {bytes, tensors} = device.memory();
    const x = tf.ones([3, 2]);
    await device.sync();
    expect(device.memory()).to.deep.equal({bytes: bytes + 24, tensors: tensors + 1});
    x.dispose();
  });

  it('trains, and leaves nothing behind', async () => {
    const {tensors} = device.memory();
    setSeed(1);
    const dls = fromSource(shapesSource({size: 16, items: 16}), {batchSize: 4, latentSize: 4});
    const learn = GANLearner.wgan(dls, basicGenerator(16, 3, {inSize: 4, nFeatures: 4}), basicCritic(16, 3, {nFeatures: 4}), {optFunc: rmsProp()});
    await learn.fit(1, 1e-3);
    expect(learn.recorder!.losses).to.have.length(4);
    for (const loss of learn.recorder!.losses) expect(loss).to.satisfy(Number.isFinite);
    learn.dispose();
    expect(device.memory().tensors).to.equal(tensors);
  });
});
