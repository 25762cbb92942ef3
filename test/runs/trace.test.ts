import path from 'node:path';
import {expect} from 'chai';
import {openTraining} from '../../dist/runs/open-training.js';
import {folder, removeFolders} from '../plugin/helpers.js';

describe('GAN_TRACE', () => {
  afterEach(() => delete process.env['GAN_TRACE']);
  after(removeFolders);

  it('that cannot be written is refused before the training, by its path', async () => {
    const file = path.join(folder(), 'none', 'trace.json');
    process.env['GAN_TRACE'] = file;
    const settings = {data: 'builtin:shapes', size: 16, batchSize: 4, steps: 1, arch: 'basic'};
    const error: unknown = await openTraining(settings, {backend: 'wasm'}).catch((thrown: unknown) => thrown);
    expect(error).to.have.property('code', 'GAN_NOT_FOUND');
    expect(error).to.have.property('message').that.contains(file);
  });
});
