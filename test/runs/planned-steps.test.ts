import {expect} from 'chai';
import path from 'node:path';
import {openTraining, type Training} from '../../dist/index.js';
import {scalarLayer} from '../../dist/config/layers.js';
import {RunFolder} from '../../dist/runs/run-folder.js';
import {folder, removeFolders} from '../plugin/helpers.js';
import {metrics, openCpu} from './helpers.js';

const settings = {
  data: 'builtin:shapes',
  source: {count: 16},
  recipe: 'gan',
  arch: {name: 'basic', nFeatures: 4},
  size: 8,
  latent: 4,
  batchSize: 4,
  sampleEvery: 0,
  checkpointEvery: 0,
};

describe('--minutes', () => {
  after(removeFolders);

  it('plans steps, and then trains as if these had been asked for', async () => {
    const device = await openCpu();
    const dir = folder();
    const fit = async (name: string, length: object, resume?: string): Promise<Training> => {
      const run = path.join(dir, name);
      const training = await openTraining({...settings, ...length}, {device, ...(resume !== undefined && {resume})});
      await training.fit(run);
      await training.close();
      return training;
    };
    const timed = await fit('timed', {minutes: 0.02});
    const {steps} = timed;
    expect(steps).to.be.greaterThan(0);
    const config = await new RunFolder(path.join(dir, 'timed')).readConfig();
    expect(config).to.include({steps, minutes: 0.02});
    await fit('counted', {steps});
    const losses = (name: string) => metrics(path.join(dir, name)).map(({step, loss}) => [step, loss]);
    expect(losses('timed')).to.deep.equal(losses('counted'));

    // steps that are planned when a run goes on come on top of those that are done
    const {steps: _, ...rest} = config;
    const longer = await openTraining({...rest, minutes: 0.02}, {device, resume: path.join(dir, 'timed')});
    expect(longer.steps).to.be.greaterThan(steps);
    await longer.close();
    await device.close();
  });

  it('yields to epochs or steps of a stronger place, and replaces those of a weaker one', () => {
    const layer = (values: Record<string, number>) =>
      new Map(Object.entries(values).map(([key, value]) => [key, {value, origin: 'a test'}]));
    const chosen = (...layers: Record<string, number>[]) =>
      Object.fromEntries([...scalarLayer(layers.map(layer))].map(([key, {value}]) => [key, value]));
    expect(chosen({minutes: 3}, {epochs: 2})).to.deep.equal({epochs: 2});
    expect(chosen({steps: 9, epochs: 1}, {minutes: 3})).to.deep.equal({epochs: 1, minutes: 3});
    expect(chosen({minutes: 3}, {steps: 2})).to.deep.equal({minutes: 3, steps: 2}); // where steps count
  });
});
